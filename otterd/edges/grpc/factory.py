"""All gRPC connections together: their number, their time, and their end."""

from collections.abc import Callable

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IAddress, IDelayedCall, IProtocolNegotiationFactory, IReactorTime
from twisted.internet.protocol import Factory
from zope.interface import implementer

from otterd.config.live import Live
from otterd.config.schema import Config
from otterd.core.steady import Steady
from otterd.edges.grpc.connection import GrpcConnection
from otterd.edges.grpc.line import Line
from otterd.edges.grpc.seams import Books, Corridor, Gatekeeper, Readiness
from otterd.edges.http.reader import Budget
from otterd.wire.h2 import Limits, Memo

SWEEP = 0.5
"""Seconds between two looks at all that may take too long."""

POLITE = 64
"""Connections over the limit that are told so; any more are cut."""

UNREAD = 1 << 30
"""Bytes of answers that may wait on one connection: they are in memory already, and no further call is
begun from `line.EASY` on."""

Soon = Callable[[Callable[[], None]], object]
"""Calls something when the reactor's turn is over."""


def limits_of(config: Config) -> Limits:
    """Return what a connection takes from its client."""
    return Limits(
        open_streams=config.grpc_max_streams,
        header_list_bytes=config.max_header_bytes,
        header_block_bytes=max(config.max_header_bytes, 32_768),
        queued_stream_bytes=UNREAD,
        queued_bytes=UNREAD,
    )


@implementer(IProtocolNegotiationFactory)
class GrpcFactory(Factory):
    """Makes the connections of the gRPC door and keeps their time, which `clock` tells.

    `soon` is how what was written in a turn goes out at its end.
    """

    noisy = False

    def __init__(
        self,
        live: Live,
        timer: IReactorTime,
        clock: Steady,
        gateway: Corridor,
        guard: Gatekeeper,
        ledger: Books,
        readiness: Readiness,
        store: Budget,
        *,
        soon: Soon | None = None,
    ) -> None:
        self.live = live
        self.gateway = gateway
        self.guard = guard
        self.ledger = ledger
        self.readiness = readiness
        self.store = store
        self.seconds = clock.seconds
        self.memo = Memo()
        self.limits = limits_of(live.config)
        self.draining = False
        self._timer = timer
        self._soon: Soon = soon or (lambda what: timer.callLater(0, what))
        self._open: dict[Line, None] = {}
        self._unsent: dict[Line, None] = {}
        self._waiting: list[Deferred[None]] = []
        self._sweeping: IDelayedCall | None = None
        live.watch(self._reconfigure)

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._open)

    def acceptableProtocols(self) -> list[bytes]:
        """Return what TLS is to agree on by ALPN."""
        return [b"h2"]

    def buildProtocol(self, addr: IAddress | None) -> GrpcConnection:
        """Return the protocol of a new connection."""
        return GrpcConnection(self)

    def opened(self, line: Line) -> bool:
        """Count `line`; return whether there is room for it."""
        if self._sweeping is None:
            self._sweeping = self._timer.callLater(SWEEP, self._sweep)
        self._open[line] = None
        over = len(self._open) - self.live.config.grpc_max_connections
        if over > POLITE:
            line.abort()
        return over <= 0

    def lost(self, line: Line) -> None:
        """Forget `line`."""
        self._open.pop(line, None)
        self._unsent.pop(line, None)
        if self._open:
            return
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None
        waiting, self._waiting = self._waiting, []
        for done in waiting:
            done.callback(None)

    def flush_later(self, line: Line) -> None:
        """Let `line` send at the end of this turn, with all others."""
        if not self._unsent:
            self._soon(self._flush)
        self._unsent[line] = None

    def drain(self) -> None:
        """Let each connection end with what it has in hand."""
        self.draining = True
        for line in list(self._open):
            line.drain()

    def closed(self) -> Deferred[None]:
        """Return what fires once no connection is left."""
        if not self._open:
            return succeed(None)
        done: Deferred[None] = Deferred()
        self._waiting.append(done)
        return done

    def abort(self) -> None:
        """Cut every connection off."""
        for line in list(self._open):
            line.abort()

    def _flush(self) -> None:
        unsent, self._unsent = self._unsent, {}
        for line in unsent:
            line.flush()

    def _sweep(self) -> None:
        self._sweeping = self._timer.callLater(SWEEP, self._sweep)
        now = self.seconds()
        for line in list(self._open):
            line.tick(now)

    def _reconfigure(self, old: Config, new: Config) -> None:
        """Take the limits over, for connections to come."""
        self.limits = limits_of(new)
