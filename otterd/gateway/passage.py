"""One request's way through the corridor, after it was admitted: its attempts, its waits and its end."""

from typing import Final

from twisted.internet.defer import CancelledError
from twisted.logger import Logger
from twisted.python.failure import Failure

from otterd.core import judge
from otterd.core.judge import FINE, READ, Kind, Next, Verdict
from otterd.core.operation import SLOW, Answer, Operation
from otterd.errors import AlphaFailure, Lost, OtterError
from otterd.gateway.calls import Calls
from otterd.gateway.decision import record_choice, record_wait, record_woken
from otterd.gateway.legs import FIRST, Leg, Why
from otterd.gateway.outages import named
from otterd.gateway.outcome import Result, discard, told, too_late, verdict_of
from otterd.gateway.seams import Ear
from otterd.gateway.second import Second, second_for
from otterd.gateway.shared import Shared
from otterd.guard.grant import Grant

log = Logger(__name__)

FREE: Final = judge.REFUSED
"""Verdicts after which trying again costs no budget: the alpha did nothing, and is soon out of the choice."""

MOMENT: Final = 0.5
"""Seconds that a best-effort call has to answer once the wait for a fresh answer was in vain."""

MOST_LOST: Final = 2
"""Connections that may break under one read: one that breaks more may be what breaks the alphas."""


