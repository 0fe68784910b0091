"""The WebSocket door: who may come in, with which limits, and how all are sent away."""

from typing import Any

import txaio
from autobahn.twisted.websocket import WebSocketServerFactory
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime

from otterd.config.live import Live
from otterd.config.schema import Config
from otterd.core.operation import Caller
from otterd.edges.ws.protocol import OtterSocket
from otterd.edges.ws.seams import Books, Corridor, Gatekeeper
from otterd.errors import Draining, Overloaded

POLITE = 128
"""Connections over the limit that are still told so; any more are cut."""


class OtterSocketFactory(WebSocketServerFactory):
    """Makes a socket for each connection; `strangers` counts those without authentication."""

    protocol: Any = OtterSocket
    endpoint = b"/ws"
    noisy = False

    def __init__(
        self, live: Live, clock: IReactorTime, gateway: Corridor, guard: Gatekeeper, ledger: Books
    ) -> None:
        # Autobahn's timers know no other way to a clock; it is the process's.
        txaio.config.loop = clock  # type: ignore[attr-defined]
        super().__init__(server=None, reactor=clock)
        self.live = live
        self.clock = clock
        self.gateway = gateway
        self.guard = guard
        self.ledger = ledger
        self.strangers = 0
        self._sockets: set[OtterSocket] = set()
        self._draining = False
        self._waiting: list[Deferred[None]] = []
        self._configure(live.config, live.config)
        live.watch(self._configure)

    @property
    def connections(self) -> int:
        """How many sockets are open, those in their handshake included."""
        return len(self._sockets)

    def drain(self) -> None:
        """Let every socket finish what it received and close; whoever comes now is refused."""
        self._draining = True
        for socket in tuple(self._sockets):
            socket.drain()

    def closed(self) -> "Deferred[None]":
        """Fire when no socket is open."""
        if not self._sockets:
            return succeed(None)
        waiting: Deferred[None] = Deferred()
        self._waiting.append(waiting)
        return waiting

    def abort(self) -> None:
        """Cut every socket at once."""
        for socket in tuple(self._sockets):
            socket.cut()

    def admit(self, caller: Caller) -> None:
        """Let a handshake pass, or raise the OtterError that it is refused with."""
        config = self.live.config
        if self._draining:
            raise Draining("this gateway is going away", retry_after=1)
        if len(self._sockets) > config.ws_max_connections:
            raise Overloaded("too many WebSockets are open", retry_after=1)
        if self.strangers >= config.ws_max_unauthenticated:
            raise Overloaded("too many WebSockets are open that have not authenticated", retry_after=1)
        self.guard.admit_socket(caller)

    def joined(self, socket: OtterSocket) -> bool:
        """Count a new connection in; False when it must be cut unheard."""
        self._sockets.add(socket)
        return len(self._sockets) <= self.live.config.ws_max_connections + POLITE

    def left(self, socket: OtterSocket) -> None:
        """Count a connection out."""
        self._sockets.discard(socket)
        if socket.is_stranger:
            self.strangers -= 1
        if not self._sockets:
            waiting, self._waiting = self._waiting, []
            for deferred in waiting:
                deferred.callback(None)

    def _configure(self, old: Config, new: Config) -> None:
        """Take the limits over, for connections to come."""
        self.setProtocolOptions(
            versions=[13],
            webStatus=False,
            allowNullOrigin=True,  # the guard judges origins
            maxFramePayloadSize=new.ws_max_message_bytes,
            maxMessagePayloadSize=new.ws_max_message_bytes,
            failByDrop=False,
            openHandshakeTimeout=new.ws_handshake_timeout,
            closeHandshakeTimeout=new.ws_handshake_timeout,
            autoPingInterval=new.ws_ping_interval,
            autoPingTimeout=new.ws_ping_timeout,
        )
