"""The corridor: every request of every door goes through `Gateway.perform`.

Admit (the guard), place (the policy), call (the fleet), judge, record. Policy lives here
and nowhere at a door.
"""

from typing import Protocol

from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import Logger

from otterd.alphas.channel import Channel, HttpChannel
from otterd.config.live import Live
from otterd.config.schema import Config
from otterd.core.balance import Policy, policy_for
from otterd.core.operation import Answer, Operation
from otterd.errors import Draining, OtterError, Overloaded
from otterd.guard.grant import Grant
from otterd.passage import Passage

log = Logger()


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


class Admission(Protocol):
    """Says whether a request may pass."""

    def admit(self, operation: Operation) -> Grant:
        """Return what is granted, or raise an OtterError."""


class Lender(Protocol):
    """Holds the gateway's own ACL account."""

    def token(self) -> str:
        """Return the access token, or "" when there is none."""

    def renew(self) -> "Deferred[str]":
        """Log in anew and fire with the token, "" when that failed."""


class Steady(Protocol):
    """A clock that nobody sets: deadlines hang on it. The reactor's own is the wall's."""

    def seconds(self) -> float:
        """Return the time in seconds since some fixed moment."""


class Gateway:
    """Performs Operations; holds no state that a restart may not lose."""

    def __init__(self, live: Live, clock: Steady, guard: Admission, alphas: Alphas, account: Lender) -> None:
        self.live = live
        self.clock = clock
        self.alphas = alphas
        self.account = account
        self.policy: Policy = policy_for(live.config)
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
        return Passage(self, operation, grant).begin()

    def drained(self) -> Deferred[None]:
        """Fire when nothing is in flight."""
        if not self.in_flight:
            return succeed(None)
        waiting: Deferred[None] = Deferred()
        self._waiting.append(waiting)
        return waiting

    def order(self, operation: Operation) -> tuple[str, ...]:
        """Return the alphas to try, the best first."""
        if operation.target:
            return (operation.target,)
        return self.policy.order(operation.purpose)

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

    def _reconfigure(self, old: Config, new: Config) -> None:
        chosen = ("balancer_type", "dgraph_endpoints", "groups")
        if any(getattr(old, name) != getattr(new, name) for name in chosen):
            self.policy = policy_for(new)
