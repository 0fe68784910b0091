"""One call of a request to one alpha."""

from enum import StrEnum
from typing import Final, Protocol

from twisted.python.failure import Failure

from otterd.alphas.peek import peek
from otterd.core.operation import Answer, Attempt, HttpCall, Rpc
from otterd.core.replaced import replaced
from otterd.core.slots import Lane
from otterd.errors import AlphaFailure
from otterd.gateway.outcome import discard
from otterd.gateway.seams import Alpha, Asked

BEST_EFFORT: Final = b"\x30\x01\x38\x01"
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


FIRST: Final = Why.FIRST
STALE: Final = Why.STALE


class Way(Protocol):
    """The passage that a leg belongs to."""

    def leg_answered(self, leg: "Leg", answer: Answer) -> None:
        """Be told of the alpha's answer."""

    def leg_failed(self, leg: "Leg", failure: AlphaFailure) -> None:
        """Be told that there is none."""

    def leg_cancelled(self, leg: "Leg") -> None:
        """Be told that the call was given up, as was asked."""

    def leg_broke(self, failure: Failure, leg: "Leg | None" = None) -> None:
        """Be told of a mistake of our own; of that of a call before it had an end."""


class Leg:
    """A call under way. `staleness` is how old its answer may be when it was sent, in seconds.

    It hears the end of the call itself, once, and tells the passage.
    """

    __slots__ = (
        "_asked",
        "_over",
        "_way",
        "address",
        "alpha",
        "attempt",
        "lane",
        "rescued",
        "since",
        "stale",
        "staleness",
        "why",
    )

    def __init__(
        self, way: Way, address: str, alpha: Alpha, lane: Lane, why: Why, since: float, staleness: float
    ) -> None:
        self._way = way
        self.address = address
        self.alpha = alpha
        self.lane = lane
        self.why = why
        self.since = since
        self.rescued = False
        self.stale = why is STALE
        """Whether its answer may be old."""
        self.staleness = staleness
        self.attempt: Attempt | None = None
        self._asked: Asked | None = None
        self._over = False

    def send(self, request: Rpc | HttpCall, token: str, timeout: float) -> None:
        """Send `request` to the alpha, lent the account's `token` unless it is ""; `timeout` in seconds."""
        try:
            if isinstance(request, Rpc):
                if token:
                    request = replaced(request, metadata=(*request.metadata, ("accessjwt", token)))
                if self.stale:
                    request = replaced(request, payload=request.payload + BEST_EFFORT)
                asked: Asked = self.alpha.channel.ask(request, timeout, self)
            else:
                asked = self._pass(request, token, timeout)
        except Exception:
            self._broke(Failure())
            return
        if not self._over:
            # Else it would hold on to what holds on to it.
            self._asked = asked

    def cancel(self) -> None:
        """End the call; the passage is told, unless the call has ended already."""
        asked, self._asked = self._asked, None
        if not self._over and asked is not None:
            self._over = True
            asked.cancel()
            self._way.leg_cancelled(self)

    def answered(self, answer: Answer) -> None:
        """Hand on the alpha's answer."""
        self._asked = None
        self._over = True
        try:
            self._way.leg_answered(self, answer)
        except Exception:
            self._way.leg_broke(Failure())

    def failed(self, failure: AlphaFailure) -> None:
        """Hand on that there is none."""
        self._asked = None
        self._over = True
        try:
            self._way.leg_failed(self, failure)
        except Exception:
            self._way.leg_broke(Failure())

    def _pass(self, request: HttpCall, token: str, timeout: float) -> Asked:
        """Pass `request` through to the alpha's HTTP port."""
        if token:
            lent = (b"X-Dgraph-AccessToken", token.encode())
            request = replaced(request, headers=(*request.headers, lent))
        passing = self.alpha.http.send(request, timeout, upgrade=request.upgrade).addCallback(peek)
        passing.addCallbacks(self._passed, self._not_passed)
        return passing

    def _passed(self, answer: Answer) -> None:
        if self._over:
            discard(answer)
        else:
            self.answered(answer)

    def _not_passed(self, failure: Failure) -> None:
        if self._over:
            return
        if isinstance(failure.value, AlphaFailure):
            self.failed(failure.value)
        else:
            self._broke(failure)

    def _broke(self, failure: Failure) -> None:
        """Tell of a call that ended by a mistake of ours."""
        self._asked = None
        if not self._over:
            self._over = True
            self._way.leg_broke(failure, self)
