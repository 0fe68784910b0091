"""What the corridor needs of the rooms behind it."""

from collections.abc import Callable
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from otterd.alphas.channel import Channel, HttpChannel
from otterd.core.cluster import Map
from otterd.core.judge import Verdict
from otterd.core.operation import Answer, Operation, Purpose
from otterd.guard.grant import Grant


class Ear(Protocol):
    """Who is told how a request ended, once; a Deferred is one, too."""

    def callback(self, result: Answer, /) -> None:
        """Be told the answer."""

    def errback(self, fail: Failure, /) -> None:
        """Be told why there is none: an OtterError, or a CancelledError when it was given up."""


class Asked(Protocol):
    """A request on its way."""

    def cancel(self) -> object:
        """Give up, which ends a read upstream and lets a write run to its end unheard. Safe after the end."""


class Admission(Protocol):
    """Says whether a request may pass."""

    def admit(self, operation: Operation) -> Grant:
        """Return what is granted, or raise an OtterError."""


class Alpha(Protocol):
    """One alpha, as the corridor needs it."""

    in_flight: int

    @property
    def channel(self) -> Channel:
        """Its way by gRPC."""

    @property
    def http(self) -> HttpChannel:
        """Its way by HTTP."""


class Alphas(Protocol):
    """Finds an alpha by its gRPC address."""

    def get(self, address: str) -> Alpha | None:
        """Return the alpha, or None when it is not (or no longer) one of ours."""


class Lender(Protocol):
    """Holds the gateway's own ACL account."""

    @property
    def pending(self) -> bool:
        """Whether the first login is under way."""

    @property
    def token(self) -> str:
        """The access token, "" when there is none."""

    def renew(self) -> Deferred[str]:
        """Log in anew and fire with the token, "" when that failed."""


class Sight(Protocol):
    """The alphas as they stand, and who is told how they answer."""

    @property
    def map(self) -> Map:
        """Return the cluster as last told."""

    @property
    def usable(self) -> frozenset[str]:
        """Return the alphas that may be given work."""

    @property
    def discovered(self) -> frozenset[str]:
        """Return the alphas that the configuration does not name."""

    def costs_of(self, addresses: tuple[str, ...]) -> list[float]:
        """Return how long a further request is likely to take at each of `addresses`."""

    def whole_costs_of(self, addresses: tuple[str, ...]) -> list[float]:
        """Return the same, with what the alphas say they have to do for others."""

    def silent(self, address: str) -> bool:
        """Return whether an alpha gives no sign of life: it cannot lead its group."""

    def moves_tablets(self, address: str) -> bool:
        """Return whether an alpha said when it was last asked that it moves a tablet."""

    def why_not(self, address: str) -> str:
        """Return in one sentence why an alpha is not usable, "" when it is."""

    def heard_at(self, address: str) -> float:
        """Return when a request last got an answer from an alpha, 0 while requests to it fail."""

    def alive_at(self, address: str) -> float:
        """Return when an alpha last gave a sign of life, in seconds on the steady clock."""

    def staleness(self, address: str) -> float | None:
        """Return how many seconds old what this alpha knows is at most, None when that cannot be told."""

    def begun(self, address: str, purpose: Purpose) -> None:
        """Be told that a request went out."""

    def ended(self, address: str, purpose: Purpose, verdict: Verdict | None, seconds: float) -> None:
        """Be told how a request ended that took `seconds`; None when nobody waited for its end."""

    def hint(self, why: str) -> None:
        """Be told that the cluster may have changed."""

    def watch(self, changed: Callable[[], None]) -> None:
        """Call `changed` after each change of `map` or `usable`."""


class Schemas(Protocol):
    """Knows when an altered schema is seen everywhere."""

    def settled(self, operation: Operation, answer: Answer) -> "Deferred[tuple[str, ...]]":
        """Fire with the alphas that do not show the new schema in time; never fails."""
