"""The ordered stop: nothing new comes in, what is under way ends, and then everything is closed."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from otterd.config.live import Live
from otterd.ops.supervisor import Supervisor

log = Logger(__name__)

CLOSING = 3.0
"""Longest that one step after the wait may take, in seconds."""


class Door(Protocol):
    """A listener's factory, as the stop needs it."""

    def drain(self) -> None:
        """Take no new work, and close each connection when its work is done."""

    def closed(self) -> Deferred[None]:
        """Fire when no connection is open."""

    def abort(self) -> None:
        """Close what is open, at once."""


class Corridor(Protocol):
    """The gateway, as the stop needs it."""

    draining: bool

    @property
    def in_flight(self) -> int:
        """Return how many requests are on their way."""

    def drained(self) -> Deferred[None]:
        """Fire when nothing is in flight."""


class Readiness(Protocol):
    """What says whether Otter wants requests."""

    draining: bool


class Port(Protocol):
    """What listens."""

    def stopListening(self) -> object:
        """Stop; may return a Deferred."""


Step = tuple[str, Callable[[], object]]
"""What a step does, in words for the log, and how; it may return a Deferred."""


class Drain:
    """Stops the daemon, once.

    What comes in on a connection that is open when the stop begins is still served, and its answer
    is the last there; only then does the corridor close. `after` are the steps that close what
    the requests needed, in order: the alphas' channels, the metrics' port, the access log.
    """

    def __init__(
        self,
        clock: IReactorTime,
        live: Live,
        *,
        supervisor: Supervisor,
        readiness: Readiness,
        corridor: Corridor,
        ports: Sequence[Port],
        doors: Sequence[Door],
        after: Sequence[Step],
    ) -> None:
        self._clock = clock
        self._live = live
        self._supervisor = supervisor
        self._readiness = readiness
        self._corridor = corridor
        self._ports = ports
        self._doors = doors
        self._after = after
        self._done: Deferred[None] | None = None
        self._waiting: list[Deferred[None]] = []

    def begin(self) -> Deferred[None]:
        """Stop everything; each call fires when that is over, however it went."""
        told: Deferred[None] = Deferred()
        self._waiting.append(told)
        if self._done is None:
            self._done = Deferred.fromCoroutine(self._run())
            self._done.addErrback(lambda failure: log.failure("the stop broke off", failure))
            self._done.addCallback(self._tell)
        elif self._done.called:
            self._tell(None)
        return told

    def _tell(self, _: object) -> None:
        waiting, self._waiting = self._waiting, []
        for told in waiting:
            told.callback(None)

    async def _run(self) -> None:
        limit = self._live.config.drain_timeout
        self._readiness.draining = True
        self._supervisor.stopping(limit + CLOSING * (len(self._after) + 1))
        log.info("draining: {count} requests in flight", count=self._corridor.in_flight)
        # Doors first: a connection that is accepted while the ports close must be drained, too.
        for door in self._doors:
            door.drain()
        closing = [maybeDeferred(port.stopListening) for port in self._ports]
        await self._bounded("stop listening", DeferredList(closing, consumeErrors=True), CLOSING)
        open_ = DeferredList([door.closed() for door in self._doors], consumeErrors=True)
        idle = open_.addCallback(lambda _: self._corridor.drained())
        in_time = await self._bounded("", idle, limit)
        self._corridor.draining = True
        if not in_time:
            log.warn(
                "{count} requests were still in flight after {limit} s and are cut off",
                count=self._corridor.in_flight,
                limit=limit,
            )
            for door in self._doors:
                door.abort()
        for what, step in self._after:
            await self._bounded(what, maybeDeferred(step), CLOSING)
        log.info("stopped")

    async def _bounded(self, what: str, work: Deferred[Any], seconds: float) -> bool:
        """Wait for `work`, at most `seconds`; True when it ended well in time. Cancels nothing."""
        ended: Deferred[bool] = Deferred()
        late = self._clock.callLater(seconds, lambda: ended.callback(False))

        def good(_: object) -> None:
            if late.active():
                late.cancel()
                ended.callback(True)

        def bad(failure: Failure) -> None:
            log.failure("could not {what}", failure, what=what)
            if late.active():
                late.cancel()
                ended.callback(False)

        work.addCallbacks(good, bad)
        well = await ended
        if not well and what:
            log.warn("could not {what} in {seconds} s", what=what, seconds=seconds)
        return well
