"""The frames that nearly all messages are: whole, short, and text.

Autobahn reads frames of every kind piece by piece; for these that takes most of what a message costs.
"""

from itertools import accumulate
from typing import Final

from autobahn.websocket import xormasker

TEXT: Final = 0x81
FINAL: Final = 0x80
MASKED: Final = 0x80
TWO_BYTES: Final = 126
BY_HAND: Final = 1024
"""Bytes up to which arithmetic unmasks faster than Autobahn's masker is made."""

_number: Final = int.from_bytes
_ONES: Final = tuple(accumulate(range(BY_HAND // 4), lambda ones, _: ones << 32 | 1, initial=0))
"""What a mask is multiplied by to stand so many times in a row."""


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
    masked, mask = data[at:end], data[at - 4 : at]
    if size > BY_HAND:
        text = bytes(xormasker.create_xor_masker(mask, size).process(masked))  # type: ignore[attr-defined]
    else:
        words = size + 3 >> 2
        number = _number(masked, "little") ^ _number(mask, "little") * _ONES[words]
        text = number.to_bytes(4 * words, "little")[:size]
    if not text.isascii():
        try:
            text.decode()
        except UnicodeDecodeError:
            return None
    return text, end
