"""The way out: frames collected for one write, the peer's windows, and what waits for them."""

from collections import deque
from collections.abc import Iterator
from typing import Final, Protocol

from otterd.wire.h2.encode import NO_TABLE
from otterd.wire.h2.errors import Broken, QueueFull
from otterd.wire.h2.fields import Head
from otterd.wire.h2.frames import DATA, END_HEADERS, END_STREAM, HEAD, HEADERS, header_frames
from otterd.wire.h2.limits import Limits
from otterd.wire.h2.settings import PeerSettings
from otterd.wire.h2.stream import Receiver, Stream

_FRAME: Final = HEAD.pack


class Owner(Protocol):
    """Who holds the connection and its transport."""

    def wake(self) -> None:
        """Take `data_to_send` at the end of this turn (said once until it is taken)."""

    def closed(self, broken: Broken | None) -> None:
        """The connection is over, in order (None) or not: send what there is, then close the transport."""

    def ponged(self, payload: bytes) -> None:
        """The peer answered a `ping`."""

    def going_away(self, code: int) -> None:
        """The peer takes no new streams (client); those that it will answer go on."""

    def room_made(self) -> None:
        """A request can be sent again after NoRoom (client)."""

    def accept(self, stream: Stream, head: Head) -> Receiver:
        """Return who hears of a new request (server)."""


class Outgoing:
    """What both roles send, and when."""

    __slots__ = (
        "_blocked", "_first", "_flushed", "_frame", "_held", "_newest", "_out", "_pieces", "_wake",
        "_window", "limits", "now", "owner", "peer", "queued", "streams",
    )  # fmt: skip

    def __init__(self, owner: Owner, limits: Limits) -> None:
        self.owner = owner
        self.limits = limits
        self.streams: dict[int, Stream] = {}
        self.peer = PeerSettings()
        self.now = 0.0
        """Seconds, as last told."""
        self.queued = 0
        """Bytes that wait on all streams."""
        self._newest = 0
        """The highest stream number that was used."""
        self._pieces = 0
        """DATA frames sent, but for those that went in one piece with their head."""
        self._flushed = 0
        """The highest one when the transport last took all there was."""
        self._wake = owner.wake
        self._out: list[bytes | memoryview] = []
        self._window = 65_535
        self._frame = self.peer.frame_bytes
        self._blocked: dict[Stream, None] = {}
        self._held = False
        self._first = NO_TABLE

    def data_to_send(self) -> bytes:
        """Return all that the transport shall send now, in one piece."""
        out = self._out
        data = b"".join(out)
        out.clear()
        self._flushed = self._newest
        return data

    def hold(self) -> None:
        """Let DATA wait, for the transport takes no more."""
        self._held = True

    def release(self) -> None:
        """Let DATA flow again."""
        self._held = False
        self._pump()

    def send(self, stream: Stream, data: bytes, *, end: bool = False) -> bool:
        """Send `data`; return False when part of it waits for the peer, until `drained`.

        Raise QueueFull, and take nothing, when more waits already than the limits allow.
        Data for a stream that is gone is dropped.
        """
        count = len(data)
        if (
            not count
            or count > stream.window
            or count > self._window
            or count > self._frame
            or self._held
            or stream.queue
        ):
            return self._send_later(stream, data, end=end)
        stream.window -= count
        self._window -= count
        self._pieces += 1
        out = self._out
        if not out:
            self._wake()
        out.append(_FRAME(count << 8 | DATA, END_STREAM if end else 0, stream.number))
        out.append(data)
        if end:
            self._local_end(stream)
        return True

    def stalled(self, since: float) -> Iterator[Stream]:
        """Yield the streams whose waiting bytes have not moved since `since` seconds: slow readers."""
        return (stream for stream in list(self._blocked) if stream.blocked_since <= since)

    def _emit(self, frame: bytes) -> None:
        if not self._out:
            self._wake()
        self._out.append(frame)

    def _emit_block(self, stream: Stream, block: bytes, *, end: bool) -> None:
        """Send a header block; the connection's first one says that no table is used."""
        out = self._out
        if not out:
            self._wake()
        if self._first:
            block, self._first = self._first + block, b""
        if len(block) > self._frame:
            out += header_frames(stream.number, block, self._frame, end=end)
            return
        flags = END_HEADERS | END_STREAM if end else END_HEADERS
        out.append(_FRAME(len(block) << 8 | HEADERS, flags, stream.number))
        out.append(block)

    def _send_later(self, stream: Stream, data: bytes, *, end: bool) -> bool:
        """Queue `data` behind what waits, and send what may go."""
        if not stream.local_open or stream.end_queued or not (data or end):
            return True
        self._check_queue(len(data), stream.window, stream.queued)
        if stream.queue is None:
            stream.queue = deque()
            stream.blocked_since = self.now
        stream.queue.append(memoryview(data))
        stream.queued += len(data)
        self.queued += len(data)
        stream.end_queued = end
        self._blocked[stream] = None
        self._pump()
        return stream.queue is None

    def _check_queue(self, count: int, window: int, waiting: int) -> None:
        """Raise QueueFull when of `count` bytes some would wait, behind `waiting`, at the bounds."""
        if waiting < self.limits.queued_stream_bytes and self.queued < self.limits.queued_bytes:
            return
        if waiting or (count and (self._held or count > min(window, self._window))):
            raise QueueFull("too many bytes wait for the peer's window")

    def _send_trailers(self, stream: Stream, block: bytes) -> None:
        """Send `block` as trailers, behind what waits."""
        if not stream.local_open or stream.end_queued:
            return
        if stream.queue is not None:
            stream.trailers = block
            stream.end_queued = True
            return
        self._emit_block(stream, block, end=True)
        self._local_end(stream)

    def _pump(self) -> None:
        """Send what the windows allow, a frame of each stream in turn."""
        while self._blocked and not self._held:
            moved = False
            for stream in list(self._blocked):
                if stream in self._blocked and self._send_part(stream):
                    moved = True
            if not moved:
                return

    def _send_part(self, stream: Stream) -> bool:
        """Send the next frame of what waits on `stream`; return whether anything moved."""
        queue = stream.queue
        if queue is None:
            return False
        part = queue[0]
        count = min(len(part), max(stream.window, 0), self._window, self._frame)
        if not count and len(part):
            return False
        last = count == len(part)
        if last:
            queue.popleft()
        else:
            queue[0] = part[count:]
        stream.blocked_since = self.now
        stream.queued -= count
        self.queued -= count
        stream.window -= count
        self._window -= count
        self._pieces += 1
        done = not queue
        end = done and stream.end_queued and stream.trailers is None
        self._emit(_FRAME(count << 8 | DATA, END_STREAM if end else 0, stream.number))
        self._out.append(part[:count])
        if done:
            self._queue_done(stream)
        return True

    def _queue_done(self, stream: Stream) -> None:
        stream.queue = None
        self._blocked.pop(stream, None)
        if stream.trailers is not None:
            self._emit_block(stream, stream.trailers, end=True)
        if stream.end_queued:
            self._local_end(stream)
        stream.receiver.drained()

    def _drop_queue(self, stream: Stream) -> None:
        """Forget what waits on `stream`, and send no more on it."""
        stream.local_open = False
        stream.window = -1
        if stream.queue is not None:
            self.queued -= stream.queued
            stream.queued = 0
            stream.queue = None
            stream.trailers = None
            self._blocked.pop(stream, None)

    def _local_end(self, stream: Stream) -> None:
        """Note that this side has said all on `stream`."""
        raise NotImplementedError
