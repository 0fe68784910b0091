"""What the topology needs of the fleet, of the gateway's account and of time."""

from collections.abc import Callable, Sequence
from typing import Protocol

from twisted.internet.defer import Deferred

from otterd.alphas.channel import HttpChannel
from otterd.alphas.discovery import Crew
from otterd.alphas.probe import Health


class Post(Protocol):
    """One alpha."""

    @property
    def address(self) -> str:
        """Return its gRPC address."""

    @property
    def http(self) -> HttpChannel:
        """Return the way to its HTTP port."""

    @property
    def health(self) -> Health:
        """Return what the probes found."""


class Posts(Crew, Protocol):
    """All alphas."""

    @property
    def alphas(self) -> Sequence[Post]:
        """Return them."""

    @property
    def discovered(self) -> frozenset[str]:
        """Return the gRPC addresses that the configuration does not name."""

    def on_told(self, hearer: Callable[[str], None]) -> None:
        """Call `hearer(address)` after each probe of an alpha."""

    def on_muster(self, follower: Callable[[], None]) -> None:
        """Call `follower()` when `alphas` has changed."""


class Guardian(Protocol):
    """The gateway's own account."""

    @property
    def pending(self) -> bool:
        """Tell whether the first login is under way."""

    @property
    def token(self) -> str:
        """The access token, "" when there is none."""

    def renew(self) -> Deferred[str]:
        """Log in anew."""
