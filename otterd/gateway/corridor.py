"""The corridor: every request of every door goes through `Gateway.perform`.

Admit (the guard), place (the policy), call (the fleet), judge, record. Policy lives here
and nowhere at a door.
"""

from collections.abc import Iterable
from typing import Protocol

from twisted.internet.defer import Deferred, fail, succeed

from otterd.config.live import Live
from otterd.config.schema import Config
from otterd.core.balance import Ask, Policy, policy_for
from otterd.core.cluster import UNCHARTED, Map
from otterd.core.operation import Answer, Operation
from otterd.errors import Draining, OtterError, Overloaded
from otterd.guard.grant import Grant
from otterd.gateway.passage import Alphas, Lender, Passage, Steady


class Admission(Protocol):
    """Says whether a request may pass."""

    def admit(self, operation: Operation) -> Grant:
        """Return what is granted, or raise an OtterError."""


class Everyone:
    """Sees every alpha as usable."""

    map: Map = UNCHARTED

    def __init__(self, addresses: Iterable[str]) -> None:
        self.usable = frozenset(addresses)

    def cost(self, address: str) -> float:
        """Return the same for each."""
        return 0.0


class Gateway:
    """Performs Operations; holds no state that a restart may not lose."""

    def __init__(self, live: Live, clock: Steady, guard: Admission, alphas: Alphas, account: Lender) -> None:
        self.live = live
        self.clock = clock
        self.alphas = alphas
        self.account = account
        self.policy: Policy = policy_for(live.config)
        self.view = Everyone(live.config.alphas())
        self.in_flight = 0
        self.draining = False
        self._guard = guard
        self._waiting: list[Deferred[None]] = []
        live.watch(self._reconfigure)

    def perform(self, operation: Operation) -> Deferred[Answer]:
        """Carry `operation` to an alpha and fire with the answer.

        Fails with an OtterError only; or with CancelledError when the door cancels, which
        ends a read upstream and lets a write run to its end unheard.
        """
        try:
            grant = self._admit(operation)
        except OtterError as error:
            operation.entry.verdict = error.word
            return fail(error)
        self.in_flight += 1
        return Passage(self, operation, grant, self._order(operation)).begin()

    def drained(self) -> Deferred[None]:
        """Fire when nothing is in flight."""
        if not self.in_flight:
            return succeed(None)
        waiting: Deferred[None] = Deferred()
        self._waiting.append(waiting)
        return waiting

    def done(self) -> None:
        """Count one request out; called by each passage once."""
        self.in_flight -= 1
        if not self.in_flight:
            waiting, self._waiting = self._waiting, []
            for deferred in waiting:
                deferred.callback(None)

    def _admit(self, operation: Operation) -> Grant:
        operation.entry.purpose = operation.purpose
        grant = self._guard.admit(operation)
        operation.entry.client = grant.client
        if self.draining:
            raise Draining("this gateway is going away", retry_after=1)
        if self.in_flight >= self.live.config.max_in_flight:
            raise Overloaded("this gateway has too many requests in flight", retry_after=1)
        return grant

    def _order(self, operation: Operation) -> tuple[str, ...]:
        """Return the alphas to try, the best first."""
        if operation.target:
            return (operation.target,)
        return self.policy.order(Ask(operation.purpose), self.view)

    def _reconfigure(self, old: Config, new: Config) -> None:
        chosen = ("balancer_type", "dgraph_endpoints", "groups")
        if any(getattr(old, name) != getattr(new, name) for name in chosen):
            self.policy = policy_for(new)
            self.view = Everyone(new.alphas())
