"""What a policy is asked, what it may look at, and what it answers."""

from typing import Protocol

import msgspec

from otterd.core.cluster import Map
from otterd.core.operation import Purpose


class Ask(msgspec.Struct, frozen=True, gc=False):
    """What a policy is told of a request.

    `reads` and `writes` are keys of tablets, None when they cannot be told. `pin` is the alpha that
    began the request's transaction, "" when there is none or it is not known; `wrote` is True when that
    has writes of it.
    """

    purpose: Purpose
    reads: frozenset[str] | None = None
    writes: frozenset[str] | None = None
    pin: str = ""
    wrote: bool = False


class View(Protocol):
    """The alphas as they stand at this moment."""

    @property
    def map(self) -> Map:
        """Return the cluster as last told."""

    @property
    def usable(self) -> frozenset[str]:
        """Return the gRPC addresses that may be given work; empty only when all look dead."""

    def costs_of(self, addresses: tuple[str, ...]) -> list[float]:
        """Return how long a further request is likely to take at each: in flight × recent latency."""

    def whole_costs_of(self, addresses: tuple[str, ...]) -> list[float]:
        """Return the same, with what the alphas themselves say they have to do for others."""


class Policy(Protocol):
    """Orders the alphas for a request."""

    def order(self, ask: Ask, view: View) -> tuple[str, ...]:
        """Return the gRPC addresses to try, the best first, each once; never empty.

        While one of those that may serve the purpose is usable, only usable ones are returned;
        else all of them (fail-open). Plain `round-robin` is blind to that.
        """

    def members(self, purpose: Purpose) -> tuple[str, ...]:
        """Return the gRPC addresses that may serve `purpose`, in the order of the file."""

    def why(self, ask: Ask, view: View) -> str:
        """Return in one sentence what decides for `ask`, for people; without values of the caller's."""
