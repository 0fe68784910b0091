"""What waits to be sent on one socket, in order, while its reader is slower than we are."""

import socket
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Any, Final

from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime
from zope.interface import classImplements

PIECE: Final = 32 * 1024
"""Bytes handed to the transport at once, which itself asks to wait once it holds 64 KiB."""

LOOKS: Final = 6
"""How often progress is looked for within the time in which some must be made."""

KERNEL_BUFFER: Final = 128 * 1024
"""Bytes that the kernel may hold for a slow reader (Linux doubles it); pings wait behind them."""


def bound_kernel(transport: Any) -> None:
    """Bound what the kernel takes from `transport` ahead of its reader."""
    handle = getattr(transport, "socket", None)
    if handle is not None:
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER)


class Outbox:
    """Hands bytes to `transport` as fast as it takes them.

    `size` is how many bytes wait here. `eased` is called when some have left, `stuck` when nothing
    has moved for `patience()` seconds.
    """

    def __init__(
        self,
        transport: Any,
        clock: IReactorTime,
        patience: Callable[[], float],
        eased: Callable[[], None],
        stuck: Callable[[], None],
    ) -> None:
        self.size = 0
        self._transport = transport
        self._clock = clock
        self._patience = patience
        self._eased = eased
        self._stuck = stuck
        self._pieces: deque[bytes] = deque()
        self._at = 0
        self._blocked = self._ending = False
        self._written = self._moved = 0
        self._since = 0.0
        self._watch: IDelayedCall | None = None
        transport.registerProducer(self, True)
        self._registered = True

    @property
    def behind(self) -> bool:
        """Whether the transport has asked to wait."""
        return self._blocked

    @property
    def largest(self) -> int:
        """Bytes that wait of the largest write."""
        if not self._pieces:
            return 0
        return max(len(self._pieces[0]) - self._at, max(map(len, islice(self._pieces, 1, None)), default=0))

    def write(self, data: bytes) -> None:
        """Send `data` after all that was written before."""
        self._written += len(data)
        if not (self._blocked or self._pieces) and len(data) <= PIECE:
            self._transport.write(data)
            return
        self._pieces.append(data)
        self.size += len(data)
        self._pour()

    def end(self) -> None:
        """Hand over all that waits, for the transport to close after it; it must still make progress."""
        self._ending = True
        self.unregister()
        for piece in self._pieces:
            self._transport.write(piece[self._at :])
            self._at = 0
        self._pieces.clear()
        self.size = 0
        self._look()

    def unregister(self) -> None:
        """Stop listening to the transport; safe to repeat."""
        if self._registered:
            self._registered = False
            self._transport.unregisterProducer()

    def stop(self) -> None:
        """Forget everything: the socket is gone."""
        self._blocked = True
        self._pieces.clear()
        self.size = 0
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def pauseProducing(self) -> None:
        """Be told by the transport to wait."""
        self._blocked = True
        if self._watch is None:
            self._look()

    def resumeProducing(self) -> None:
        """Be told by the transport that it holds nothing any more."""
        self._blocked = False
        self._pour()
        self._eased()

    def stopProducing(self) -> None:
        """Be told that the connection is lost; `stop` follows."""
        self._blocked = True

    def _pour(self) -> None:
        pieces = self._pieces
        while pieces and not self._blocked:
            data = pieces[0]
            if self._at or len(data) > PIECE:
                data = data[self._at : self._at + PIECE]
            self._at += len(data)
            if self._at == len(pieces[0]):
                pieces.popleft()
                self._at = 0
            self.size -= len(data)
            self._transport.write(data)

    def _look(self) -> None:
        """Start the watch over the reader's progress."""
        self._moved, self._since = self._taken(), self._clock.seconds()
        if self._watch is None:
            self._watch = self._clock.callLater(self._patience() / LOOKS, self._check)

    def _check(self) -> None:
        self._watch = None
        if not (self._blocked or self._ending):
            return
        taken, now = self._taken(), self._clock.seconds()
        if taken != self._moved:
            self._moved, self._since = taken, now
        elif now - self._since >= self._patience() - 0.001:
            self._stuck()
            return
        self._watch = self._clock.callLater(self._patience() / LOOKS, self._check)

    def _taken(self) -> int:
        """Return how many bytes have left this process, as far as the transport shows."""
        transport = self._transport
        held = len(getattr(transport, "dataBuffer", b"")) - getattr(transport, "offset", 0)
        return int(self._written - self.size - held - getattr(transport, "_tempDataLen", 0))


# Said behind the class, for one with a decorator is not built as machine code.
classImplements(Outbox, IPushProducer)
