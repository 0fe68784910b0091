"""The clock that deadlines hang on."""

from typing import Protocol


class Steady(Protocol):
    """A clock that nobody sets; the reactor's own is the wall's."""

    def seconds(self) -> float:
        """Return the time in seconds since some fixed moment."""
