"""An answer too long to be put together: its message flows on as it comes, no faster than it is read."""

from typing import Final, Protocol

from otterd.alphas.h2.answers import metadata_of
from otterd.alphas.h2.inflow import Inflow
from otterd.alphas.h2.link import Link
from otterd.core.operation import Answer, Sink
from otterd.errors import AlphaFailure
from otterd.wire.h2 import Code, Head, Lost, Stream
from otterd.wire.h2.messages import HEAD_BYTES

WHOLE: Final = 1 << 20
"""Bytes of a message that is put together at most; a longer one flows."""

LONGER: Final = WHOLE.to_bytes(4)
"""What the length of a longer one is greater than, as a message's head gives it."""

PROGRESS: Final = 30.0
"""Seconds in which something must come while the reader wants more."""


class Begun(Protocol):
    """The call whose answer has begun."""

    def expect(self, seconds: float | None) -> None:
        """Let the call fail in so many seconds, or wait for ever."""


class LongAnswer:
    """The Body of a message whose first DATA is `data`, and the receiver of the rest of its stream.

    `answer` gets its trailers when they come.
    """

    def __init__(self, call: Begun, link: Link, stream: Stream, head: Head, data: bytes) -> None:
        self._left = int.from_bytes(data[1:HEAD_BYTES])
        self.answer = Answer(0, self, metadata_of(head), length=self._left)
        self._call = call
        self._connection = link.connection
        self._stream = stream
        self._inflow = Inflow(link, stream)
        self._connection.consumed(stream, HEAD_BYTES)
        call.expect(PROGRESS)
        self._take(data[HEAD_BYTES:])

    def start(self, sink: Sink) -> None:
        """Begin to flow into `sink`."""
        self._inflow.start(sink)

    def pause(self) -> None:
        """Take no more than the stream's window from the alpha."""
        self._inflow.pause()
        if self._inflow.reason is None:
            self._call.expect(None)

    def resume(self) -> None:
        """Go on."""
        if self._inflow.reason is None:
            self._call.expect(PROGRESS)
        self._inflow.resume()

    def stop(self) -> None:
        """Tell the alpha that nobody wants the rest."""
        if self._inflow.reason is None:
            self._connection.reset(self._stream, Code.CANCEL)
        self._inflow.drop()

    def fail(self, failure: AlphaFailure) -> None:
        """Break off."""
        self._inflow.end(failure.reason)

    def headers(self, head: Head) -> None:
        """Take no note: the head came before."""

    def informed(self, head: Head) -> None:
        """Take no note of an informational head."""

    def data(self, data: bytes) -> bool | None:
        """Take a piece."""
        if not self._inflow.paused:
            self._call.expect(PROGRESS)
        self._take(data)
        return False

    def ended(self, trailers: Head | None) -> None:
        """Take the alpha's word that this was all."""
        if trailers is None or trailers.get(b"grpc-status") != b"0":
            self._inflow.end("the alpha failed in the middle of its answer")
        elif self._left:
            self._inflow.end("the answer is not one whole message")
        else:
            try:
                self.answer.trailers = metadata_of(trailers)
            except AlphaFailure as failure:
                self._inflow.end(failure.reason)
                return
            self._inflow.end()

    def lost(self, lost: Lost) -> None:
        """Break off with the stream."""
        self._inflow.end(lost.text)

    def drained(self) -> None:
        """Take no note: a request is sent whole."""

    def _take(self, data: bytes) -> None:
        self._left -= len(data)
        if self._left < 0:
            self._left = 1
            self._connection.consumed(self._stream, len(data))
        else:
            self._inflow.take(data)
