"""One connection to an alpha: bytes between Twisted's transport and HTTP/2."""

import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime, ISSLTransport
from twisted.logger import Logger

from otterd.errors import NotReached
from otterd.wire.h2 import FOR_ALPHAS, NOBODY, Broken, ClientConnection, Head, Memo, Receiver, Stream

log = Logger(__name__)

METADATA_LIMIT: Final = 64 * 1024 * 1024
"""Bytes of headers or trailers taken: an alpha's error may quote a long query several times over."""

LIMITS = replace(
    FOR_ALPHAS,
    header_list_bytes=METADATA_LIMIT,
    header_block_bytes=METADATA_LIMIT,
    continuation_frames=METADATA_LIMIT // 16_384 + 1,
)

MEMO: Final = Memo()
"""Header blocks that alphas send, for all connections."""

LINGER: Final = 1.0
"""Seconds that a peer has to take the last bytes before the connection is cut."""

TOGETHER: Final = 8
"""Requests that are sent before the turn's end, so that the alpha begins while the rest is prepared."""

SOCKET_OPTIONS = (
    # A host that vanished is noticed 20 s after something was sent to it, or after two minutes of silence.
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 20_000),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 20),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
)

MOST_FLOWING: Final = 32
"""Long answers that a connection carries before it takes no more calls: each may fill its stream's window."""

ALPN: Final = b"h2"

Soon = Callable[[Callable[[], None]], object]
"""Calls a function when the reactor's turn is over."""


def soon_of(reactor: Any) -> Soon:
    """Return the cheapest Soon of `reactor`."""
    loop = getattr(reactor, "_asyncioEventloop", None)
    if loop is None:
        return lambda function: reactor.callLater(0, function)
    return loop.call_soon  # type: ignore[no-any-return]


class Owner(Protocol):
    """Who uses a connection."""

    def begun(self, link: "Link") -> None:
        """Be told that `link` has a transport, whose end `gone` will tell."""

    def leaving(self, link: "Link") -> None:
        """Be told that `link` takes no new calls."""

    def gone(self, link: "Link", reason: str) -> None:
        """Be told that the connection of `link` is closed."""

    def room(self, link: "Link") -> None:
        """Be told that `link` takes calls again."""


class Link:
    """One connection. `ready` fires with it when the alpha has greeted, or fails with NotReached."""

    transport: Any

    def __init__(self, owner: Owner, clock: IReactorTime, soon: Soon) -> None:
        self.connection = ClientConnection(self, LIMITS, MEMO)
        self.ready: Deferred[Link] = Deferred(self._given_up)
        self.over: Deferred[None] = Deferred()
        self.address = ""
        self.heard = clock.seconds()
        """When the alpha last sent anything, in seconds."""
        self.since = self.heard
        """When the alpha greeted, in seconds."""
        self._owner = owner
        self._clock = clock
        self._seconds: Callable[[], float] = clock.seconds
        self._soon = soon
        self._met = False
        self.unsent = 0
        """Requests that wait for `flush`."""
        self.flowing = 0
        """How many long answers it carries."""
        self._left = False
        self._gone = False
        self._lingering: IDelayedCall | None = None
        self._problem = ""

    # What the protocol calls.

    def begin(self, transport: Any) -> None:
        """Greet the alpha, over TLS after the handshake."""
        self.transport = transport
        self._owner.begun(self)
        self.address = getattr(transport.getPeer(), "host", "")
        _watch_over(transport)
        if not ISSLTransport.providedBy(transport):
            self._greet()

    def shaken(self) -> None:
        """Greet the alpha if it chose HTTP/2 in the handshake."""
        if self.transport.negotiatedProtocol == ALPN:
            self._greet()
        else:
            self._problem = "the alpha speaks no HTTP/2 over TLS"
            self._cut()

    def received(self, data: bytes) -> None:
        """Work on what came; what is to be said to it goes out with the requests of this turn."""
        self.heard = now = self._seconds()
        connection = self.connection
        connection.receive(data, now)
        if not self._met and connection.met and not connection.leaving and not connection.over:
            self._met = True
            if not self.ready.called:
                self.since = now
                self.ready.callback(self)

    def lost(self, reason: BaseException) -> None:
        """Lose what was under way."""
        if self._lingering is not None and self._lingering.active():
            self._lingering.cancel()
        said = (self._problem or str(reason) or type(reason).__name__).rstrip(".")
        # First of all, for those who hear of a lost call may call again.
        self._gone = True
        self._owner.gone(self, said)
        if not self.ready.called:
            self.ready.errback(NotReached(said))
        self.connection.disconnected()
        self.over.callback(None)

    # What its calls and the channel call.

    def flows(self, *, more: bool) -> None:
        """Count a long answer in or out; with many of them, slow readers would starve the other calls."""
        self.flowing += 1 if more else -1
        if self.flowing >= MOST_FLOWING:
            self.leave()

    def flush(self) -> None:
        """Send all there is."""
        self.unsent = 0
        data = self.connection.data_to_send()
        if data:
            self.transport.write(data)

    def leave(self) -> None:
        """Take no new calls; close after the last answer."""
        if not self._left:
            self._left = True
            self._owner.leaving(self)
            self.connection.leave()

    def close(self) -> None:
        """Close now; calls under way are lost."""
        self._left = True
        self.connection.close()
        self._end()

    def tick(self, now: float) -> None:
        """Let time pass."""
        self.connection.tick(now)
        look = getattr(self.transport, "look", None)
        if look is not None:
            look()

    # What HTTP/2 calls.

    def wake(self) -> None:
        """Send at the end of the turn."""
        self._soon(self.flush)

    def closed(self, broken: Broken | None) -> None:
        """Close the transport, for HTTP/2 is over."""
        self._problem = str(broken or "the alpha ended the connection")
        if broken is not None:
            log.warn(
                "ended a connection to the alpha at {address}: {reason}",
                address=self.address,
                reason=self._problem,
            )
        self._owner.leaving(self)
        self._end()

    def ponged(self, payload: bytes) -> None:
        """Take no note: pings are not sent."""

    def going_away(self, code: int) -> None:
        """Take no new calls."""
        self._left = True
        self._problem = f"the alpha is going away (code {code})"
        self._owner.leaving(self)

    def room_made(self) -> None:
        """Take calls again."""
        self._owner.room(self)

    def accept(self, stream: Stream, head: Head) -> Receiver:
        """Take no requests."""
        return NOBODY

    def _greet(self) -> None:
        self.connection.start(self._seconds())
        self.flush()

    def _end(self) -> None:
        self.flush()
        if not self._gone and self._lingering is None:
            self._lingering = self._clock.callLater(LINGER, self._cut)
            self.transport.unregisterProducer()
            self.transport.loseConnection()

    def _given_up(self, _: Deferred["Link"]) -> None:
        self._cut()

    def _cut(self) -> None:
        if not self._gone:
            self.transport.abortConnection()


def _watch_over(transport: Any) -> None:
    """Let the kernel notice a peer that is gone, where the transport shows its socket."""
    if not hasattr(transport, "setTcpKeepAlive"):
        return
    transport.setTcpKeepAlive(True)
    transport.setTcpNoDelay(True)
    kernel = getattr(transport, "socket", None)
    if kernel is not None:
        for level, option, value in SOCKET_OPTIONS:
            kernel.setsockopt(level, option, value)
