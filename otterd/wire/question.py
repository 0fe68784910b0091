"""The bytes of an `api.Request` that only asks, put together and read in a third of the time of protobuf."""

from collections.abc import Mapping
from typing import Final

from otterd.wire.varint import written

READ_ONLY: Final = b"\x30\x01"
"""Field 6 of a request, to follow a `question`."""
BEST_EFFORT: Final = b"\x38\x01"
"""Field 7."""

_QUERY: Final = 0x22
"""Tag of field 4, the text."""
_SHORT: Final = 0x80
"""Lengths below this are one byte."""
_BEGUN: Final = tuple([b'"' + written(size) for size in range(2_048)])
"""What stands before a text, by its length, for nearly all texts."""

_BEHIND: Final = frozenset((b"", READ_ONLY, READ_ONLY + BEST_EFFORT))
"""What may follow a text and says nothing more of what that touches."""


def question(text: str, variables: Mapping[str, str] | None = None) -> bytes:
    """Return `api.Request(query=text, vars=variables)` encoded."""
    data = text.encode()
    size = len(data)
    # Field 4.
    if not size:
        asked = b""
    elif size < len(_BEGUN):
        asked = _BEGUN[size] + data
    else:
        asked = b'"%b%b' % (written(size), data)
    if variables:
        for name, value in variables.items():
            key, meant = name.encode(), value.encode()
            long, wide = len(key), len(meant)
            size = long + wide + 4
            if size < _SHORT:
                # Field 5, whose fields 1 and 2 are the name and the value; each length is one byte.
                asked += b"*%c\n%c%b\x12%c%b" % (size, long, key, wide, meant)
            else:
                entry = b"\n%b%b\x12%b%b" % (written(long), key, written(wide), meant)
                asked += b"*%b%b" % (written(len(entry)), entry)
    return asked


def text_at(payload: bytes) -> tuple[int, int] | None:
    """Return where the text that stands first in a request begins and ends.

    None stands for a request that begins otherwise, or with 16 KiB of text or more, and for no request.
    """
    if len(payload) < 2 or payload[0] != _QUERY:
        return None
    size, at = payload[1], 2
    if size >= _SHORT:
        if len(payload) < 3 or payload[2] >= _SHORT:
            return None
        size, at = size & 0x7F | payload[2] << 7, 3
    end = at + size
    return (at, end) if end <= len(payload) else None


def text_of(payload: bytes) -> str | None:
    """Return the text of a request that has no variables, no transaction, and changes nothing.

    None stands for every other request, also for bytes that are none. A text that is not UTF-8, which no
    alpha takes, raises UnicodeDecodeError.
    """
    place = text_at(payload)
    if place is None or payload[place[1] :] not in _BEHIND:
        return None
    return payload[place[0] : place[1]].decode()
