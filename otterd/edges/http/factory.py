"""All HTTP connections together: their number, their deadlines, and their end."""

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IAddress, IDelayedCall, IReactorTime
from twisted.internet.protocol import Factory

from otterd.config.live import Live
from otterd.edges.http.connection import HttpConnection
from otterd.edges.http.exchange import Site
from otterd.edges.http.heads import Heads
from otterd.edges.http.inbox import Ledger
from otterd.edges.http.reader import Budget
from otterd.edges.http.respond import date_line

SWEEP = 0.5
"""Seconds between two looks at all deadlines; a deadline may be late by twice as much."""

DRAIN_LINGER = 0.25
"""For what part of `drain_timeout` an idle connection may still bring one more request."""

TURNED_AWAY = 64
"""How many connections over the limit are told so at once; further ones are just closed."""


class HttpFactory(Factory):
    """Makes the connections of the HTTP door and keeps their time.

    `now` is in seconds since the first connection; it moves with each sweep, and never by
    more than two sweeps: neither a clock that is set nor a stall of Otter's own takes time
    from the clients. `date` is the current `Date` field.
    """

    noisy = False

    def __init__(self, live: Live, clock: IReactorTime, site: Site, ledger: Ledger) -> None:
        self.live = live
        self.site = site
        self.ledger = ledger
        self.budget = Budget(live)
        self.heads = Heads(live)
        self.now = 0.0
        self.date = b""
        self.draining = False
        self._clock = clock
        self._open: set[HttpConnection] = set()
        self._waiting: list[Deferred[None]] = []
        self._sweeping: IDelayedCall | None = None
        self._swept = 0.0
        self._drain_began = 0.0

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._open)

    def buildProtocol(self, addr: IAddress | None) -> HttpConnection:
        """Return the protocol of a new connection."""
        return HttpConnection(self)

    def due(self, seconds: float) -> float:
        """Return the deadline that is `seconds` from now, or a little later."""
        return self.now + seconds + SWEEP

    @property
    def idle_allowed(self) -> float:
        """For how many seconds a connection may be idle."""
        config = self.live.config
        return config.drain_timeout * DRAIN_LINGER if self.draining else config.idle_timeout

    def opened(self, connection: HttpConnection) -> bool:
        """Count `connection`; return whether there is room for it."""
        if self._sweeping is None:
            self._swept = self._clock.seconds()
            self._sweep_later()
        self._open.add(connection)
        over = len(self._open) - self.live.config.max_connections
        if over > TURNED_AWAY:
            connection.abort()
        return over <= 0

    def lost(self, connection: HttpConnection) -> None:
        """Forget `connection`."""
        self._open.discard(connection)
        if self._open:
            return
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None
        waiting, self._waiting = self._waiting, []
        for done in waiting:
            done.callback(None)

    def drain(self) -> None:
        """Let each connection end with what it has in hand; idle ones may bring one more request."""
        if self.draining:
            return
        self.draining = True
        self._drain_began = self.now
        for connection in list(self._open):
            connection.drain()

    def closed(self) -> Deferred[None]:
        """Return what fires once no connection is left."""
        if not self._open:
            return succeed(None)
        done: Deferred[None] = Deferred()
        self._waiting.append(done)
        return done

    def abort(self) -> None:
        """Cut every connection off."""
        for connection in list(self._open):
            connection.abort()

    def _sweep_later(self) -> None:
        self.date = date_line()
        self._sweeping = self._clock.callLater(SWEEP, self._sweep)

    def _sweep(self) -> None:
        self._sweep_later()
        now = self._clock.seconds()
        self.now += min(max(now - self._swept, 0.0), 2 * SWEEP)
        self._swept = now
        for connection in list(self._open):
            connection.tick(self.now)
        if self.draining:
            self._end_tunnels()

    def _end_tunnels(self) -> None:
        # Nothing ends a tunnel by itself, so it would hold every stop up for all of its time.
        if self.now < self._drain_began + self.idle_allowed:
            return
        if not any(connection.answering for connection in self._open):
            for connection in list(self._open):
                connection.end()
