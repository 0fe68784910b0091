"""All HTTP connections together: their number, their deadlines, and their end."""

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IAddress, IDelayedCall, IReactorTime
from twisted.internet.protocol import Factory

from otterd.config.live import Live
from otterd.edges.http.connection import HttpConnection
from otterd.edges.http.exchange import Site
from otterd.edges.http.keeper import SWEEP, Keeper, Ledger
from otterd.edges.http.respond import date_line

TURNED_AWAY = 64
"""How many connections over the limit are told so at once; further ones are just closed."""


class HttpFactory(Factory):
    """Makes the connections of the HTTP door, and moves the time that `keeper` has for them.

    `budget` is shared with the other doors.
    """

    noisy = False

    def __init__(self, live: Live, clock: IReactorTime, site: Site, ledger: Ledger) -> None:
        self.keeper = Keeper(live, site, ledger)
        self.budget = self.keeper.budget
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

    def opened(self, connection: HttpConnection) -> bool:
        """Count `connection`; return whether there is room for it."""
        if self._sweeping is None:
            self._swept = self._clock.seconds()
            self._sweep_later()
        self._open.add(connection)
        over = len(self._open) - self.keeper.live.config.max_connections
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
        if self.keeper.draining:
            return
        self.keeper.draining = True
        self._drain_began = self.keeper.now
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
        self.keeper.date = date_line()
        self._sweeping = self._clock.callLater(SWEEP, self._sweep)

    def _sweep(self) -> None:
        self._sweep_later()
        keeper, now = self.keeper, self._clock.seconds()
        keeper.now += min(max(now - self._swept, 0.0), 2 * SWEEP)
        self._swept = now
        for connection in list(self._open):
            connection.tick(keeper.now)
        if keeper.draining:
            self._end_tunnels()

    def _end_tunnels(self) -> None:
        # Nothing ends a tunnel by itself, so it would hold every stop up for all of its time.
        if self.keeper.now < self._drain_began + self.keeper.idle_allowed:
            return
        if not any(connection.answering for connection in self._open):
            for connection in list(self._open):
                connection.end()
