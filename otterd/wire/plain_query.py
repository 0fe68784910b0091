"""The bytes of an `api.Request` that is a query and little else, as most are, without making a message."""

from otterd.wire import api_pb2 as api

_QUERY = 0x22
"""Tag of Request.query (field 4, length-delimited)."""
_READ_ONLY = b"\x30\x01"
_BEST_EFFORT = b"\x38\x01"
_SHORT = 0x80
_LONG = 0x4000
"""From here a length takes three bytes."""

_BEHIND = frozenset((b"", _READ_ONLY, _READ_ONLY + _BEST_EFFORT))
"""What may follow a query that says nothing more of what it touches."""


def read_only(query: str) -> bytes:
    """Return the bytes of a request that asks `query`, which is not empty, and is read-only."""
    text = query.encode()
    size = len(text)
    if size < _SHORT:
        return b"%c%c%b%b" % (_QUERY, size, text, _READ_ONLY)
    if size < _LONG:
        return b"%c%c%c%b%b" % (_QUERY, size & 0x7F | 0x80, size >> 7, text, _READ_ONLY)
    return api.Request(query=query, read_only=True).SerializeToString()


def query_of(payload: bytes) -> str | None:
    """Return the query of a request that has no variables, no transaction, and changes nothing.

    None stands for every other request, also for bytes that are none. A query that is not UTF-8, which no
    alpha takes, raises UnicodeDecodeError.
    """
    if len(payload) < 2 or payload[0] != _QUERY:
        return None
    size, at = payload[1], 2
    if size >= _SHORT:
        if len(payload) < 3 or payload[2] >= _SHORT:
            return None
        size, at = size & 0x7F | payload[2] << 7, 3
    end = at + size
    if end > len(payload) or payload[end:] not in _BEHIND:
        return None
    return payload[at:end].decode()
