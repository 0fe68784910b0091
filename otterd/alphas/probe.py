"""Asks each alpha's `/health` and CheckVersion again and again, and keeps what it said last.

Both must be good: HTTP and gRPC are two ports, and a gRPC health service of Dgraph's own says nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from twisted.internet.defer import Deferred, FirstError, gatherResults
from twisted.internet.defer import TimeoutError as Late
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.client import ResponseNeverReceived

from otterd.alphas.health_page import HEALTHY as HEALTHY
from otterd.alphas.health_page import Ask, Unwell, probed, read_page, read_version
from otterd.core.judge import Verdict, of_failure
from otterd.core.operation import Answer
from otterd.core.standing import Probed
from otterd.errors import AlphaFailure, TimedOut

log = Logger(__name__)

UNHEALTHY, UNKNOWN = "unhealthy", "unknown"

Check = Callable[[float], Deferred[Answer]]
"""Calls CheckVersion of one alpha, which has as many seconds to answer."""


@dataclass(slots=True, frozen=True)
class Health:
    """What the probes of one alpha found.

    `status` is "healthy", "unhealthy" or, before the first answer, "unknown". `raw` is the alpha's own
    object, the last that it gave, or None. `since` is when the status last changed and `seen` when
    the alpha was last asked, in seconds on the reactor's clock. `probed` is the last probe for the ward.
    """

    status: str
    reason: str
    raw: Mapping[str, Any] | None
    since: float
    seen: float
    probed: Probed | None = None


class Probe:
    """Asks one alpha every `interval()` seconds, a tenth more or less by `chance` in [0, 1).

    It has `timeout()` seconds for both answers; `told` is called after each.
    """

    def __init__(
        self,
        ask: Ask,
        check: Check,
        clock: IReactorTime,
        interval: Callable[[], float],
        timeout: Callable[[], float],
        chance: Callable[[], float],
        told: Callable[[], None] = lambda: None,
    ) -> None:
        self._ask = ask
        self._check = check
        self._clock = clock
        self._interval = interval
        self._timeout = timeout
        self._chance = chance
        self._told = told
        self._next: IDelayedCall | None = None
        self._asking: Deferred[None] | None = None
        self._stopped = False
        self._began = now = clock.seconds()
        self.health = Health(UNKNOWN, "not asked yet", None, now, now)

    def start(self) -> None:
        """Ask now, and then again and again."""
        self._next = None
        self._began = self._clock.seconds()
        limit = self._timeout()
        page: Deferred[Any] = self._ask().addCallback(read_page)
        version: Deferred[Any] = self._check(limit).addCallback(read_version)
        both: Deferred[Any] = gatherResults([page, version], consumeErrors=True)
        both.addTimeout(limit, self._clock, _late)
        both.addErrback(_first, (page, version))
        self._asking = both.addCallbacks(self._good, self._bad, errbackArgs=(limit,))
        self._asking.addBoth(self._again)

    def stop(self) -> None:
        """Ask no more."""
        self._stopped = True
        if self._next is not None:
            self._next.cancel()
            self._next = None
        if self._asking is not None:
            self._asking.cancel()

    def _good(self, found: tuple[Mapping[str, Any], Answer]) -> None:
        raw = found[0]
        self._set(HEALTHY, "", raw, probed(raw, self._took()))

    def _bad(self, failure: Failure, limit: float) -> None:
        if not self._stopped:
            verdict, reason = meaning_of(failure, limit)
            self._set(UNHEALTHY, reason, self.health.raw, Probed(verdict, reason, seconds=self._took()))

    def _took(self) -> float:
        return max(self._clock.seconds() - self._began, 0.0)

    def _set(self, status: str, reason: str, raw: Mapping[str, Any] | None, found: Probed) -> None:
        now, before = self._clock.seconds(), self.health
        since = before.since if before.status == status else now
        self.health = replace(
            before, status=status, reason=reason, raw=raw, since=since, seen=now, probed=found
        )
        self._told()

    def _again(self, result: object) -> None:
        self._asking = None
        if isinstance(result, Failure):
            log.failure("a probe broke", result)
        if not self._stopped:
            wait = self._interval() * (0.9 + 0.2 * self._chance())
            self._next = self._clock.callLater(wait, self.start)


def _late(result: object, limit: float) -> Any:
    """Fail with Late: a cancelled treq request fails with a class of its own."""
    raise Late


def _first(failure: Failure, asked: tuple[Deferred[Any], ...]) -> Failure:
    """Return what failed first, and wait for the other no longer."""
    for one in asked:
        one.cancel()
    return failure.value.subFailure if isinstance(failure.value, FirstError) else failure


def meaning_of(failure: Failure, limit: float) -> tuple[Verdict, str]:
    """Return what it means, and why in one sentence, that an alpha with `limit` seconds is not well."""
    error = failure.value
    if isinstance(error, Late | TimedOut):
        return Verdict.TIMED_OUT, f"it gave no answer within {limit:g} s"
    if isinstance(error, Unwell):
        return error.verdict, str(error)
    if isinstance(error, AlphaFailure):
        return of_failure(error), f"it could not be reached: {error.reason}"
    if isinstance(error, ResponseNeverReceived) and error.reasons:
        error = error.reasons[0].value
    return Verdict.LOST, f"it broke off: {type(error).__name__}"
