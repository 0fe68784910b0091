"""The outermost fields of a protobuf message, found without decoding what is in them."""

from otterd.wire.varint import varint

MOST_FIELDS = 4_096
"""Fields that are walked over: an ordinary request has a few, and each costs time."""

Found = dict[int, int]
"""The last value of each field by its tag (number << 3 | wire type); of bytes, where they begin."""


def walk(data: bytes) -> Found:
    """Return what is outermost in `data`, or raise ValueError for what is broken, odd or very long."""
    found: Found = {}
    at, end, left = 0, len(data), MOST_FIELDS
    try:
        while at < end:
            left -= 1
            tag = data[at]
            if tag < 0x80:
                at += 1
            else:
                tag, at = varint(data, at)
            kind = tag & 7
            if kind == 2:
                found[tag] = at
                at = _past(data, at)
            elif kind == 0:
                found[tag], at = varint(data, at)
            elif kind == 1:
                at += 8
            elif kind == 5:
                at += 4
            else:
                raise ValueError("a group")
            if not left:
                raise ValueError("very many fields")
    except IndexError:
        raise ValueError("the message breaks off") from None
    if at != end:
        raise ValueError("the message breaks off")
    return found


def content(data: bytes, at: int) -> bytes:
    """Return the bytes whose length stands at `at`."""
    length, start = varint(data, at)
    return data[start : start + length]


def _past(data: bytes, at: int) -> int:
    """Return where the bytes end whose length stands at `at`."""
    length = data[at]
    if length < 0x80:
        return at + 1 + length
    length, at = varint(data, at)
    return at + length
