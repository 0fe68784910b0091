"""One call of a request to one alpha."""

from enum import StrEnum
from typing import Protocol

from msgspec.structs import replace
from twisted.internet.defer import Deferred, fail
from twisted.python.failure import Failure

from otterd.alphas.peek import peek
from otterd.core.operation import Answer, Attempt, HttpCall, Rpc
from otterd.core.slots import Lane
from otterd.gateway.seams import Alpha

BEST_EFFORT = b"\x30\x01\x38\x01"
"""`read_only` and `best_effort` (fields 6 and 7 of api.Request): the last of a field's values counts."""


class Why(StrEnum):
    """Why a call is made."""

    FIRST = "first"
    AGAIN = "again"
    """After one that did no work, or whose connection broke."""
    RESCUE = "rescue"
    """Beside one to an alpha that gives no sign of life any more."""
    HEDGE = "hedge"
    """Beside one that takes longer than most."""
    STALE = "stale"
    """Best-effort, beside one that has waited too long for a caller who is content with that."""


class Way(Protocol):
    """The passage that a leg belongs to."""

    def leg_answered(self, leg: "Leg", answer: Answer) -> None:
        """Be told of the alpha's answer."""

    def leg_failed(self, leg: "Leg", failure: Failure) -> None:
        """Be told that there is none."""

    def leg_broke(self, failure: Failure) -> None:
        """Be told of a mistake of our own."""


class Leg:
    """A call under way. `staleness` is how old its answer may be when it was sent, in seconds."""

    __slots__ = ("address", "alpha", "attempt", "call", "lane", "rescued", "since", "staleness", "why")

    def __init__(
        self, address: str, alpha: Alpha, lane: Lane, why: Why, since: float, staleness: float = 0.0
    ) -> None:
        self.address = address
        self.alpha = alpha
        self.lane = lane
        self.why = why
        self.since = since
        self.rescued = False
        self.staleness = staleness
        self.call: Deferred[Answer] | None = None
        self.attempt: Attempt | None = None

    @property
    def stale(self) -> bool:
        """Whether its answer may be old."""
        return self.why is Why.STALE

    def send(self, way: Way, request: Rpc | HttpCall, token: str, timeout: float) -> None:
        """Send `request` to the alpha, lent the account's `token` unless it is ""; `timeout` in seconds."""
        try:
            call = self._begun(request, token, timeout)
        except Exception:
            call = fail()
        self.call = call
        # One pair of callbacks, for every request comes through here.
        call.addCallbacks(self._answered, self._failed, callbackArgs=(way,), errbackArgs=(way,))

    def _begun(self, request: Rpc | HttpCall, token: str, timeout: float) -> Deferred[Answer]:
        if isinstance(request, Rpc):
            if token:
                request = replace(request, metadata=(*request.metadata, ("accessjwt", token)))
            if self.stale:
                request = replace(request, payload=request.payload + BEST_EFFORT)
            return self.alpha.channel.call(request, timeout)
        if token:
            lent = (b"X-Dgraph-AccessToken", token.encode())
            request = replace(request, headers=(*request.headers, lent))
        return self.alpha.http.send(request, timeout, upgrade=request.upgrade).addCallback(peek)

    def cancel(self) -> None:
        """End the call; the passage is told, unless the call has ended already."""
        if self.call is not None:
            self.call.cancel()

    def _answered(self, answer: Answer, way: Way) -> None:
        self.call = None
        try:
            way.leg_answered(self, answer)
        except Exception:
            way.leg_broke(Failure())

    def _failed(self, failure: Failure, way: Way) -> None:
        self.call = None
        try:
            way.leg_failed(self, failure)
        except Exception:
            way.leg_broke(Failure())
