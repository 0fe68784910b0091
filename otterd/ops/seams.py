"""The alphas, as operations need them."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from otterd.alphas.channel import HttpChannel
from otterd.core.health import Ward
from otterd.core.lag import Lag
from otterd.core.load import Load
from otterd.core.steady import Steady


class Health(Protocol):
    """What the last probes of an alpha found."""

    @property
    def raw(self) -> Mapping[str, Any] | None:
        """Return the alpha's own object of `/health`, None while it has given none."""


class Seen(Protocol):
    """One alpha."""

    in_flight: int

    @property
    def address(self) -> str:
        """Return its gRPC address."""

    @property
    def http_address(self) -> str:
        """Return its HTTP address."""

    @property
    def http(self) -> HttpChannel:
        """Return the way to its HTTP port."""

    @property
    def health(self) -> Health:
        """Return what the probes found."""


class Alphas(Protocol):
    """All alphas, and how they stand on the time of `clock`."""

    clock: Steady
    ward: Ward
    lag: Lag
    load: Load

    @property
    def alphas(self) -> Sequence[Seen]:
        """Return them, those of the configuration first."""
