"""The one message of a unary request, out of the bytes of its stream."""

import zlib

from otterd.errors import BadRequest, TooLarge
from otterd.wire.h2 import only
from otterd.wire.h2.messages import HEAD_BYTES

_GZIP = 16 + zlib.MAX_WBITS
ENCODINGS = frozenset((b"", b"identity", b"gzip"))


def too_large(most: int) -> TooLarge:
    """Return the refusal of a message over `most` bytes."""
    return TooLarge(f"the message is over the limit of {most} bytes (grpc_max_message_bytes)")


def payload_of(data: bytes, encoding: bytes, most: int) -> bytes:
    """Return the payload, unpacked, of the message that `data` must be, or raise an OtterError."""
    payload = only(data)
    if payload is not None:
        return payload
    if not data:
        raise BadRequest("a call needs one message, and none came")
    if len(data) < HEAD_BYTES or len(data) - HEAD_BYTES < int.from_bytes(data[1:HEAD_BYTES]):
        raise BadRequest("the message breaks off")
    if len(data) - HEAD_BYTES > int.from_bytes(data[1:HEAD_BYTES]):
        raise BadRequest("a call takes one message, and more came")
    if data[0] != 1:
        raise BadRequest("the message has an unknown flag")
    if encoding != b"gzip":
        raise BadRequest("the message is compressed, and grpc-encoding does not say how")
    return _unpacked(data[HEAD_BYTES:], most)


def _unpacked(packed: bytes, most: int) -> bytes:
    """Return what `packed` holds in gzip, at most `most` bytes; it may have several members."""
    parts, left = [], most
    while packed:
        reader = zlib.decompressobj(_GZIP)
        try:
            part = reader.decompress(packed, left + 1)
        except zlib.error:
            raise BadRequest("the message is no gzip") from None
        left -= len(part)
        if left < 0:
            raise too_large(most)
        if not reader.eof:
            raise BadRequest("the message breaks off within its gzip")
        parts.append(part)
        packed = reader.unused_data
    return b"".join(parts)
