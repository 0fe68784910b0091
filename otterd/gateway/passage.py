"""One request's way through the corridor, after it was admitted: the attempts and their end."""

from dataclasses import replace
from typing import Protocol, cast

from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from otterd.alphas.channel import Channel, HttpChannel
from otterd.alphas.peek import peek
from otterd.config.live import Live
from otterd.core import judge
from otterd.core.judge import Verdict
from otterd.core.operation import Answer, Operation, Purpose, Rpc
from otterd.errors import AlphaFailure, DeadlinePassed, Lost, NotReached, OutcomeUnknown, TimedOut
from otterd.guard.grant import Grant

log = Logger()

SLOW = frozenset((Purpose.ALTER, Purpose.ADMIN))

HASTE = 0.01
"""Seconds before our deadline from which on an alpha that breaks off did so for the same deadline."""


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

    def token(self) -> str:
        """Return the access token, or "" when there is none."""

    def renew(self) -> Deferred[str]:
        """Log in anew and fire with the token, "" when that failed."""


class Steady(Protocol):
    """A clock that nobody sets: deadlines hang on it. The reactor's own is the wall's."""

    def seconds(self) -> float:
        """Return the time in seconds since some fixed moment."""


class Corridor(Protocol):
    """What a passage needs of the gateway."""

    live: Live
    clock: Steady
    alphas: Alphas
    account: Lender

    def done(self) -> None:
        """Count one request out."""