class Passage(Calls):
    """Tries alphas in the order given until one's answer, or failure, is the caller's.

    A write goes on to another alpha only when the one before provably did no work.
    """

    def __init__(self, shared: Shared, operation: Operation, grant: Grant, now: float) -> None:
        super().__init__(shared, operation, grant, now)
        self.deadline = now + self._limit()
        self._verdict: Verdict = FINE
        self._attempts = self._lost = 0
        self._renewed = self._waits = False
        self._held_since: float | None = None
        self._order: tuple[str, ...] = ()
        self._usable: frozenset[str] | None = None
        self._kept: Failure | None = None
        self._second: Second | None = None
        self._ear: Ear | None = None

    def begin(self, ear: Ear) -> None:
        """Make the first attempt; `ear` is told the end."""
        self._ear = ear
        account = self._shared.account
        if self._grant.lend and not account.token and account.pending:
            account.renew().addBoth(self._logged_in).addErrback(self.leg_broke)
            return
        try:
            self._place(self.began)
        except Exception:
            # Lest it is never answered.
            self.leg_broke(Failure())

    def cancel(self) -> None:
        """Give up, and tell the ear so."""
        ear = self._ear
        if ear is not None:
            self._left()
            self._ear = None
            ear.errback(Failure(CancelledError()))

    @property
    def caller(self) -> str:
        """The address of who asks."""
        return self.operation.entry.client

    @property
    def untried(self) -> tuple[str, ...]:
        """The alphas that it may still go to, the best first."""
        if self._usable is not self._shared.sight.usable:
            # Some came or went since it was placed.
            self._choose()
        tried = self._tried
        return tuple(each for each in self._order if each not in tried) if tried else self._order

    def _logged_in(self, token: str | Failure) -> None:
        if self.heard:
            self._place(self._shared.clock.seconds())
        else:
            self._end(Failure(CancelledError()))

    def _limit(self) -> float:
        config, own = self._shared.live.config, self.operation.timeout
        if own is not None:
            return own if own < config.max_caller_timeout else config.max_caller_timeout
        return config.slow_answer_timeout if self.operation.purpose in SLOW else config.answer_timeout

    def _place(self, now: float) -> None:
        """Ask where the request may go, and go there."""
        shared, operation = self._shared, self.operation
        lent = self._grant.lend and bool(shared.account.token)
        self.ask = shared.placing.ask(operation, lent=lent)
        self._choose()
        self._second = second_for(self, shared)
        self._go(self._order, now)

    def _choose(self) -> None:
        """Ask anew which alphas may have it."""
        shared, operation = self._shared, self.operation
        self._usable = shared.sight.usable
        self._order = shared.placing.order(operation, self.ask)
        if operation.entry.decision is not None:
            record_choice(operation, self.ask, self._order, shared)

    def _go(self, order: tuple[str, ...], now: float) -> None:
        """Call the first alpha of `order` that has room, or wait where that is better."""
        shared, operation = self._shared, self.operation
        if self.deadline <= now:
            # Not one alpha was asked, or each said that it did nothing: even a write's outcome is known.
            self._verdict = Verdict.TIMED_OUT
            self._finish(too_late(operation))
            return
        if not operation.target:
            lacking = shared.elections.lacking(operation, self.ask)
            if lacking:
                self._hold(lacking, now)
                return
        address = shared.lines.choose(self.lane, shared.placing.staying(self.ask, order))
        if address is None:
            self._wait(f"an alpha with room ({self.lane})")
            shared.lines.enter(self, operation.entry.client, self.deadline)
            return
        self._attempts += 1
        entry = operation.entry
        entry.attempts, entry.alpha = self._attempts, address
        self.call(address, FIRST if self._attempts == 1 else Why.AGAIN, now)

    def won(self, leg: Leg, answer: Answer, took: float) -> None:
        """Take a good answer, after `took` seconds."""
        shared, operation = self._shared, self.operation
        if leg.stale:
            age = leg.staleness + took
            if self._second is None or not self._second.allows(age):
                # It took so long to come that it is older than the caller is content with.
                discard(answer)
                self.stale_failed()
                return
            answer.stale = age
            shared.tally.stale_told += 1
        else:
            if self.kind is READ:
                shared.tally.reads.add(took)
            shared.elections.answered(operation, self.ask, took)
            shared.placing.learn(operation, answer, leg.since + took)
        self._verdict = FINE
        operation.entry.alpha = leg.address
        self._end(answer)

    def settle(self, result: Answer | AlphaFailure, verdict: Verdict, address: str) -> None:
        """Decide what follows from a call that did not end well, by the judge's table."""
        self._verdict = verdict
        self._lost += verdict is Verdict.LOST
        follows = judge.next_of(self.kind, verdict)
        beside = any(not leg.stale for leg in self.legs)
        if beside and not (follows is Next.TELL and isinstance(result, Answer)):
            # Another call for the same request may still bring the answer, or be rescued once more.
            for leg in self.legs:
                leg.rescued = False
            return
        if follows in (Next.ELSEWHERE, Next.AWAIT) and self._again(verdict, follows, address):
            if isinstance(result, Answer):
                discard(result)
        elif follows is Next.RENEW and isinstance(result, Answer) and self._grant.lend and not self._renewed:
            self._renewed = True
            self._shared.account.renew().addBoth(self._renewal, result).addErrback(self.leg_broke)
        else:
            if verdict in (Verdict.ABORTED, Verdict.MOVED):
                placing, tally = self._shared.placing, self._shared.tally
                self._verdict = placing.why_aborted(self.operation, self.ask, verdict, tally)
            self._finish(told(self.operation, result, follows))

    def _again(self, verdict: Verdict, follows: Next, address: str) -> bool:
        """Try another alpha, or wait for one; tell whether that was possible."""
        shared, now = self._shared, self._shared.clock.seconds()
        if now >= self.deadline or self._lost >= MOST_LOST or not self.heard:
            return False
        if verdict is Verdict.GROUP_AWAY:
            # The survivors of a group do not ask its leader.
            troubled, group_of = shared.elections.troubled, shared.sight.map.group_of
            self._order = tuple(sorted(self.untried, key=lambda each: group_of.get(each) not in troubled))
        if self.untried and self._attempts < shared.live.config.max_attempts:
            if verdict in FREE or shared.budget.spend(now):
                shared.tally.retried(verdict)
                self._go(self.untried, now)
                return True
            shared.tally.retries_denied += 1
            if verdict is Verdict.LOST:
                # An alpha that dies takes many reads with it: what the budget denies waits for a moment.
                self._hold(shared.elections.pause(), now)
                return True
            if verdict not in judge.OF_GROUPS:
                return False
        if follows is Next.AWAIT and not self.operation.target:
            groups = shared.elections.suspects(self.ask, verdict, address)
            if groups:
                self._hold(groups, now)
                return True
        return False

    def _renewal(self, token: str | Failure, answer: Answer) -> None:
        if isinstance(token, str) and token and self.heard:
            self._tried = self._tried[:-1]
            self._attempts -= 1
            self._go(self.untried or self._order, self._shared.clock.seconds())
        else:
            self._finish(answer)

    def _hold(self, groups: frozenset[int], now: float) -> None:
        if self._held_since is None:
            self._held_since = now
        self._wait(named(groups))
        asked = self.operation.best_effort
        self._shared.elections.hold(self, groups, self._held_since, self.deadline, best_effort=asked)

    def _wait(self, reason: str) -> None:
        """Note that it waits for `reason` from now on."""
        self._waits = True
        if self.operation.entry.decision is not None:
            record_wait(self.operation.entry.decision, reason, self._shared.clock.seconds() - self.began)

    def _wake(self) -> None:
        """Note that it waits no more."""
        self._waits = False
        if self.operation.entry.decision is not None:
            record_woken(self.operation.entry.decision, self._shared.clock.seconds() - self.began)

    def released(self) -> None:
        """Go on after a wait: the cluster may look different now."""
        self._wake()
        self._tried = ()
        self._attempts = min(self._attempts, 1)
        try:
            self._choose()
            self._go(self._order, self._shared.clock.seconds())
        except Exception:
            self.leg_broke(Failure())

    def refused(self, error: OtterError) -> None:
        """End a wait that was in vain."""
        self._wake()
        self._in_vain(error)

    def given_up(self, error: OtterError) -> None:
        """End a read whose calls hang."""
        self._in_vain(error)
        for leg in [each for each in self.legs if not each.stale]:
            leg.cancel()

    def _in_vain(self, error: OtterError) -> None:
        """End after a wait, but for a best-effort call that may bring an answer in the next moment."""
        self._verdict, failure = Verdict.NOT_REACHED, Failure(error)
        self._finish(failure)
        if not self.over:
            self._shared.alarm.at(self._shared.clock.seconds() + MOMENT, lambda: self._end(failure))

    def fits(self, address: str) -> bool:
        """Tell whether the request may go to this alpha."""
        return address in self._shared.placing.staying(self.ask, self.untried)

    def stale_failed(self) -> None:
        """Ask the next survivor; without one left, what was kept is the end."""
        if self._second is not None:
            self._second.look()
        if self._kept is not None and not self.legs:
            self._end(self._kept)

    def cancelled(self) -> None:
        """End: the caller went away."""
        self._verdict = Verdict.LOST
        self._end(Failure(CancelledError()))

    def broke(self) -> None:
        """End after a mistake of our own."""
        if self.heard:
            self._verdict = Verdict.ERROR
            self._end(Failure(judge.error_for(self.operation, Lost("internal error"))))

    def _finish(self, result: Result) -> None:
        """End, but for a failure while an older answer may still come."""
        if isinstance(result, Failure) and self.heard and any(leg.stale for leg in self.legs):
            self._kept = result
        else:
            self._end(result)

    def _end(self, result: Result) -> None:
        if self.over:
            return
        self.over = True
        if self._waits:
            self._wake()
            self._shared.elections.leave(self)
            self._shared.lines.leave(self, self.operation.entry.client)
        entry = self.operation.entry
        entry.verdict = verdict_of(result, self._verdict) if isinstance(result, Failure) else self._verdict
        if self.legs:
            for leg in tuple(self.legs):
                leg.cancel()
        self._shared.done(self)
        heard, self.heard = self.heard, False
        # Let go of, for it may refer to the passage as well: circles wait for a collection.
        ear, self._ear = self._ear, None
        if not heard or ear is None:
            if isinstance(result, Answer):
                discard(result)
            return
        try:
            if isinstance(result, Answer):
                if not result.alpha:
                    result.alpha = entry.alpha
                ear.callback(result)
            else:
                ear.errback(result)
        except Exception:
            log.failure("who asked for a {purpose} could not take its end", purpose=self.operation.purpose)

    def _left(self) -> None:
        """Note that nobody hears the end any more."""
        self.heard = False
        if self.legs:
            # Of a stream there is no rest that could run to its end unheard.
            if not self.operation.writes or self.kind is Kind.STREAM:
                for leg in tuple(self.legs):
                    leg.cancel()
        else:
            # It waits for its turn, a leader or a login, and nothing was done yet.
            self._verdict = Verdict.LOST
            self._end(Failure(CancelledError()))
