"""What both roles share beyond headers and data: control frames, the ends of streams, the end of it all."""

from typing import Final

from otterd.wire.h2 import settings
from otterd.wire.h2.decode import Memo
from otterd.wire.h2.ended import Ended
from otterd.wire.h2.errors import Broken, Code, Lost
from otterd.wire.h2.frames import (
    ACK,
    CONTINUATION,
    FIRST_WINDOW,
    GOAWAY,
    HEADERS,
    MAX_WINDOW,
    NUMBER,
    PAIR,
    PING,
    PRIORITY,
    PUSH_PROMISE,
    RST_STREAM,
    SETTINGS,
    SETTINGS_ACK,
    WINDOW_UPDATE,
    goaway,
    ping,
    rst_stream,
    window_update,
)
from otterd.wire.h2.frames import settings as settings_frame
from otterd.wire.h2.incoming import Incoming
from otterd.wire.h2.limits import Limits, Meter
from otterd.wire.h2.outgoing import Owner
from otterd.wire.h2.stream import NOBODY, Stream

_SIZES: Final = {PRIORITY: 5, RST_STREAM: 4, PING: 8, WINDOW_UPDATE: 4}
_PONG: Final = ping(b"", ack=True)
"""The head of an answer to PING."""


class Connection(Incoming):
    """An HTTP/2 connection without a transport or a clock; use ClientConnection or ServerConnection."""

    __slots__ = (
        "_aged", "_ageing", "_changes", "_ended", "_pings", "_provoked", "_rapid", "_started", "_updates",
        "_watched", "leaving", "met",
    )  # fmt: skip

    _server = False

    def __init__(self, owner: Owner, limits: Limits | None = None, memo: Memo | None = None) -> None:
        super().__init__(owner, limits or Limits(), memo or Memo())
        self.leaving = False
        """Whether no new streams are taken, so that the end of the last one ends the connection."""
        self._ended = Ended(self.limits.remembered_resets)
        self._watched = False
        """Whether the end of a stream matters to more than the stream."""
        self._aged = self._ageing = 0
        """The highest streams that were there two and one ticks ago."""
        self._started: float | None = None
        self.met = False
        """Whether the peer's first SETTINGS came."""
        self._pings = Meter(self.limits.pings)
        self._changes = Meter(self.limits.settings)
        self._provoked = Meter(self.limits.provoked_resets)
        self._updates = Meter(self.limits.window_updates)
        self._rapid = Meter(self.limits.resets)

    def start(self, now: float) -> None:
        """Say our preface at `now` seconds; to be called once, before all else."""
        self.now = self._started = now
        self.announce(settings.opening(self.limits, server=self._server))
        more = self.limits.connection_window - FIRST_WINDOW
        if more > 0:
            self._allowed += more
            self._emit(window_update(0, more))

    def announce(self, values: dict[int, int]) -> None:
        """Send SETTINGS; what is stricter than before holds once the peer has acknowledged it."""
        more = self._own.announced(values)
        for stream in self.streams.values():
            stream.allowed += more
        self._emit(settings_frame(values))

    def ping(self, payload: bytes) -> None:
        """Ask the peer for a sign of life, with eight bytes that come back in `ponged`."""
        if not self.over:
            self._emit(ping(payload))

    def tick(self, now: float) -> None:
        """Note that it is `now` seconds, and end what has waited too long; about once a second."""
        self.now = now
        self._aged, self._ageing = self._ageing, self._newest
        late = self._started is not None and now - self._started > self.limits.settings_seconds
        if late and self._own.pending and not self.over:
            self._break(Broken(Code.SETTINGS_TIMEOUT, "SETTINGS were not acknowledged"))

    def reset(self, stream: Stream, code: int = Code.CANCEL) -> None:
        """End `stream` from this side; its receiver hears nothing more."""
        stream.receiver = NOBODY
        if stream.number in self.streams:
            self._send_reset(stream.number, code)
            self._forget(stream)

    def close(self, code: Code = Code.NO_ERROR) -> None:
        """End the connection at once; streams still open are lost. The owner then closes the transport."""
        if not self.over:
            self._end(code, "", "this side closed the connection")

    def disconnected(self) -> None:
        """Note that the transport is gone; streams still open are lost."""
        self.over = True
        self._lose_all("the transport closed")

    def _other(self, kind: int, flags: int, number: int, payload: bytes) -> None:
        if _SIZES.get(kind, len(payload)) != len(payload):
            raise Broken(Code.FRAME_SIZE_ERROR, "a frame of a wrong length")
        if kind in (HEADERS, PRIORITY, RST_STREAM, CONTINUATION):
            self._of_stream(kind, flags, number, payload)
        elif kind == PUSH_PROMISE:
            raise Broken(Code.PROTOCOL_ERROR, "a push, which nobody may send")
        elif kind > CONTINUATION:
            self._ignore()
        elif number:
            raise Broken(Code.PROTOCOL_ERROR, "a frame of the connection on a stream")
        elif kind == SETTINGS:
            self._settings(flags, payload)
        elif kind == GOAWAY:
            if len(payload) < 8:
                raise Broken(Code.FRAME_SIZE_ERROR, "a GOAWAY that is too short")
            last, code = PAIR.unpack_from(payload)
            self._goaway(last & MAX_WINDOW, code)

    def _of_stream(self, kind: int, flags: int, number: int, payload: bytes) -> None:
        if not number:
            raise Broken(Code.PROTOCOL_ERROR, "a frame of a stream on the connection")
        if kind == HEADERS:
            self._begin_block(number, flags, payload)
        elif kind == CONTINUATION:
            self._continue_block(flags, payload)
        elif kind == PRIORITY:
            if NUMBER.unpack_from(payload)[0] & MAX_WINDOW == number:
                raise Broken(Code.PROTOCOL_ERROR, "a stream that depends on itself")
            self._ignore()
        elif self._idle(number):
            raise Broken(Code.PROTOCOL_ERROR, "RST_STREAM on a stream that was never opened")
        else:
            stream = self.streams.get(number)
            rapid = stream is None or number > self._aged
            if rapid and self._rapid.over(self.now, earned=self._newest / 20):
                raise Broken(Code.ENHANCE_YOUR_CALM, "too many streams reset")
            if stream is not None:
                code = NUMBER.unpack(payload)[0]
                unprocessed = code == Code.REFUSED_STREAM and not stream.heard
                self._lose(stream, Lost(code, unprocessed, remote=True, text="the peer reset the stream"))

    def _ignore(self) -> None:
        if self._strange.over(self.now):
            raise Broken(Code.ENHANCE_YOUR_CALM, "too many frames that mean nothing")

    def _settings(self, flags: int, payload: bytes) -> None:
        if self._changes.over(self.now):
            raise Broken(Code.ENHANCE_YOUR_CALM, "too many SETTINGS")
        if flags & ACK:
            if payload:
                raise Broken(Code.FRAME_SIZE_ERROR, "an acknowledgement with a payload")
            values, change = self._own.acknowledged()
            for stream in self.streams.values():
                stream.allowed += change
            if settings.HEADER_TABLE_SIZE in values:
                self._decoder.settle()
                self._known = self._decoder.known
            return
        values = settings.read(payload)
        self._check_settings(values)
        first, self.met = not self.met, True
        change = self.peer.apply(values, first=first)
        self._frame = self.peer.frame_bytes
        if change:
            for stream in self.streams.values():
                if stream.local_open:
                    stream.window += change
                    if stream.window > MAX_WINDOW:
                        raise Broken(Code.FLOW_CONTROL_ERROR, "a window beyond 2^31-1")
        self._answer_control(SETTINGS_ACK)
        self._pump()
        self._settings_changed()

    def _pinged(self, flags: int, payload: bytes) -> None:
        if self._pings.over(self.now, earned=self._newest / 2 + self._pieces):
            raise Broken(Code.ENHANCE_YOUR_CALM, "too many PING")
        if flags & ACK:
            self._ponged(payload)
        else:
            self._answer_control(_PONG + payload)

    def _ponged(self, payload: bytes) -> None:
        self.owner.ponged(payload)

    def _answer_control(self, frame: bytes) -> None:
        if len(self._out) > self.limits.queued_frames:
            raise Broken(Code.ENHANCE_YOUR_CALM, "the peer asks and does not read")
        self._emit(frame)

    def _window_updated(self, number: int, increment: int) -> None:
        if self._updates.over(self.now, earned=self._newest + 2 * self._pieces):
            raise Broken(Code.ENHANCE_YOUR_CALM, "too many WINDOW_UPDATE")
        if not number:
            self._window += increment
            if not increment or self._window > MAX_WINDOW:
                code = Code.FLOW_CONTROL_ERROR if increment else Code.PROTOCOL_ERROR
                raise Broken(code, "WINDOW_UPDATE by 0, or beyond 2^31-1")
        else:
            if self._idle(number):
                raise Broken(Code.PROTOCOL_ERROR, "WINDOW_UPDATE on a stream that was never opened")
            stream = self.streams.get(number)
            if stream is None or (increment and not stream.local_open):
                return
            stream.window += increment
            if not increment or stream.window > MAX_WINDOW:
                code = Code.FLOW_CONTROL_ERROR if increment else Code.PROTOCOL_ERROR
                self._stream_error(number, code, "WINDOW_UPDATE by 0, or beyond 2^31-1")
        if self._blocked:
            self._pump()

    def _length_kept(self, stream: Stream) -> bool:
        """Return whether the peer sent as much as content-length said; if not, the stream ends."""
        if stream.length < 0 or stream.length == stream.got - stream.pads:
            return True
        self._stream_error(stream.number, Code.PROTOCOL_ERROR, "content-length and DATA differ")
        return False

    def _send_reset(self, number: int, code: int) -> None:
        self._emit(rst_stream(number, code))
        self._ended.add(number)

    def _late(self, number: int) -> bool:
        return number in self._ended

    def _stream_error(self, number: int, code: Code, text: str) -> None:
        if self._provoked.over(self.now):
            raise Broken(Code.ENHANCE_YOUR_CALM, "too many broken streams")
        self._send_reset(number, code)
        stream = self.streams.get(number)
        if stream is not None:
            self._lose(stream, Lost(code, unprocessed=False, remote=False, text=text))

    def _forget(self, stream: Stream) -> None:
        """Take `stream` out; what it got and nobody will consume goes back to the connection's window."""
        self._drop_queue(stream)
        stream.remote_open = False
        self._credit(stream.got - stream.returned)
        stream.returned = stream.got
        del self.streams[stream.number]
        if self._watched:
            self._freed()

    def _lose(self, stream: Stream, lost: Lost) -> None:
        if stream.number in self.streams:
            receiver, stream.receiver = stream.receiver, NOBODY
            self._forget(stream)
            receiver.lost(lost)

    def _freed(self) -> None:
        """Note that a stream ended while that mattered."""
        if self.leaving and not self.streams and not self.over:
            self._end(Code.NO_ERROR, "", "")
            self.owner.closed(None)

    def _break(self, broken: Broken) -> None:
        self._end(broken.code, broken.text, f"the connection broke: {broken.text}")
        self.owner.closed(broken)

    def _end(self, code: Code, said: str, text: str) -> None:
        self._emit(goaway(self._last_accepted(), code, said.encode()))
        self.over = True
        self._lose_all(text, code)

    def _lose_all(self, text: str, code: Code = Code.INTERNAL_ERROR) -> None:
        """End all streams; those whose request never left are known to be unprocessed."""
        flushed = self._flushed
        for stream in list(self.streams.values()):
            self._lose(stream, Lost(code, unprocessed=stream.number > flushed, remote=False, text=text))

    def _last_accepted(self) -> int:
        """Return the highest stream of the peer's that was worked on."""
        return 0

    def _check_settings(self, values: dict[int, int]) -> None:
        """Raise Broken for values that this role must not be told."""

    def _settings_changed(self) -> None:
        """Note that the peer's limits may have changed."""

    def _goaway(self, last: int, code: int) -> None:
        """Take the peer's word that it leaves."""
        raise NotImplementedError
