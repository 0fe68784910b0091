"""The numbers of variable length that protobuf is written in."""


def varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the number at `at`, modulo 2^64, and where it ends.

    Raise IndexError where the bytes break off in it, ValueError for one that is too long.
    """
    byte = data[at]
    if byte < 0x80:
        return byte, at + 1
    value, shift = byte & 0x7F, 7
    while True:
        at += 1
        byte = data[at]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at + 1
        shift += 7
        if shift > 63:
            raise ValueError("a number that is too long")


def written(value: int) -> bytes:
    """Return `value`, which is not negative, as such a number."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
