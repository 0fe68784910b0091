"""Admit, place, call, judge, record: the way of every request, and what all of them share."""

import random
from collections.abc import Callable
from typing import Any, Final

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from otterd.alphas.awaited import OVER
from otterd.config.live import Live
from otterd.config.schema import Config
from otterd.core.balance import Policy, policy_for
from otterd.core.budget import Budget
from otterd.core.facts import Facts
from otterd.core.judge import Kind
from otterd.core.operation import Answer, Operation
from otterd.core.steady import Steady
from otterd.dql.cache import Shapes
from otterd.errors import Draining, OtterError, Overloaded
from otterd.gateway.alarm import Alarm
from otterd.gateway.elections import Elections
from otterd.gateway.legs import Why
from otterd.gateway.lines import Lines
from otterd.gateway.outages import gone
from otterd.gateway.passage import Passage
from otterd.gateway.placing import Placing
from otterd.gateway.seams import Admission, Alphas, Asked, Ear, Lender, Schemas, Sight
from otterd.gateway.shared import Shared

log = Logger(__name__)

SHAPES: Final = 20_000
"""Texts whose shapes are remembered, so that few are parsed."""

HEDGE_SHARE: Final = 0.05
"""Of the live reads that may be asked twice because the first alpha is slow."""


class Gateway:
    """Performs Operations; holds no state that a restart may not lose."""

    def __init__(
        self,
        live: Live,
        clock: Steady,
        timer: Any,
        guard: Admission,
        alphas: Alphas,
        account: Lender,
        sight: Sight,
        *,
        schemas: Schemas | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.live = live
        self.draining = False
        self._chance = chance
        self._discovered = sight.discovered
        self._guard = guard
        self._passages: set[Passage] = set()
        self._settling = 0
        self._waiting: list[Deferred[None]] = []
        alarm = Alarm(timer, clock)
        policy = policy_for(live.config, chance, sorted(self._discovered))
        self.shared = Shared(
            live=live,
            clock=clock,
            alphas=alphas,
            account=account,
            sight=sight,
            alarm=alarm,
            placing=Placing(live, policy, sight, Facts(Shapes(SHAPES)), clock),
            elections=Elections(live, sight, alarm, clock),
            lines=Lines(live, alarm, clock),
            budget=Budget(),
            hedges=Budget(HEDGE_SHARE, 0),
            schemas=schemas,
            done=self._done,
        )
        self.shared.elections.when_late(self._give_up)
        sight.watch(self._look)
        live.watch(self._reconfigure)

    @property
    def in_flight(self) -> int:
        """How many requests are on their way."""
        return len(self._passages) + self._settling

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        return self.shared.placing.policy

    def ask(self, operation: Operation, ear: Ear) -> Asked:
        """Carry `operation` to an alpha and tell `ear` what came of it, perhaps before this returns."""
        if operation.settles:
            # An alter is seldom, and its answer waits for more than its passage.
            return self.perform(operation).addCallbacks(ear.callback, ear.errback)
        return self._begun(operation, ear)

    def perform(self, operation: Operation) -> Deferred[Answer]:
        """Ask, for those who like a Deferred; cancelling it gives the request up."""
        asked: Asked = OVER

        def cancel(_: Deferred[Answer]) -> None:
            asked.cancel()

        done: Deferred[Answer] = Deferred(cancel)
        asked = self._begun(operation, done)
        schemas = self.shared.schemas
        if operation.settles and schemas is not None:
            self._settling += 1
            done = done.addCallback(self._settle, operation, schemas)
            done.addBoth(self._settled)
        return done

    def drained(self) -> Deferred[None]:
        """Fire when nothing is in flight."""
        if not self.in_flight:
            return succeed(None)
        waiting: Deferred[None] = Deferred()
        self._waiting.append(waiting)
        return waiting

    def stop(self) -> None:
        """Forget all alarms."""
        self.shared.alarm.stop()

    def _done(self, passage: Passage) -> None:
        """Count one request out; called by each passage once."""
        self._passages.discard(passage)
        if self._waiting:
            self._tell_drained()

    def _settled(self, result: Answer | Failure) -> Answer | Failure:
        """Count out an alter whose answer waited for the alphas."""
        self._settling -= 1
        self._tell_drained()
        return result

    def _tell_drained(self) -> None:
        if not self.in_flight:
            waiting, self._waiting = self._waiting, []
            for deferred in waiting:
                deferred.callback(None)

    def _begun(self, operation: Operation, ear: Ear) -> Asked:
        """Send `operation` on its way, if it is admitted."""
        try:
            passage = self._admitted(operation)
        except OtterError as error:
            operation.entry.verdict = error.word
            ear.errback(Failure(error))
            return OVER
        passage.begin(ear)
        return passage

    def _admitted(self, operation: Operation) -> Passage:
        """Return the way of `operation`, which is counted in, or raise an OtterError."""
        operation.entry.purpose = operation.purpose
        grant = self._guard.admit(operation)
        operation.entry.client = grant.client
        config, shared = self.live.config, self.shared
        if self.draining:
            raise Draining("this gateway is going away", retry_after=1)
        if self.in_flight >= config.max_in_flight:
            raise Overloaded("this gateway has too many requests in flight", retry_after=1)
        now = shared.clock.seconds()
        shared.budget.request(now)
        passage = Passage(shared, operation, grant, now)
        if config.hedge and passage.kind is Kind.READ:
            shared.hedges.request(now)
        self._passages.add(passage)
        return passage

    def _settle(self, answer: Answer, operation: Operation, schemas: Schemas) -> Deferred[Answer] | Answer:
        """Keep an alter's answer until the alphas show the new schema."""

        tally = self.shared.tally
        tally.alters += 1

        def settled(behind: tuple[str, ...]) -> Answer:
            answer.behind = behind
            tally.alters_behind += bool(behind)
            return answer

        return schemas.settled(operation, answer).addCallback(settled)

    def _look(self) -> None:
        """Take in what changed among the alphas."""
        if self.shared.sight.discovered != self._discovered:
            self._discovered = self.shared.sight.discovered
            self._choose(self.live.config)
        self._rescue()
        self._give_up()
        # Who came back has room, and nothing that ends there may tell those in line of it.
        self.shared.lines.look(self.shared.sight.usable)

    def _rescue(self) -> None:
        """Ask anew, of another alpha, what reads wait for on one that gives no sign of life."""
        shared = self.shared
        asked = {leg.address for passage in self._passages for leg in passage.legs}
        silent = set(filter(shared.sight.silent, asked))
        if not silent:
            return
        for passage in tuple(self._passages):
            if passage.kind is not Kind.READ or passage.operation.target:
                continue
            for leg in tuple(passage.legs):
                if passage.over or leg.stale or leg.rescued or leg.address not in silent:
                    continue
                now = shared.clock.seconds()
                others = tuple(each for each in passage.untried if each != leg.address)
                if not others or not shared.budget.spend(now):
                    continue
                address = shared.lines.choose(passage.lane, others)
                if address is not None:
                    leg.rescued = True
                    shared.tally.rescued += 1
                    passage.call(address, Why.RESCUE, now)

    def _give_up(self) -> None:
        """Answer reads that hang since a group of theirs went out, as late as those that are held for it."""
        shared = self.shared
        for passage in tuple(self._passages) if shared.elections.troubled else ():
            if passage.kind is not Kind.READ or all(leg.stale for leg in passage.legs):
                continue
            groups = shared.elections.hopeless(passage.operation, passage.ask)
            if groups:
                shared.tally.given_up += 1
                passage.given_up(gone(groups))

    def _reconfigure(self, old: Config, new: Config) -> None:
        chosen = ("balancer_type", "dgraph_endpoints", "groups")
        if any(getattr(old, name) != getattr(new, name) for name in chosen):
            self._choose(new)
        self.shared.lines.look(self.shared.sight.usable)

    def _choose(self, config: Config) -> None:
        self.shared.placing.policy = policy_for(config, self._chance, sorted(self._discovered))
