"""What the bytes of answers and commits tell of a transaction."""

from google.protobuf.message import DecodeError

from otterd.wire import api_pb2 as api
from otterd.wire.response import BadResponse, ResponseReader

_TXN = 0x12
"""Tag of Response.txn (field 2, length-delimited)."""
_START = 0x08
"""Tag of TxnContext.start_ts (field 1, varint)."""


def started(body: bytes) -> int:
    """Return `txn.start_ts` of an `api.Response`, 0 when there is none or the bytes are no message.

    The data before it is stepped over, not decoded.
    """
    try:
        at, end = 0, len(body)
        while at < end:
            tag = body[at]
            if tag & 0x80 or tag & 7 != 2:
                # Every field of a Response is length-delimited and has a one-byte tag.
                return 0
            length, start = _varint(body, at + 1)
            if tag == _TXN:
                return _varint(body, start + 1)[0] if body[start] == _START else 0
            at = start + length
    except IndexError:
        pass
    return 0


class Starting:
    """Hears `txn.start_ts` of an `api.Response` that comes in pieces."""

    def __init__(self) -> None:
        self._reader: ResponseReader | None = ResponseReader()

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        if self._reader is not None:
            try:
                self._reader.feed(data)
            except BadResponse:
                self._reader = None

    @property
    def found(self) -> int:
        """What was heard, once all came; 0 when there is none or the bytes are no message."""
        try:
            return started(self._reader.rest) if self._reader is not None else 0
        except BadResponse:
            return 0


def _varint(body: bytes, at: int) -> tuple[int, int]:
    byte = body[at]
    if byte < 0x80:
        return byte, at + 1
    value, shift = byte & 0x7F, 7
    while True:
        at += 1
        byte = body[at]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at + 1
        shift += 7
        if shift > 63:
            raise IndexError


def groups_of_commit(payload: bytes) -> dict[str, int]:
    """Return the group of each tablet that the `api.TxnContext` of a commit names, 0 for one of no group."""
    try:
        named = api.TxnContext.FromString(payload).preds
    except DecodeError:
        return {}
    # A predicate is named with its group before it: `1-0-name`.
    split = (each.partition("-") for each in named)
    return {tablet: int(group) if group.isascii() and group.isdigit() else 0 for group, _, tablet in split}
