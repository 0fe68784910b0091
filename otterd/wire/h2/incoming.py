"""The way in: bytes to frames, header blocks from their parts, DATA against the windows that we gave."""

from typing import Final

from otterd.wire.h2.decode import Decoder, Memo
from otterd.wire.h2.errors import Broken, Code
from otterd.wire.h2.frames import (
    ACK,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    FIRST_WINDOW,
    HEAD,
    HEAD_BYTES,
    HEADERS,
    MAX_WINDOW,
    NUMBER,
    PADDED,
    PING,
    PRIORITISED,
    SETTINGS,
    WINDOW_UPDATE,
    window_update,
)
from otterd.wire.h2.limits import Limits, Meter
from otterd.wire.h2.outgoing import Outgoing, Owner
from otterd.wire.h2.settings import OwnSettings
from otterd.wire.h2.stream import Stream

_ODD_HEADERS: Final = END_HEADERS | PADDED | PRIORITISED


class Incoming(Outgoing):
    """What both roles hear. `receive` is where the time goes: the usual frames take no detour."""

    __slots__ = (
        "_allowed", "_block", "_block_bytes", "_block_ends", "_block_of", "_decoder", "_empty", "_got",
        "_greeting", "_known", "_missing", "_own", "_parts", "_returned", "_special", "_strange", "over",
    )  # fmt: skip

    _preface = b""
    """What the peer says before its first frame."""

    def __init__(self, owner: Owner, limits: Limits, memo: Memo) -> None:
        super().__init__(owner, limits)
        self.over = False
        """Whether the connection has ended; nothing is heard or said any more."""
        self._own = OwnSettings()
        self._decoder = Decoder(limits, memo)
        self._known = self._decoder.known
        self._parts: list[bytes] = []
        self._missing = 0
        self._greeting = self._preface
        self._special = True
        """Whether the next frame must be a certain one: the first SETTINGS, or a CONTINUATION."""
        self._block: list[bytes] | None = None
        self._block_of = 0
        self._block_bytes = 0
        self._block_ends = False
        self._got = 0
        self._returned = 0
        self._allowed = FIRST_WINDOW
        self._empty = Meter(limits.empty_data)
        self._strange = Meter(limits.strange_frames)

    def receive(self, data: bytes, now: float) -> None:
        """Take what the transport brought, at `now` seconds; receivers are called from within."""
        if self.over:
            return
        self.now = now
        if self._parts:
            self._parts.append(data)
            self._missing -= len(data)
            if self._missing > 0:
                return
            data = b"".join(self._parts)
            self._parts.clear()
        try:
            pos = self._greet(data) if self._greeting else 0
            if not self._greeting:
                pos = self._frames(data, pos)
        except Broken as broken:
            self._break(broken)
            return
        if pos < len(data) and not self.over:
            rest = data[pos:]
            self._missing = self._wanted(rest) - len(rest)
            self._parts.append(rest)

    def _wanted(self, rest: bytes) -> int:
        if self._greeting:
            return len(self._greeting)
        if len(rest) < HEAD_BYTES:
            return HEAD_BYTES
        return HEAD_BYTES + int.from_bytes(rest[:3])

    def _greet(self, data: bytes) -> int:
        """Return where the frames begin, once the peer's preface is whole."""
        preface = self._greeting
        if data[: len(preface)] != preface[: len(data)]:
            raise Broken(Code.PROTOCOL_ERROR, "this does not begin as HTTP/2 does")
        if len(data) < len(preface):
            return 0
        self._greeting = b""
        return len(preface)

    def _frames(self, data: bytes, pos: int) -> int:
        """Work on the whole frames in `data` from `pos` on; return where the first unfinished one begins."""
        unpack, streams = HEAD.unpack_from, self.streams
        most, end = self.limits.frame_bytes, len(data)
        # Said, for compiled code reckons with what it knows to be numbers.
        word: int
        flags: int
        number: int
        while end - pos >= HEAD_BYTES:
            word, flags, number = unpack(data, pos)
            length = word >> 8
            kind = word & 255
            if length > most:
                raise Broken(Code.FRAME_SIZE_ERROR, "a frame longer than announced")
            start = pos + HEAD_BYTES
            stop = start + length
            if stop > end:
                break
            pos = stop
            if self._special:
                self._check_special(kind, flags, number)
            if kind == DATA:
                stream = streams.get(number)
                self._got += length
                if (
                    stream is None
                    or flags & PADDED
                    or not length
                    or not stream.heard
                    or not stream.remote_open
                ):
                    self._odd_data(number, flags, data[start:stop])
                else:
                    self._data(stream, flags, data[start:stop])
            elif kind == HEADERS and flags & _ODD_HEADERS == END_HEADERS:
                self._headers(number & 0x7FFFFFFF, data[start:stop], ends=flags & END_STREAM != 0)
            elif kind == WINDOW_UPDATE and length == 4:
                self._window_updated(number & 0x7FFFFFFF, NUMBER.unpack_from(data, start)[0] & MAX_WINDOW)
            elif kind == PING and length == 8 and not number & 0x7FFFFFFF:
                self._pinged(flags, data[start:stop])
            else:
                self._other(kind, flags, number & 0x7FFFFFFF, data[start:stop])
            if self.over:
                break
        return pos

    def _data(self, stream: Stream, flags: int, payload: bytes) -> None:
        """Hand on the payload of a DATA frame for an open stream."""
        got = stream.got + len(payload)
        if self._got > self._allowed:
            raise Broken(Code.FLOW_CONTROL_ERROR, "more DATA than the connection's window")
        stream.got = got
        if got > stream.allowed:
            self._stream_error(stream.number, Code.FLOW_CONTROL_ERROR, "more DATA than the stream's window")
            return
        if stream.receiver.data(payload):
            self._returned += stream.got - stream.returned
            stream.returned = stream.got
            if (
                stream.got + (self._own.window >> 1) >= stream.allowed
                or self._returned + (self.limits.connection_window >> 1) >= self._allowed
            ):
                self._open_windows(stream)
        if flags & END_STREAM:
            self._remote_end(stream)

    def _odd_data(self, number: int, flags: int, payload: bytes) -> None:
        """Take DATA that is padded or empty, or for a stream that should not get any."""
        number &= 0x7FFFFFFF
        if self._got > self._allowed:
            raise Broken(Code.FLOW_CONTROL_ERROR, "more DATA than the connection's window")
        size = len(payload)
        if flags & PADDED:
            payload = _unpadded(payload)
        stream = self.streams.get(number)
        if stream is None or not stream.remote_open or not stream.heard:
            self._stray_data(number, stream, size)
            self._credit(size)
            return
        if not payload and not flags & END_STREAM and self._empty.over(self.now):
            raise Broken(Code.ENHANCE_YOUR_CALM, "too many empty DATA frames")
        pad = size - len(payload)
        stream.got += pad
        stream.pads += pad
        if stream.got > stream.allowed:
            self._stream_error(number, Code.FLOW_CONTROL_ERROR, "more padding than the stream's window")
            return
        self.consumed(stream, pad)
        if payload:
            self._data(stream, flags, payload)
        elif flags & END_STREAM:
            self._remote_end(stream)

    def _stray_data(self, number: int, stream: Stream | None, size: int) -> None:
        """Answer DATA on a stream that is idle, closed, half closed, or has no head yet."""
        if self._idle(number):
            raise Broken(Code.PROTOCOL_ERROR, "DATA on a stream that was never opened")
        if not size and self._empty.over(self.now):
            raise Broken(Code.ENHANCE_YOUR_CALM, "too many empty DATA frames")
        if stream is None and self._late(number):
            return
        code = Code.STREAM_CLOSED if stream is None or stream.heard else Code.PROTOCOL_ERROR
        self._stream_error(number, code, "DATA where none may come")

    def consumed(self, stream: Stream, count: int) -> None:
        """Let the peer send `count` bytes more, for the receiver has no need of that many of what it got."""
        held = stream.got - stream.returned
        if count > held:
            count = held
        stream.returned += count
        self._returned += count
        if (
            stream.returned + (self._own.window >> 1) >= stream.allowed
            or self._returned + (self.limits.connection_window >> 1) >= self._allowed
        ):
            self._open_windows(stream)

    def _open_windows(self, stream: Stream) -> None:
        """Tell the peer what was consumed on `stream`, and on all, where that is half a window."""
        if stream.remote_open:
            window = self._own.window
            grown = stream.returned + window - stream.allowed
            if grown * 2 >= window and grown > 0:
                stream.allowed += grown
                self._emit(window_update(stream.number, grown))
        self._credit(0)

    def _credit(self, count: int) -> None:
        """Give the connection's window back `count` bytes that nobody will consume."""
        self._returned += count
        window = self.limits.connection_window
        grown = self._returned + window - self._allowed
        if grown * 2 >= window and not self.over:
            self._allowed += grown
            self._emit(window_update(0, grown))

    def _check_special(self, kind: int, flags: int, number: int) -> None:
        """Insist on the first SETTINGS, and on the CONTINUATION of a header block."""
        if self._block is not None:
            if kind != CONTINUATION or number & 0x7FFFFFFF != self._block_of:
                raise Broken(Code.PROTOCOL_ERROR, "a header block is interrupted")
        elif kind != SETTINGS or flags & ACK:
            raise Broken(Code.PROTOCOL_ERROR, "the first frame is not SETTINGS")
        else:
            self._special = False

    def _begin_block(self, number: int, flags: int, payload: bytes) -> None:
        """Take HEADERS with padding, priority, or without its end."""
        if flags & PADDED:
            payload = _unpadded(payload)
        if flags & PRIORITISED:
            if len(payload) < 5:
                raise Broken(Code.FRAME_SIZE_ERROR, "HEADERS too short for its priority")
            if NUMBER.unpack_from(payload)[0] & 0x7FFFFFFF == number:
                raise Broken(Code.PROTOCOL_ERROR, "a stream that depends on itself")
            payload = payload[5:]
        if flags & END_HEADERS:
            self._headers(number, payload, ends=flags & END_STREAM != 0)
            return
        self._block, self._block_of, self._block_bytes = [payload], number, len(payload)
        self._block_ends = flags & END_STREAM != 0
        self._special = True

    def _continue_block(self, flags: int, payload: bytes) -> None:
        block = self._block
        if block is None:
            raise Broken(Code.PROTOCOL_ERROR, "CONTINUATION of nothing")
        block.append(payload)
        self._block_bytes += len(payload)
        limits = self.limits
        if len(block) - 1 > limits.continuation_frames or self._block_bytes > limits.header_block_bytes:
            raise Broken(Code.ENHANCE_YOUR_CALM, "a header block that is too long")
        if flags & END_HEADERS:
            self._block = None
            self._special = False
            self._headers(self._block_of, b"".join(block), ends=self._block_ends)

    def _headers(self, number: int, block: bytes, *, ends: bool) -> None:
        """Take a whole header block."""
        raise NotImplementedError

    def _other(self, kind: int, flags: int, number: int, payload: bytes) -> None:
        """Take any frame that is not DATA or plain HEADERS."""
        raise NotImplementedError

    def _window_updated(self, number: int, increment: int) -> None:
        """Take the peer's word that it has room for `increment` bytes more."""
        raise NotImplementedError

    def _pinged(self, flags: int, payload: bytes) -> None:
        """Take a PING of eight bytes: Go's gRPC sends one for each DATA that it gets while none is out."""
        raise NotImplementedError

    def _remote_end(self, stream: Stream) -> None:
        """Note that the peer has said all on `stream`, without trailers."""
        raise NotImplementedError

    def _idle(self, number: int) -> bool:
        """Return whether stream `number` was never opened."""
        raise NotImplementedError

    def _late(self, number: int) -> bool:
        """Return whether a frame for the closed stream `number` is to be expected, and so ignored."""
        raise NotImplementedError

    def _stream_error(self, number: int, code: Code, text: str) -> None:
        """End stream `number` for a mistake of the peer."""
        raise NotImplementedError

    def _break(self, broken: Broken) -> None:
        """End the connection for a mistake of the peer."""
        raise NotImplementedError


def _unpadded(payload: bytes) -> bytes:
    if not payload:
        raise Broken(Code.FRAME_SIZE_ERROR, "a padded frame without its length of padding")
    if payload[0] >= len(payload):
        raise Broken(Code.PROTOCOL_ERROR, "more padding than payload")
    return payload[1 : len(payload) - payload[0]]
