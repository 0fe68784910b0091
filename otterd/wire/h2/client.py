"""The side that asks: Otter towards an alpha."""

from typing import Final

from otterd.wire.h2 import settings
from otterd.wire.h2.connection import Connection
from otterd.wire.h2.decode import Memo
from otterd.wire.h2.errors import Broken, Code, Leaving, Lost, Malformed, NoRoom
from otterd.wire.h2.fields import ANSWER, INTERIM, TRAILERS, Head
from otterd.wire.h2.frames import DATA, END_HEADERS, END_STREAM, HEAD, HEADERS, MAX_STREAM, PREFACE
from otterd.wire.h2.limits import Limits
from otterd.wire.h2.messages import FRAMED, pack
from otterd.wire.h2.messages import HEAD_BYTES as MESSAGE_BYTES
from otterd.wire.h2.outgoing import Owner
from otterd.wire.h2.stream import NOBODY, Receiver, Stream

_MESSAGE: Final = FRAMED.pack
_FRAME: Final = HEAD.pack


class ClientConnection(Connection):
    """A client's connection; see the package for an example."""

    __slots__ = (
        "_last", "_most", "_wanting",
    )  # fmt: skip

    def __init__(self, owner: Owner, limits: Limits | None = None, memo: Memo | None = None) -> None:
        super().__init__(owner, limits, memo)
        self._newest = -1
        self._most = min(self.peer.streams, self.limits.open_streams)
        self._wanting = False
        self._last = MAX_STREAM

    def start(self, now: float) -> None:
        """Say the preface of HTTP/2 and ours at `now` seconds."""
        self._emit(PREFACE)
        super().start(now)

    @property
    def room(self) -> int:
        """How many requests may be sent now."""
        return 0 if self.leaving or self.over else max(0, self._most - len(self.streams))

    def request(self, block: bytes, receiver: Receiver, body: bytes = b"", *, end: bool = True) -> Stream:
        """Open a stream with the encoded fields `block` and the beginning (or, with `end`, all) of its body.

        Raise Leaving, NoRoom or QueueFull when nothing was sent.
        """
        stream = Stream(0, receiver, 0, 0)
        self.open(stream, receiver, block, body, end=end)
        return stream

    def call(self, stream: Stream, receiver: Receiver, block: bytes, payload: bytes) -> None:
        """Open `stream` with the encoded fields `block` and all of its body, which is one message.

        Raise Leaving, NoRoom or QueueFull when nothing was sent.
        """
        count, size, most = len(payload) + MESSAGE_BYTES, len(block), self._frame
        if (
            self.leaving or self.over or len(self.streams) >= self._most or self.queued
            or count > most or count > self._window or count > self.peer.window or size > most
            or self._held or self._first or self._newest >= MAX_STREAM - 2
        ):  # fmt: skip
            self.open(stream, receiver, block, pack(payload))
            return
        # What `open` comes to for nearly every call, without a copy of the payload.
        number = self._newest = self._newest + 2
        self.streams[number] = stream
        stream.number = number
        stream.receiver = receiver
        stream.allowed = self._own.window
        stream.window = -1
        stream.local_open = False
        self._window -= count
        out = self._out
        if not out:
            self._wake()
        out += (
            _FRAME(size << 8 | HEADERS, END_HEADERS, number),
            block,
            _MESSAGE(count << 8 | DATA, END_STREAM, number, 0, count - MESSAGE_BYTES),
            payload,
        )

    def open(
        self, stream: Stream, receiver: Receiver, block: bytes, body: bytes = b"", *, end: bool = True
    ) -> None:
        """Open `stream`, as yet without a number, as `request` does."""
        if self.leaving or self.over:
            raise Leaving("the connection takes no new requests")
        if len(self.streams) >= self._most:
            self._wanting = self._watched = True
            raise NoRoom("as many streams are open as the peer allows")
        if self.queued:
            self._check_queue(len(body), self.peer.window, 0)
        number = self._newest = self._newest + 2
        stream.number = number
        stream.receiver = receiver
        stream.window = self.peer.window
        stream.allowed = self._own.window
        self.streams[number] = stream
        if number == MAX_STREAM:
            self._leave()
        size, count = len(block), len(body)
        most = self._frame
        if (
            not end or not count or count > most or count > self._window or count > stream.window
            or size > most or self._held or self._first
        ):  # fmt: skip
            self._request_in_parts(stream, block, body, end=end)
            return
        self._window -= count
        stream.window = -1
        stream.local_open = False
        out = self._out
        if not out:
            self._wake()
        out += (
            _FRAME(size << 8 | HEADERS, END_HEADERS, number),
            block,
            _FRAME(count << 8 | DATA, END_STREAM, number),
            body,
        )

    def _request_in_parts(self, stream: Stream, block: bytes, body: bytes, *, end: bool) -> None:
        self._emit_block(stream, block, end=end and not body)
        if body:
            self.send(stream, body, end=end)
        elif end:
            self._local_end(stream)

    def _headers(self, number: int, block: bytes, *, ends: bool) -> None:
        head = self._known.get(block)
        if head is None:
            try:
                head = self._decoder.head(block)
            except Malformed as malformed:
                self._malformed(number, malformed.code)
                return
        stream = self.streams.get(number)
        if stream is None:
            self._stray_headers(number)
        elif stream.heard:
            if head.kind != TRAILERS or not ends:
                self._malformed(number, Code.PROTOCOL_ERROR)
            else:
                self._remote_end(stream, head)
        elif head.kind == ANSWER:
            stream.heard = True
            if head.length >= 0 and head.status != 304:
                stream.length = head.length
            stream.receiver.headers(head)
            if ends:
                self._remote_end(stream)
        else:
            self._informed(stream, head, ends=ends)

    def _informed(self, stream: Stream, head: Head, *, ends: bool) -> None:
        """Take a 1xx head, or what is no head at all."""
        stream.interim += 1
        if head.kind != INTERIM or ends:
            self._malformed(stream.number, Code.PROTOCOL_ERROR)
        elif stream.interim > self.limits.informational:
            self._malformed(stream.number, Code.ENHANCE_YOUR_CALM)
        else:
            stream.receiver.informed(head)

    def _malformed(self, number: int, code: Code) -> None:
        if number in self.streams:
            self._stream_error(number, code, "a header list that breaks the rules")
        else:
            self._stray_headers(number)

    def _stray_headers(self, number: int) -> None:
        if self._idle(number):
            raise Broken(Code.PROTOCOL_ERROR, "HEADERS on a stream that was never opened")
        if self._late(number):
            if not self._ended.crossed(number):
                self._ignore()
        else:
            self._stream_error(number, Code.STREAM_CLOSED, "HEADERS on a closed stream")

    def _remote_end(self, stream: Stream, trailers: Head | None = None) -> None:
        """End the call: what the server has not read of it by now, it does not want."""
        if not stream.remote_open or (stream.length >= 0 and not self._length_kept(stream)):
            return
        stream.remote_open = False
        if stream.local_open:
            self._send_reset(stream.number, Code.CANCEL)
            self._drop_queue(stream)
        del self.streams[stream.number]
        # A stream that is over holds on to nobody: what refers to itself waits for a collection.
        receiver, stream.receiver = stream.receiver, NOBODY
        receiver.ended(trailers)
        if self._watched:
            self._freed()

    def _local_end(self, stream: Stream) -> None:
        stream.local_open = False
        stream.window = -1

    def _idle(self, number: int) -> bool:
        return not number & 1 or number > self._newest

    def _freed(self) -> None:
        if self._wanting and self.room:
            self._wanting = False
            self._watched = self.leaving
            self.owner.room_made()
        super()._freed()

    def _check_settings(self, values: dict[int, int]) -> None:
        if values.get(settings.ENABLE_PUSH):
            raise Broken(Code.PROTOCOL_ERROR, "a server that enables push")

    def _settings_changed(self) -> None:
        self._most = min(self.peer.streams, self.limits.open_streams)
        self._freed()

    def _goaway(self, last: int, code: int) -> None:
        """Finish what the server will answer, and tell of the rest that it was not processed."""
        self._last = min(last, self._last)
        self._leave()
        self.owner.going_away(code)
        for stream in [stream for stream in self.streams.values() if stream.number > self._last]:
            self._lose(stream, Lost(code, unprocessed=True, remote=True, text="the peer is going away"))
        self._freed()

    def leave(self) -> None:
        """Send no new requests, and end the connection after the last answer."""
        self._leave()
        self._freed()

    def _leave(self) -> None:
        self.leaving = self._watched = True
