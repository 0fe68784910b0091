"""The frames that nearly all messages are: whole, short, and text.

Autobahn reads frames of every kind piece by piece; for these that takes most of what a message costs.
"""

from struct import pack

from autobahn.websocket import xormasker

TEXT = 0x81
MASKED = 0x80
TWO_BYTES = 126
BY_HAND = 1024
"""Bytes up to which arithmetic unmasks faster than Autobahn's masker is made."""


def whole_text(data: bytes, limit: int) -> tuple[bytes, int] | None:
    """Return the text in the frame that `data` begins with, and where it ends.

    None stands for every other frame, for one that is not whole, for a text over `limit` bytes and for
    whatever is wrong: all that is left to Autobahn.
    """
    if len(data) < 6 or data[0] != TEXT:
        return None
    size, at = data[1] - MASKED, 6
    if size >= TWO_BYTES:
        if size > TWO_BYTES or (size := data[2] << 8 | data[3]) < TWO_BYTES:
            return None
        at = 8
    end = at + size
    if not 0 <= size <= limit or len(data) < end:
        return None
    text = _unmasked(data[at:end], data[at - 4 : at])
    if not text.isascii():
        try:
            text.decode()
        except UnicodeDecodeError:
            return None
    return text, end


def head_of(text: bytes) -> bytes:
    """Return what goes before `text`, which together are one frame."""
    size = len(text)
    if size < TWO_BYTES:
        return bytes((TEXT, size))
    return pack("!BBH", TEXT, 126, size) if size <= 0xFFFF else pack("!BBQ", TEXT, 127, size)


def _unmasked(masked: bytes, mask: bytes) -> bytes:
    size = len(masked)
    if size > BY_HAND:
        masker = xormasker.create_xor_masker(mask, size)  # type: ignore[attr-defined]
        return bytes(masker.process(masked))
    over = (mask * ((size + 3) >> 2))[:size]
    return (int.from_bytes(masked, "little") ^ int.from_bytes(over, "little")).to_bytes(size, "little")
