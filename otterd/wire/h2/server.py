"""The side that answers: Otter towards gRPC clients."""

from typing import Final

from otterd.wire.h2.connection import Connection
from otterd.wire.h2.decode import Memo
from otterd.wire.h2.errors import Broken, Code, Malformed
from otterd.wire.h2.fields import REQUEST, TRAILERS, Head
from otterd.wire.h2.frames import (
    DATA,
    END_HEADERS,
    END_STREAM,
    HEAD,
    HEADERS,
    MAX_STREAM,
    PREFACE,
    goaway,
    ping,
)
from otterd.wire.h2.limits import Limits
from otterd.wire.h2.messages import FRAMED, pack
from otterd.wire.h2.messages import HEAD_BYTES as MESSAGE_BYTES
from otterd.wire.h2.outgoing import Owner
from otterd.wire.h2.stream import NOBODY, Stream

_DRAINING: Final = b"otterbye"
_MOST_SKIPPED: Final = 16

_FRAME: Final = HEAD.pack
_MESSAGE: Final = FRAMED.pack
_WRONG: Final = Code.PROTOCOL_ERROR


class ServerConnection(Connection):
    """A server's connection; see the package for an example."""

    __slots__ = ("_accepted", "_draining_since", "_last", "_most", "_skipped")

    _server = True
    _preface = PREFACE

    def __init__(self, owner: Owner, limits: Limits | None = None, memo: Memo | None = None) -> None:
        super().__init__(owner, limits, memo)
        self._newest = -1
        self._most = self.limits.open_streams
        self._accepted = 0
        self._last = MAX_STREAM
        self._draining_since: float | None = None
        self._skipped: list[tuple[int, int]] = []

    def reply(self, stream: Stream, block: bytes, payload: bytes, trailers: bytes) -> bool:
        """Send a whole answer of one message, as `answer` does."""
        length, size, more = len(payload), len(block), len(trailers)
        count, most = length + MESSAGE_BYTES, self._frame
        if (
            count > most or count > stream.window or count > self._window
            or size > most or more > most or self._held or self._first or stream.answered
        ):  # fmt: skip
            return self.answer(stream, block, pack(payload), trailers)
        # What `answer` comes to for nearly every call, without a copy of the payload.
        self._window -= count
        number = stream.number
        out = self._out
        if not out:
            self._wake()
        out += (
            _FRAME(size << 8 | HEADERS, END_HEADERS, number),
            block,
            _MESSAGE(count << 8 | DATA, 0, number, 0, length),
            payload,
            _FRAME(more << 8 | HEADERS, END_HEADERS | END_STREAM, number),
            trailers,
        )
        if stream.remote_open or self._watched:
            self._local_end(stream)
        else:
            stream.local_open = False
            stream.window = -1
            del self.streams[number]
        return True

    def answer(self, stream: Stream, block: bytes, data: bytes, trailers: bytes) -> bool:
        """Send a whole answer, head and trailers encoded; return False when part of `data` must wait.

        Raise QueueFull when nothing was sent.
        """
        if stream.local_open:
            self._check_queue(len(data), stream.window, stream.queued)
        self.head(stream, block)
        gone = self.send(stream, data)
        self.finish(stream, trailers)
        return gone

    def head(self, stream: Stream, block: bytes, *, end: bool = False) -> None:
        """Send the encoded head of an answer; with `end` it is all of it (trailers-only)."""
        if not stream.local_open or stream.answered:
            return
        stream.answered = True
        self._emit_block(stream, block, end=end)
        if end:
            self._local_end(stream)

    def inform(self, stream: Stream, block: bytes) -> None:
        """Send an informational (1xx) head before the answer's."""
        if stream.local_open and not stream.answered:
            self._emit_block(stream, block, end=False)

    def finish(self, stream: Stream, trailers: bytes) -> None:
        """Send the encoded trailers after all data, which ends the stream."""
        self._send_trailers(stream, trailers)

    def refuse(self, stream: Stream) -> None:
        """Tell the client that nothing was done with the request, so that it may send it again."""
        self.reset(stream, Code.REFUSED_STREAM)

    def drain(self) -> None:
        """Leave in two steps: ask for no new streams, and after a round trip name the last one accepted."""
        if self._draining_since is None and not self.over:
            self._draining_since = self.now
            self._emit(goaway(MAX_STREAM, Code.NO_ERROR))
            self._emit(ping(_DRAINING))

    def tick(self, now: float) -> None:
        """Note that it is `now` seconds, and end what has waited too long."""
        super().tick(now)
        since = self._draining_since
        if since is not None and now - since >= self.limits.drain_seconds:
            self._drained()

    def _drained(self) -> None:
        """Take the second step of leaving."""
        if self.leaving or self.over:
            return
        self.leaving = self._watched = True
        self._last = self._accepted
        if self.streams:
            self._emit(goaway(self._last, Code.NO_ERROR))
        self._freed()

    def _ponged(self, payload: bytes) -> None:
        if payload == _DRAINING and self._draining_since is not None:
            self._drained()
        else:
            super()._ponged(payload)

    def _headers(self, number: int, block: bytes, *, ends: bool) -> None:
        head: Head | None = self._known.get(block)
        code = _WRONG
        if head is None:
            try:
                head = self._decoder.head(block)
            except Malformed as malformed:
                code = malformed.code
        if (
            number != self._newest + 2
            or head is None
            or head.kind != REQUEST
            or number > self._last
            or len(self.streams) >= self._most
        ) and not self._begins(number, head, code, ends=ends):
            return
        assert head is not None
        self._newest = self._accepted = number
        stream = self.streams[number] = Stream(number, NOBODY, self.peer.window, self._own.window)
        stream.heard = True
        if head.length >= 0:
            stream.length = head.length
        if ends:
            # Known before it is answered, lest a request that is whole is told that its rest is not wanted.
            stream.remote_open = False
        receiver = self.owner.accept(stream, head)
        if stream.local_open:
            stream.receiver = receiver
        if ends and self._length_kept(stream):
            stream.receiver.ended(None)

    def _begins(self, number: int, head: Head | None, code: Code, *, ends: bool) -> bool:
        """Tell whether a request begins with what is not the head of the next one as it should be."""
        stream = self.streams.get(number)
        if stream is not None:
            self._trailers(stream, head, ends=ends)
            return False
        newest = self._newest
        if number <= newest or not number & 1:
            self._stray_headers(number)
            return False
        self._newest = number
        if number != newest + 2:
            self._skipped = [*self._skipped[1 - _MOST_SKIPPED :], (newest + 2, number - 2)]
        if number > self._last:
            self._ignore()
        elif head is None or head.kind != REQUEST:
            self._stream_error(number, code, "a header list that breaks the rules")
        elif len(self.streams) >= self._most:
            self._stream_error(number, Code.REFUSED_STREAM, "more streams than announced")
        else:
            return True
        return False

    def _data(self, stream: Stream, flags: int, payload: bytes) -> None:
        """Hand on the payload of a DATA frame, which is all of the request as a rule."""
        count = len(payload)
        if (
            not flags & END_STREAM
            or stream.got
            or count > stream.allowed
            or self._got > self._allowed
            or (stream.length >= 0 and stream.length != count)
        ):
            super()._data(stream, flags, payload)
            return
        # No more can come on the stream: its window needs nothing, and the connection's has it back at once.
        stream.got = stream.returned = count
        self._returned += count
        if (self._allowed - self._returned) * 2 <= self.limits.connection_window:
            self._credit(0)
        stream.remote_open = False
        stream.receiver.data(payload)
        stream.receiver.ended(None)

    def _trailers(self, stream: Stream, head: Head | None, *, ends: bool) -> None:
        number = stream.number
        if not stream.remote_open:
            self._stream_error(number, Code.STREAM_CLOSED, "HEADERS after the end of a request")
        elif head is None or head.kind != TRAILERS or not ends:
            self._stream_error(number, Code.PROTOCOL_ERROR, "a second head that is no trailers")
        else:
            self._remote_end(stream, head)

    def _stray_headers(self, number: int) -> None:
        """Answer HEADERS on a stream that cannot be opened, or was closed."""
        if not number & 1 or any(low <= number <= high for low, high in self._skipped):
            raise Broken(Code.PROTOCOL_ERROR, "a stream with a number that is none of a new one")
        if self._late(number):
            if not self._ended.crossed(number):
                self._ignore()
        else:
            raise Broken(Code.STREAM_CLOSED, "HEADERS on a closed stream")

    def _remote_end(self, stream: Stream, trailers: Head | None = None) -> None:
        if not stream.remote_open or (stream.length >= 0 and not self._length_kept(stream)):
            return
        stream.remote_open = False
        stream.receiver.ended(trailers)

    def _local_end(self, stream: Stream) -> None:
        """Close `stream`: after an answer's end the rest of the request is not wanted."""
        stream.local_open = False
        stream.window = -1
        if stream.remote_open:
            stream.remote_open = False
            self._send_reset(stream.number, Code.NO_ERROR)
            self._credit(stream.got - stream.returned)
            stream.returned = stream.got
        # A queue that empties may close a stream within a receiver's call.
        if self.streams.pop(stream.number, None) is not None and self._watched:
            self._freed()

    def _idle(self, number: int) -> bool:
        return not number & 1 or number > self._newest

    def _late(self, number: int) -> bool:
        return number > self._last or super()._late(number)

    def _last_accepted(self) -> int:
        return self._accepted

    def _goaway(self, last: int, code: int) -> None:
        """Note that the client leaves; its streams are still answered."""
        self.owner.going_away(code)
