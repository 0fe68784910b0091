"""Autobahn's end of a socket: all that is not usual, and every limit on the way.

Autobahn frames, validates, pings and closes. What it would do without bound or would
tell strangers is replaced here: the opening handshake, sending, and its log lines. What is
usual passes by, in the socket's line.
"""

from typing import TYPE_CHECKING, Any

import txaio
from autobahn.twisted.websocket import WebSocketServerProtocol
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from otterd.core.operation import Caller, Door
from otterd.edges.ws.frames import whole_text
from otterd.edges.ws.handshake import END, Handshake, Refused, check_beginning, parse
from otterd.edges.ws.line import SocketLine
from otterd.edges.ws.outbox import Outbox, bound_kernel
from otterd.edges.ws.session import Session
from otterd.errors import OtterError

if TYPE_CHECKING:
    from otterd.edges.ws.factory import OtterSocketFactory

POLICY, UNSUPPORTED_DATA = 1008, 1003


class OtterSocket(WebSocketServerProtocol):
    """One WebSocket; the shell of its line."""

    # Autobahn's lines below errors would show what strangers send.
    log = txaio.make_logger(level="error")  # type: ignore[attr-defined]
    factory: "OtterSocketFactory"
    transport: Any
    autoPingTimeout: float  # noqa: N815 -- Autobahn names it
    message_data: list[bytes]
    maxMessagePayloadSize: int  # noqa: N815

    def connectionMade(self) -> None:
        factory = self.factory
        self._session: Session | None = None
        self._consuming = False
        self._farewell: tuple[int, bytes] | None = None
        self._timers: dict[str, IDelayedCall] = {}
        self._outbox = Outbox(
            self.transport,
            factory.clock,
            lambda: factory.live.config.progress_timeout,
            self._eased,
            self.cut,
        )
        self._line = SocketLine(self, self.transport, self._outbox, factory.live, factory.gateway)
        self.dataReceived = self._line.received  # type: ignore[method-assign]
        bound_kernel(self.transport)
        super().connectionMade()
        if not factory.joined(self):
            self.dropConnection(abort=True)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)
        # Autobahn leaves this one running.
        if self.closeHandshakeTimeoutCall is not None:
            self.closeHandshakeTimeoutCall.cancel()
            self.closeHandshakeTimeoutCall = None
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._outbox.stop()
        if self._session is not None:
            for task in self._session.lost():
                if task.call is not None:
                    task.call.cancel()
        self.factory.left(self)

    # The opening handshake

    def processHandshake(self) -> None:
        head, ended, rest = self.data.partition(END)
        factory, config = self.factory, self.factory.live.config
        try:
            if len(head) + (len(END) if ended else 0) > config.ws_max_handshake_bytes:
                raise Refused(431, "the handshake is too large")
            if not ended:
                check_beginning(head)
                return
            handshake = parse(head, factory.endpoint, config.max_header_fields)
        except Refused as refused:
            self._refuse(refused)
            return
        self.data = rest
        self._wskey = handshake.key
        self.websocket_version = 13
        self.websocket_protocols: list[str] = []
        self.websocket_extensions: list[Any] = []
        entry = factory.ledger.open(Door.WEBSOCKET, "ws upgrade", handshake.request_id)
        caller = Caller(Door.WEBSOCKET, self._address(), handshake.forwarded, handshake.origin)
        entry.client = factory.guard.client(caller) or ""
        try:
            factory.admit(caller)
        except OtterError as error:
            entry.status, entry.verdict = error.status, error.word
            self._refuse(Refused.by(error))
        else:
            entry.status = 101
            self._accept(handshake, caller, entry.client, entry.request_id)
        factory.ledger.close(entry)

    def _accept(self, handshake: Handshake, caller: Caller, client: str, request_id: str) -> None:
        factory = self.factory
        factory.strangers += 1
        self._session = Session(self._line, factory.live, factory.guard, factory.ledger, caller, client)
        self._line.session, self._line.limit = self._session, self.maxMessagePayloadSize
        wait = factory.live.config.ws_unauthenticated_timeout
        self._timers["stranger"] = factory.clock.callLater(wait, self._remained_stranger)
        self.succeedHandshake((None, {"X-Request-Id": request_id}))

    def _refuse(self, refused: Refused) -> None:
        self.sendData(refused.render())
        self.data = b""
        self.dropConnection(abort=False)

    def _address(self) -> str:
        peer = self.transport.getPeer()
        return peer.host if isinstance(peer, IPv4Address | IPv6Address) else ""

    # Receiving

    @property
    def state(self) -> int:
        """How far Autobahn has come with the connection, of which the line must hear at once."""
        return self._state

    @state.setter
    def state(self, state: int) -> None:
        self._state = state
        self._line.open = state == self.STATE_OPEN
        self._line.plain = False

    def hear(self, data: bytes) -> None:
        self.data = self.data + data if self.data else data
        self.consumeData()

    def consumeData(self) -> None:
        """Go through what arrived, unless the session has enough to do."""
        if self._consuming:
            return
        line = self._line
        if self.state == self.STATE_CONNECTING:
            self.processHandshake()
        else:
            self._consuming = True
            try:
                more = True
                while more and not line.held and self.state != self.STATE_CLOSED:
                    more = bool(self.data) if self._take_text() else self.processData()
                    if self._outbox.size:
                        line.pace()
            finally:
                self._consuming = False
        line.plain = not (self.data or line.held or self.autoPingTimeoutCall) and self._between_texts

    @property
    def _between_texts(self) -> bool:
        """Whether a message may begin now, for all that Autobahn knows."""
        return (
            self.state == self.STATE_OPEN
            and self.current_frame is None
            and not self.inside_message
            and not self.failedByMe
        )

    def _take_text(self) -> bool:
        """Take the usual frame, as Autobahn would; tell whether there was one."""
        taken = whole_text(self.data, self.maxMessagePayloadSize) if self._between_texts else None
        if taken is None:
            return False
        text, end = taken
        self.data = self.data[end:]
        self.message_is_binary = False
        if self.autoPingTimeoutCall and self.autoPingRestartOnAnyTraffic:
            self._cancelAutoPingTimeoutCall()
        self.received(text)
        return True

    def onMessageBegin(self, isBinary: bool) -> None:
        super().onMessageBegin(isBinary)
        if isBinary and not self.failedByMe:
            self._fail_connection(UNSUPPORTED_DATA, "only text frames are spoken here")

    def onMessageEnd(self) -> None:
        # Autobahn's own makes a Deferred for every message.
        if self.state == self.STATE_OPEN and not self.failedByMe and self._session is not None:
            payload = b"".join(self.message_data)
            self.message_data = []
            self.received(payload)

    def received(self, payload: bytes) -> None:
        """Take a whole text message."""
        session = self._line.session
        assert session is not None
        session.receive(payload)

    def onAutoPingTimeout(self) -> None:
        if not self._line.held and not self._outbox.behind:
            super().onAutoPingTimeout()
            return
        # The pong may be there, unread, or the ping still wait behind an answer.
        self.autoPingTimeoutCall = self.factory._batched_timer.call_later(
            self.autoPingTimeout, self.onAutoPingTimeout
        )

    def _sendAutoPing(self) -> None:
        super()._sendAutoPing()
        # The text that comes next ends the wait for the pong.
        self._line.plain = False

    # Sending

    def sendData(self, data: bytes, sync: bool = False, chopsize: int | None = None) -> None:
        self._outbox.write(data)

    def unregisterProducer(self) -> None:
        self._outbox.unregister()

    def dropConnection(self, abort: bool = False) -> None:
        if not abort and self.state != self.STATE_CLOSED:
            self._outbox.end()
        super().dropConnection(abort)

    def _eased(self) -> None:
        session = self._session
        if self._farewell is not None:
            self._say_farewell()
        elif session is not None and self._outbox.size <= self.factory.live.config.ws_send_buffer_bytes:
            session.advance()

    # What the session asks for

    def authenticated(self) -> None:
        self.factory.strangers -= 1
        waiting = self._timers.pop("stranger", None)
        if waiting is not None:
            waiting.cancel()

    def dismiss(self, code: int, reason: str, after: float) -> None:
        if after:
            self._timers["farewell"] = self.factory.clock.callLater(after, self._dismissed, code, reason)
        elif self._farewell is None:
            self._farewell = (code, reason.encode())
            self._say_farewell()

    # The end

    def drain(self) -> None:
        """Finish what was received, then close with 1001."""
        if self._session is not None:
            self._session.drain()
        else:
            self.dropConnection(abort=True)

    def cut(self) -> None:
        """End the connection at once."""
        self._closeConnection(abort=True)

    @property
    def is_stranger(self) -> bool:
        """Whether it is open and has not authenticated."""
        return self._session is not None and not self._session.is_authenticated

    def _dismissed(self, code: int, reason: str) -> None:
        del self._timers["farewell"]
        self.dismiss(code, reason, 0)

    def _remained_stranger(self) -> None:
        del self._timers["stranger"]
        self.dismiss(POLICY, "authenticate sooner", 0)

    def _say_farewell(self) -> None:
        """Send the close frame, once nothing waits before it."""
        if self._farewell is not None and not self._outbox.size and self.state == self.STATE_OPEN:
            # `sendClose` allows no code that says what happened.
            self.sendCloseFrame(code=self._farewell[0], reasonUtf8=self._farewell[1], isReply=False)
            self._line.pace()
