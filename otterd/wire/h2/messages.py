"""gRPC's messages in a stream's DATA: five bytes of head, then the payload."""

from struct import Struct
from typing import Final, Protocol

from otterd.wire.h2.errors import H2Error

MESSAGE_HEAD: Final = Struct(">BI")
"""Whether the payload is compressed, and how long it is."""
HEAD_BYTES: Final = 5
FRAMED: Final = Struct(">IBIBI")
"""The head of a DATA frame and that of the message which it begins with."""


class BadMessage(H2Error):
    """What came is no gRPC message, or a longer one than is taken."""

    def __init__(self, text: str, *, too_long: bool = False) -> None:
        super().__init__(text)
        self.too_long = too_long
        """Whether to say RESOURCE_EXHAUSTED rather than INTERNAL."""


class Sink(Protocol):
    """Who hears of messages: of a short one at once, of a long one as it arrives."""

    def message(self, payload: bytes, *, compressed: bool) -> None:
        """A whole message came."""

    def began(self, length: int, *, compressed: bool) -> None:
        """A message of `length` bytes begins, too long to be put together."""

    def part(self, payload: bytes) -> None:
        """The next bytes of the message that began came."""

    def completed(self) -> None:
        """All bytes of the message that began have come."""


def pack(payload: bytes, *, compressed: bool = False) -> bytes:
    """Return `payload` as a message."""
    return MESSAGE_HEAD.pack(compressed, len(payload)) + payload


def head(length: int, *, compressed: bool = False) -> bytes:
    """Return the head of a message whose `length` bytes will follow."""
    return MESSAGE_HEAD.pack(compressed, length)


def only(data: bytes) -> bytes | None:
    """Return the payload when `data` is exactly one uncompressed message, else None; one slice, no object."""
    if len(data) < HEAD_BYTES or data[0] or int.from_bytes(data[1:5]) != len(data) - HEAD_BYTES:
        return None
    return data[HEAD_BYTES:]


class MessageReader:
    """The messages of one direction of a stream, from DATA in any pieces."""

    __slots__ = ("_compressed", "_head", "_left", "_most", "_parts", "_sink", "_whole")

    def __init__(self, sink: Sink, most: int, whole: int = 1 << 20) -> None:
        """Refuse messages over `most` bytes; put together those of at most `whole`."""
        self._sink = sink
        self._most = most
        self._whole = whole
        self._head = b""
        self._left = 0
        self._compressed = False
        self._parts: list[bytes] | None = None
        """The pieces of a short message; None between messages and while a long one passes."""

    @property
    def between(self) -> bool:
        """Whether nothing is missing of a message that began: only so may the stream end."""
        return not self._left and not self._head and self._parts is None

    def feed(self, data: bytes) -> None:
        """Take the payload of a DATA frame; raise BadMessage for what cannot be read."""
        pos, end = 0, len(data)
        while pos < end:
            if not self._left:
                pos = self._begin(data, pos)
                continue
            part = data if not pos and end <= self._left else data[pos : pos + self._left]
            pos += len(part)
            self._left -= len(part)
            self._take(part)

    def _begin(self, data: bytes, pos: int) -> int:
        """Read a message's head; return where its payload starts."""
        stop = pos + HEAD_BYTES - len(self._head)
        self._head += data[pos:stop]
        if len(self._head) < HEAD_BYTES:
            return len(data)
        flag, length = MESSAGE_HEAD.unpack(self._head)
        self._head = b""
        if flag > 1:
            raise BadMessage("a message with an unknown flag")
        if length > self._most:
            raise BadMessage("a message larger than is taken", too_long=True)
        self._compressed, self._left = flag == 1, length
        if length > self._whole:
            self._sink.began(length, compressed=self._compressed)
        else:
            self._parts = []
            if not length:
                self._take(b"")
        return stop

    def _take(self, part: bytes) -> None:
        parts = self._parts
        if parts is None:
            self._sink.part(part)
            if not self._left:
                self._sink.completed()
            return
        parts.append(part)
        if not self._left:
            self._parts = None
            self._sink.message(b"".join(parts) if len(parts) > 1 else part, compressed=self._compressed)
