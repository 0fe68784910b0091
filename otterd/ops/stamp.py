"""Times as text, cheap enough for one on every request."""

from datetime import UTC, datetime
from typing import Final

MILLISECONDS: Final = tuple(f".{n:03d}Z" for n in range(1000))


class Stamp:
    """Writes seconds since the epoch as RFC 3339 in UTC, to the millisecond.

    The text of the last second is kept, for most calls ask for the same one again.
    """

    def __init__(self) -> None:
        self._second = -1
        self._text = ""

    def __call__(self, seconds: float) -> str:
        """Return `seconds` as "2026-01-31T12:00:00.000Z"."""
        whole = int(seconds)
        if whole != self._second:
            self._second = whole
            self._text = datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return self._text + MILLISECONDS[int((seconds - whole) * 1000)]