class Passage:
    """Tries alphas in the order given until one's answer, or failure, is the caller's.

    A write goes on to another alpha only when the one before provably did no work.
    """

    __slots__ = (
        "_alpha",
        "_asked_again",
        "_attempts",
        "_call",
        "_candidates",
        "_deadline",
        "_done",
        "_gateway",
        "_heard",
        "_lend",
        "_operation",
        "_renewed",
        "_since",
        "_verdict",
    )

    def __init__(
        self, gateway: Corridor, operation: Operation, grant: Grant, candidates: tuple[str, ...]
    ) -> None:
        self._gateway = gateway
        self._operation = operation
        self._lend = grant.lend
        self._candidates = candidates
        self._attempts = 0
        self._asked_again = self._renewed = False
        self._heard = True
        self._call: Deferred[Answer] | None = None
        self._alpha: Alpha | None = None
        self._since = gateway.clock.seconds()
        self._deadline = self._since + self._limit()
        self._done: Deferred[Answer] = Deferred(self._cancel)
        self._verdict = Verdict.FINE

    def begin(self) -> Deferred[Answer]:
        """Make the first attempt; the Deferred is the caller's."""
        account = self._gateway.account
        if self._lend and account.pending:
            account.renew().addBoth(self._logged_in).addErrback(self._broken)
        else:
            self._attempt()
        return self._done

    def _logged_in(self, token: str | Failure) -> None:
        if self._heard:
            self._attempt()
        else:
            self._finish(Failure(CancelledError()))

    def _limit(self) -> float:
        config, own = self._gateway.live.config, self._operation.timeout
        if own is not None:
            return min(own, config.max_caller_timeout)
        return config.slow_answer_timeout if self._operation.purpose in SLOW else config.answer_timeout

    def _attempt(self) -> None:
        gateway, now = self._gateway, self._gateway.clock.seconds()
        address = self._candidates[self._attempts % len(self._candidates)]
        self._attempts += 1
        self._since = now
        entry = self._operation.entry
        entry.attempts, entry.alpha = self._attempts, address
        alpha = gateway.alphas.get(address)
        if alpha is None:
            self._failed(Failure(NotReached("not an alpha of this gateway")))
            return
        if self._deadline <= now:
            # Not one alpha was asked, or each said that it did nothing: even a write's outcome is known.
            self._verdict = Verdict.TIMED_OUT
            late = DeadlinePassed("no time was left to ask an alpha")
            self._finish(judge.deadline_answer(self._operation) or Failure(late))
            return
        self._alpha = alpha
        alpha.in_flight += 1
        self._call = call = self._send(alpha, self._deadline - now)
        call.addCallbacks(self._answered, self._failed)
        call.addErrback(self._broken)

    def _send(self, alpha: Alpha, timeout: float) -> Deferred[Answer]:
        request = self._operation.request
        token = self._gateway.account.token() if self._lend else ""
        if isinstance(request, Rpc):
            if token:
                request = replace(request, metadata=(*request.metadata, ("accessjwt", token)))
            return alpha.channel.call(request, timeout)
        if token:
            lent = (b"X-Dgraph-AccessToken", token.encode())
            request = replace(request, headers=(*request.headers, lent))
        return alpha.http.send(request, timeout, upgrade=request.upgrade).addCallback(peek)

    def _landed(self) -> None:
        """Close the books of the attempt that just ended."""
        self._call = None
        entry = self._operation.entry
        entry.upstream += self._gateway.clock.seconds() - self._since
        if self._alpha is not None:
            self._alpha.in_flight -= 1
            self._alpha = None

    def _answered(self, answer: Answer) -> None:
        self._landed()
        self._verdict = verdict = judge.of_answer(self._operation, answer)
        if verdict in judge.REFUSED and self._may_go_on():
            self._discard(answer)
            self._attempt()
        elif verdict is Verdict.EXPIRED and self._lend and not self._renewed:
            self._renewed = True
            self._gateway.account.renew().addBoth(self._renewal, answer)
        else:
            self._finish(answer)

    def _renewal(self, token: str | Failure, answer: Answer) -> None:
        if isinstance(token, str) and token and self._heard:
            self._attempts -= 1
            self._attempt()
        else:
            self._finish(answer)

    def _failed(self, failure: Failure) -> None:
        self._landed()
        if failure.check(CancelledError):
            self._verdict = Verdict.LOST
            self._finish(failure)
            return
        failure.trap(AlphaFailure)
        error = cast(AlphaFailure, failure.value)
        # An alpha only resets the stream when the deadline it was told passes, perhaps just before ours.
        if isinstance(error, Lost) and self._gateway.clock.seconds() > self._deadline - HASTE:
            error = TimedOut(error.reason)
        operation = self._operation
        self._verdict = judge.of_failure(error)
        log.debug(
            "{alpha} did not answer this {purpose}: {reason}",
            alpha=operation.entry.alpha,
            purpose=operation.purpose,
            reason=error.reason,
        )
        if isinstance(error, NotReached):
            again = self._may_go_on()
        else:
            again = isinstance(error, Lost) and judge.may_ask_again(operation) and not self._asked_again
            again = again and self._may_go_on()
            self._asked_again = True
        if again:
            self._attempt()
            return
        own = judge.deadline_answer(operation) if isinstance(error, TimedOut) else None
        if own is not None:
            own.alpha = operation.entry.alpha
            self._finish(own)
            return
        told = judge.error_for(operation, error)
        if isinstance(told, OutcomeUnknown):
            self._verdict = Verdict.OUTCOME_UNKNOWN
        self._finish(Failure(told))

    def _may_go_on(self) -> bool:
        """Tell whether there is another alpha, a try left, time, and somebody who listens."""
        if not self._heard and not self._operation.writes:
            return False
        most = min(len(self._candidates), self._gateway.live.config.max_attempts)
        return self._attempts < most and self._gateway.clock.seconds() < self._deadline

    def _discard(self, answer: Answer) -> None:
        if not isinstance(answer.body, bytes):
            answer.body.stop()

    def _finish(self, result: Answer | Failure) -> None:
        operation = self._operation
        operation.entry.verdict = self._verdict
        self._gateway.done()
        if not self._heard:
            if isinstance(result, Answer):
                self._discard(result)
            return
        self._heard = False
        if isinstance(result, Answer):
            result.alpha = result.alpha or operation.entry.alpha
            self._done.callback(result)
        else:
            self._done.errback(result)

    def _broken(self, failure: Failure) -> None:
        """End a passage that a mistake of our own broke, so that nothing waits for ever."""
        log.failure("the corridor failed on a {purpose}", failure, purpose=self._operation.purpose)
        if self._heard and not self._done.called:
            self._verdict = Verdict.ERROR
            self._finish(Failure(judge.error_for(self._operation, Lost("internal error"))))

    def _cancel(self, done: Deferred[Answer]) -> None:
        self._heard = False
        call = self._call
        if call is not None and not self._operation.writes:
            call.cancel()
