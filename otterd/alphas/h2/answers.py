"""What an alpha's answer on a stream says: an Answer, or how the call failed. Pure."""

import zlib
from typing import Final

from otterd.alphas.ending import NEAR
from otterd.core.operation import Answer, Headers
from otterd.errors import AlphaFailure, NotReached, TimedOut
from otterd.errors import Lost as LostCall
from otterd.wire.h2 import Code, Head, Lost, only
from otterd.wire.h2.messages import HEAD_BYTES
from otterd.wire.h2.metadata import decode_binaries, decode_message

MOST: Final = 2**31 - 1
"""Bytes of a message once unpacked; no alpha sends more."""

ENCODING: Final = b"grpc-encoding"

_OURS: Final = frozenset(
    (
        b":status",
        b"content-type",
        ENCODING,
        b"grpc-accept-encoding",
        b"grpc-status",
        b"grpc-message",
        b"content-length",
        b"te",
    )
)
"""Fields that gRPC itself reads."""

_GREATEST_CODE: Final = 16
_UNKNOWN: Final = 2
_MOST_DIGITS: Final = 9
_PACKINGS: Final = {b"gzip": 16 + zlib.MAX_WBITS, b"deflate": zlib.MAX_WBITS}


class Gist:
    """What a head of an alpha's says: kept with it, for most answers begin and end with the same ones."""

    __slots__ = ("fine", "metadata")

    def __init__(self, head: Head) -> None:
        """Raise Lost for a `-bin` field that is no base64."""
        found = [field for field in head.fields if field[0] not in _OURS]
        bare = not any(name.endswith(b"-bin") for name, _ in found)
        self.metadata: Headers = tuple(found) if bare else _with_bytes(found)
        self.fine = head.get(b"grpc-status") == b"0"
        """Whether it ends a call with success."""


def gist_of(head: Head) -> Gist:
    """Return what `head` says; raise Lost for a `-bin` field that is no base64."""
    gist = head.note
    if not isinstance(gist, Gist):
        gist = head.note = Gist(head)
    return gist


def metadata_of(head: Head) -> Headers:
    """Return the fields of `head` that are not gRPC's own; raise Lost for a `-bin` one that is no base64."""
    return gist_of(head).metadata


def answer_of(head: Head, trailers: Head | None, first: bytes | None, rest: list[bytes] | None) -> Answer:
    """Return the Answer of `head`, `trailers` (None when the head is all) and DATA, or raise Lost.

    `first` is the first DATA if there was any, and `rest` the others.
    """
    if trailers is not None and first is not None and rest is None:
        # Nearly every answer: success, one whole message in one frame, and heads that came before.
        begun, told = head.note, trailers.note
        if isinstance(begun, Gist) and isinstance(told, Gist) and told.fine:
            message = only(first)
            if message is not None:
                return Answer(0, message, begun.metadata, told.metadata)
    parts = [] if first is None else [first, *(rest or ())]
    return _answer_of(head, trailers, parts)


def _answer_of(head: Head, trailers: Head | None, parts: list[bytes]) -> Answer:
    last = trailers or head
    status = last.get(b"grpc-status")
    if status is None:
        raise LostCall(
            "an answer without a status"
            if head.status == 200
            else f"an answer with HTTP status {head.status}"
        )
    if trailers is None and parts:
        raise LostCall("an answer that ended without trailers")
    headers = () if trailers is None else metadata_of(head)
    trailing = metadata_of(last)
    code = _code(status)
    if not code:
        return Answer(0, message_of(head, parts), headers, trailing)
    text = decode_message(last.get(b"grpc-message") or b"")
    return Answer(code, b"", headers, trailing, message=text)


def ending_of(last: Head | None) -> Answer:
    """Return what `last`, the head that ends a stream of messages, says as an Answer, or raise Lost."""
    if last is None:
        raise LostCall("it ended without trailers")
    status = last.get(b"grpc-status")
    if status is None:
        raise LostCall(f"an answer with HTTP status {last.status}" if last.status else "no status at its end")
    text = decode_message(last.get(b"grpc-message") or b"")
    return Answer(_code(status), trailers=metadata_of(last), message=text)


def _code(status: bytes) -> int:
    """Return the code that a `grpc-status` gives; one that gRPC does not know is UNKNOWN."""
    if not status.isdigit() or len(status) > _MOST_DIGITS:
        raise LostCall("a gRPC status that is no number")
    code = int(status)
    return code if code <= _GREATEST_CODE else _UNKNOWN


def message_of(head: Head, parts: list[bytes]) -> bytes:
    """Return the one message in `parts`, unpacked, or raise Lost."""
    if len(parts) == 1:
        whole = only(parts[0])
        if whole is not None:
            return whole
    return _message(head, parts)


def _message(head: Head, parts: list[bytes]) -> bytes:
    while len(parts) > 1 and len(parts[0]) < HEAD_BYTES:
        parts[:2] = [parts[0] + parts[1]]
    first = parts[0] if parts else b""
    if len(first) < HEAD_BYTES:
        raise LostCall("an answer without a message")
    flag, length = first[0], int.from_bytes(first[1:HEAD_BYTES])
    # Taken off here, so that the message is put together once.
    parts[0] = first[HEAD_BYTES:]
    payload = b"".join(parts)
    parts.clear()
    if len(payload) != length:
        raise LostCall("an answer that is not one whole message")
    if not flag:
        return payload
    packing = _PACKINGS.get(head.get(b"grpc-encoding") or b"")
    if flag != 1 or packing is None:
        raise LostCall("a message in an encoding that nobody offered")
    return unpacked(payload, packing)


def unpacked(packed: bytes, packing: int, most: int = MOST) -> bytes:
    """Return what was compressed in zlib's format `packing`, or raise Lost: broken, or over `most` bytes."""
    unpacking = zlib.decompressobj(packing)
    try:
        payload = unpacking.decompress(packed, most)
    except zlib.error:
        raise LostCall("a compressed message that is broken") from None
    if not unpacking.eof or unpacking.unused_data:
        raise LostCall("a compressed message that is not whole, or too long")
    return payload


def _with_bytes(found: list[tuple[bytes, bytes]]) -> Headers:
    decoded: list[tuple[bytes, bytes]] = []
    for name, value in found:
        if name.endswith(b"-bin"):
            try:
                decoded += [(name, each) for each in decode_binaries(value)]
            except ValueError:
                raise LostCall("a -bin field that is no base64") from None
        else:
            decoded.append((name, value))
    return tuple(decoded)


def failure_of(lost: Lost, left: float) -> AlphaFailure:
    """Return how a call failed whose stream was `lost` with `left` seconds to its deadline."""
    text = f"{lost.text} ({_name(lost.code)})"
    if lost.unprocessed:
        return NotReached(text)
    if lost.remote and lost.code == Code.CANCEL and left < NEAR:
        return TimedOut("no answer within the deadline")
    return LostCall(text)


def _name(code: int) -> str:
    try:
        return Code(code).name
    except ValueError:
        return f"code {code}"
