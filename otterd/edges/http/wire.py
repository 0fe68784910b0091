"""The transport of one HTTP connection: whether the client reads, and how the end is made.

An end that the client did not ask for *lingers*: the sending side is closed and what still comes
is thrown away for a while. Closing at once would make the kernel reset the connection, which
can destroy the reply before the client has read it.
"""

from math import inf
from typing import Any

from twisted.internet.interfaces import IPushProducer, ISSLTransport

from otterd.edges.http.keeper import Keeper

LINGER = 2.0
"""For how many seconds a client may take to close after us, at each of two steps."""

LINGER_BYTES = 32 * 1048576
"""How much unwanted input is thrown away before the connection is cut."""


def unsent(transport: Any) -> int | None:
    """Return the bytes that `transport` holds for its peer, or None when it does not tell."""
    # No Twisted interface tells this. Under TLS the bytes wait in the transport beneath.
    buffer = getattr(transport, "dataBuffer", None)
    if buffer is None:
        return None
    return len(buffer) - int(transport.offset) + int(getattr(transport, "_tempDataLen", 0))


class Wire:
    """Writes to `transport`, watches its progress, and ends it; silent once it is lost.

    `clogged` is True while the transport wants no more; its producer unsets it. `closing` is
    True from the moment the end is decided. `paused` is True while nothing is read.
    """

    def __init__(self, transport: Any, keeper: Keeper) -> None:
        # Any: what is used here is spread over four of Twisted's interfaces.
        self._transport = transport
        self._keeper = keeper
        self.secure = bool(ISSLTransport.providedBy(transport))
        self.peer = str(getattr(transport.getPeer(), "host", ""))
        self.write = transport.write
        self.put = transport.writeSequence
        self.clogged = False
        self._clogs = 0
        self.closing = False
        self._registered = False
        self._lingering = False
        self.paused = False
        self._dropped = 0
        self._deadline = inf
        self._left = 0
        self._left_since = keeper.now

    def pace(self, producer: IPushProducer) -> None:
        """Let the transport pause and resume `producer`."""
        self._registered = True
        self._transport.registerProducer(producer, True)

    def pause(self, *, on: bool) -> None:
        """Stop reading, or read on."""
        if on is not self.paused:
            self.paused = on
            if on:
                self._transport.pauseProducing()
            else:
                self._transport.resumeProducing()

    def clog(self) -> None:
        """Be told that the transport wants no more for now."""
        self.clogged = True
        self._clogs += 1

    def buffer_up_to(self, size: int) -> None:
        """Let the transport hold `size` bytes before it calls for a pause."""
        if hasattr(self._transport, "bufferSize"):
            self._transport.bufferSize = size

    def drop(self, size: int) -> None:
        """Throw away `size` bytes of input that nobody wants."""
        self._dropped += size
        if self._dropped > LINGER_BYTES:
            self.abort()

    def end(self, *, lingering: bool) -> None:
        """Close once all is sent; `lingering` gives the client time to read it."""
        if self.closing:
            return
        self.closing = True
        self._lingering = lingering
        self._deadline = self._keeper.due(LINGER)
        self._let_go()
        if not lingering:
            self._transport.loseConnection()
            return
        self.pause(on=False)
        half_close = getattr(self._transport, "loseWriteConnection", None)
        if half_close is not None and not self.secure:
            half_close()

    def abort(self) -> None:
        """Cut the connection off; what is unsent is lost."""
        self.closing = True
        self._lingering = False
        self._let_go()
        self._transport.abortConnection()

    def client_ended(self) -> None:
        """Be told that the client sends nothing more."""
        if self._lingering:
            self._lingering = False
            self._transport.loseConnection()

    def tick(self, now: float) -> None:
        """Cut off a client that does not read, or does not close."""
        left = unsent(self._transport)
        if left is None:
            left = self._clogs if self.clogged else 0
        if not left or left != self._left:
            self._left = left
            self._left_since = now
        elif now - self._left_since > self._keeper.live.config.progress_timeout:
            self.abort()
            return
        if now >= self._deadline:
            self._end_further(left)

    def _let_go(self) -> None:
        # A transport does not close while a producer is registered.
        if self._registered:
            self._registered = False
            self._transport.unregisterProducer()

    def _end_further(self, left: int) -> None:
        self._deadline = self._keeper.due(LINGER)
        if self._lingering:
            self._lingering = False
            self._transport.loseConnection()
        elif not left:
            self.abort()
