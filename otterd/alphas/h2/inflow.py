"""DATA of one stream on its way to a Sink, held while that is paused: never more than the stream's window."""

from collections import deque

from otterd.alphas.h2.link import Link
from otterd.core.operation import Sink
from otterd.wire.h2 import Stream


class Inflow:
    """What came and was not yet taken. The alpha may send more only as the sink takes it."""

    __slots__ = (
        "_connection",
        "_delivering",
        "_held",
        "_link",
        "_sink",
        "_stream",
        "over",
        "paused",
        "reason",
    )

    def __init__(self, link: Link, stream: Stream) -> None:
        self._link = link
        self._connection = link.connection
        self._stream = stream
        self._held: deque[bytes] = deque()
        self._sink: Sink | None = None
        self._delivering = False
        self.paused = False
        self.over = False
        """Whether the sink hears nothing more."""
        self.reason: str | None = None
        """Why no more comes, empty when all came; None before."""
        link.flows(more=True)

    def start(self, sink: Sink) -> None:
        """Begin to flow into `sink`."""
        self._sink = sink
        self._deliver()

    def pause(self) -> None:
        """Hold what comes."""
        self.paused = True

    def resume(self) -> None:
        """Go on."""
        self.paused = False
        self._deliver()

    def take(self, data: bytes) -> None:
        """Take what came."""
        if data:
            self._held.append(data)
            self._deliver()

    def end(self, reason: str = "") -> None:
        """Be told that this was all, or with a `reason` that the rest will never come."""
        if self.reason is None:
            self.reason = reason
            self._deliver()

    def drop(self) -> None:
        """Give up, for nobody wants the rest. Safe to do twice."""
        if not self.over:
            self.over = True
            self.reason = self.reason or "nobody wants it"
            self._give_back()

    def _deliver(self) -> None:
        """Hand over what is held; the sink may pause, resume or stop while it takes a piece."""
        sink = self._sink
        if sink is None or self._delivering:
            return
        self._delivering = True
        held = self._held
        while held and not self.paused and not self.over:
            piece = held.popleft()
            self._connection.consumed(self._stream, len(piece))
            sink.write(piece)
        self._delivering = False
        if self.reason is None or self.over or held or self.paused:
            return
        self.over = True
        self._give_back()
        if self.reason:
            sink.fail(self.reason)
        else:
            sink.finish()

    def _give_back(self) -> None:
        """Count what nobody will read as read, for the other streams' sake."""
        self._link.flows(more=False)
        while self._held:
            self._connection.consumed(self._stream, len(self._held.popleft()))
