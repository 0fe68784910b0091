"""The calls of one request to alphas: begun, landed, and accounted for."""

from typing import Final

from twisted.logger import Logger
from twisted.python.failure import Failure

from otterd.core import judge
from otterd.core.balance import Ask
from otterd.core.judge import FINE, TIMED_OUT, Kind, Verdict
from otterd.core.operation import Answer, Operation, Purpose
from otterd.core.slots import lane_of
from otterd.errors import AlphaFailure, Lost, NotReached, TimedOut
from otterd.gateway.decision import record_call
from otterd.gateway.legs import Leg, Why
from otterd.gateway.outcome import discard
from otterd.gateway.shared import Shared
from otterd.guard.grant import Grant

log = Logger(__name__)

NOTHING: Final = Ask(Purpose.QUERY)
"""What is asked for before that was told."""

HASTE: Final = 0.01
"""Seconds before our deadline from which on an alpha that breaks off did so for the same deadline."""


class Calls:
    """What is under way for one request. Whoever inherits says what follows from each end."""

    def __init__(self, shared: Shared, operation: Operation, grant: Grant, now: float) -> None:
        self._shared = shared
        self._grant = grant
        self.operation = operation
        self.kind: Kind = judge.kind_of(operation)
        self.lane = lane_of(operation)
        self.ask = NOTHING
        self.began = self.deadline = self._asked_since = now
        self.heard = True
        self.over = False
        self.legs: list[Leg] = []
        self._tried: tuple[str, ...] = ()

    def won(self, leg: Leg, answer: Answer, took: float) -> None:
        """Take a good answer, after `took` seconds."""
        raise NotImplementedError

    def settle(self, result: Answer | AlphaFailure, verdict: Verdict, address: str) -> None:
        """Decide what follows from a call that did not end well."""
        raise NotImplementedError

    def stale_failed(self) -> None:
        """Be told that a best-effort call brought nothing."""
        raise NotImplementedError

    def cancelled(self) -> None:
        """Be told that the last call was given up because the caller went away."""
        raise NotImplementedError

    def broke(self) -> None:
        """End after a mistake of our own."""
        raise NotImplementedError

    def call(self, address: str, why: Why, now: float, staleness: float = 0.0) -> None:
        """Call an alpha on which a slot of the lane was taken."""
        shared = self._shared
        alpha = shared.alphas.get(address)
        if alpha is None:
            shared.lines.give(self.lane, address)
            if why in (Why.FIRST, Why.AGAIN):
                self._tried += (address,)
                self.settle(NotReached("not an alpha of this gateway"), Verdict.NOT_REACHED, address)
            return
        if self.ask.wrote and address != self.ask.pin:
            self.ask = shared.placing.strayed(self.operation, self.ask, self._tried)
        operation = self.operation
        leg = Leg(self, address, alpha, self.lane, why, now, staleness)
        if not self.legs:
            self._asked_since = now
        self.legs.append(leg)
        alpha.in_flight += 1
        shared.sight.begun(address, operation.purpose)
        if operation.entry.decision is not None:
            record_call(operation.entry.decision, leg, now - self.began)
        token = shared.account.token if self._grant.lend else ""
        leg.send(operation.request, token, self.deadline - now)

    def leg_answered(self, leg: Leg, answer: Answer) -> None:
        """Take an alpha's answer, whatever it says."""
        verdict = judge.of_answer(self.operation, answer)
        took = self._landed(leg, verdict)
        if not answer.alpha:
            answer.alpha = leg.address
        if self.over:
            discard(answer)
        elif verdict is FINE:
            self.won(leg, answer, took)
        elif leg.stale:
            discard(answer)
            self.stale_failed()
        else:
            self._tried += (leg.address,)
            self.settle(answer, verdict, leg.address)

    def leg_failed(self, leg: Leg, error: AlphaFailure) -> None:
        """Take the failure of a call."""
        # An alpha only resets the stream when the deadline it was told passes, perhaps just before ours.
        if isinstance(error, Lost) and self._shared.clock.seconds() > self.deadline - HASTE:
            error = TimedOut(error.reason)
        verdict = judge.of_failure(error)
        self._landed(leg, verdict)
        log.debug(
            "{alpha} did not answer this {purpose}: {reason}",
            alpha=leg.address,
            purpose=self.operation.purpose,
            reason=error.reason,
        )
        if self.over:
            return
        if leg.stale:
            self.stale_failed()
        else:
            self._tried += (leg.address,)
            self.settle(error, verdict, leg.address)

    def leg_cancelled(self, leg: Leg) -> None:
        """Take the end of a call that was given up."""
        self._landed(leg, None)
        if not (self.over or self.legs):
            self.cancelled()

    def leg_broke(self, failure: Failure, leg: Leg | None = None) -> None:
        """Take a mistake of our own, so that nothing waits for ever."""
        if leg is not None:
            self._landed(leg, None)
        log.failure("the corridor failed on a {purpose}", failure, purpose=self.operation.purpose)
        self.broke()

    def _landed(self, leg: Leg, verdict: Verdict | None) -> float:
        """Close the books of a call that just ended; return the seconds that it took."""
        shared, now = self._shared, self._shared.clock.seconds()
        took = now - leg.since
        self.legs.remove(leg)
        leg.alpha.in_flight -= 1
        operation = self.operation
        if not self.legs:
            operation.entry.upstream += now - self._asked_since
        if leg.attempt is not None:
            leg.attempt.took, leg.attempt.verdict = took, verdict or "given up"
        shared.sight.ended(leg.address, operation.purpose, verdict, took)
        # A caller that gives an alpha no time is no sign of anything.
        hasty = verdict is TIMED_OUT and took < shared.live.config.hang_limit
        if verdict in judge.HINTS and not hasty:
            shared.sight.hint(str(verdict))
        shared.lines.give(leg.lane, leg.address)
        return took
