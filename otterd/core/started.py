"""What the bytes of answers and commits tell of a transaction."""

import re
from typing import Final

from google.protobuf.message import DecodeError

from otterd.wire import api_pb2 as api
from otterd.wire.response import BadResponse, ResponseReader
from otterd.wire.varint import varint

_TXN: Final = 0x12
"""Tag of Response.txn (field 2, length-delimited)."""
_START: Final = 0x08
"""Tag of TxnContext.start_ts (field 1, varint)."""

# Quotes within a string are escaped, so no value can look like this; the last one is the alpha's own.
_NAMED: Final = re.compile(rb'"txn":\{"start_ts":(\d{1,20})[,}]').finditer
_NEEDED: Final = 40
"""Bytes that may be needed of one piece to understand the next."""


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
            length, start = body[at + 1], at + 2
            if length & 0x80:
                length, start = varint(body, at + 1)
            if tag == _TXN:
                return varint(body, start + 1)[0] if body[start] == _START else 0
            at = start + length
    except (IndexError, ValueError):
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


class StartingJson:
    """Hears it in the JSON answer of an alpha's HTTP port that comes in pieces."""

    def __init__(self) -> None:
        self._rest = b""
        self.found = 0
        """What was heard so far; 0 when there was none."""

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        # A piece may be large: only where the last one broke off are the two put together.
        for heard in (self._rest + data[:_NEEDED], data):
            for match in _NAMED(heard):
                self.found = int(match[1])
        self._rest = (self._rest + data)[-_NEEDED:] if len(data) < _NEEDED else data[-_NEEDED:]


def groups_of_commit(payload: bytes) -> dict[str, int]:
    """Return the group of each tablet that the `api.TxnContext` of a commit names, 0 for one of no group."""
    try:
        named = api.TxnContext.FromString(payload).preds
    except DecodeError:
        return {}
    # A predicate is named with its group before it: `1-0-name`.
    split = (each.partition("-") for each in named)
    return {tablet: int(group) if group.isascii() and group.isdigit() else 0 for group, _, tablet in split}
