"""gRPC's header values: deadlines, messages for people, and bytes in text."""

import binascii
import math
import re
from base64 import b64decode, b64encode
from typing import Final

_UNITS: Final = {b"H": 3600.0, b"M": 60.0, b"S": 1.0, b"m": 1e-3, b"u": 1e-6, b"n": 1e-9}
_MOST: Final = 99_999_999
"""The largest number that eight digits hold."""
_MOST_DIGITS: Final = 8
_TO_ESCAPE: Final = re.compile(rb"[^\x20-\x24\x26-\x7e]")
_ESCAPED: Final = re.compile(rb"%([0-9A-Fa-f]{2})")


def parse_timeout(value: bytes) -> float | None:
    """Return the seconds that a `grpc-timeout` gives, or None when it is none."""
    unit, digits = _UNITS.get(value[-1:]), value[:-1]
    if unit is None or len(digits) > _MOST_DIGITS or not digits.isdigit():
        return None
    return int(digits) * unit


def format_timeout(seconds: float) -> bytes:
    """Return `seconds` as a `grpc-timeout`, rounded up to the finest unit that holds it; never under 1 ns."""
    if seconds < 90.0:
        if seconds >= 0.09:
            return b"%du" % math.ceil(seconds * 1e6)
        return b"%dn" % max(1, math.ceil(seconds * 1e9))
    if seconds < 90_000.0:
        return b"%dm" % math.ceil(seconds * 1e3)
    if seconds < _MOST:
        return b"%dS" % math.ceil(seconds)
    return b"%dH" % min(_MOST, math.ceil(min(seconds / 3600.0, float(_MOST))))


def encode_message(text: str) -> bytes:
    """Return `text` as a `grpc-message`: UTF-8, with all but printable ASCII in percent notation."""
    raw = text.encode(errors="replace")
    if _TO_ESCAPE.search(raw) is None:
        return raw
    return _TO_ESCAPE.sub(lambda match: b"%%%02X" % match[0][0], raw)


def decode_message(value: bytes) -> str:
    """Return the text of a `grpc-message`; what is wrongly encoded stays as it is, as gRPC demands."""
    if b"%" in value:
        value = _ESCAPED.sub(lambda match: bytes((int(match[1], 16),)), value)
    return value.decode(errors="replace")


def encode_binary(raw: bytes) -> bytes:
    """Return the value of a `-bin` field, without the padding that some peers cannot read."""
    return b64encode(raw).rstrip(b"=")


def decode_binary(value: bytes) -> bytes:
    """Return the bytes of a `-bin` value, padded or not; raise ValueError when it is no base64."""
    value = value.rstrip(b"=")
    try:
        return b64decode(value + b"=" * (-len(value) % 4), validate=True)
    except binascii.Error:
        raise ValueError("a -bin field that is no base64") from None


def decode_binaries(value: bytes) -> list[bytes]:
    """Return the bytes of each of the `-bin` values that were joined by commas."""
    return [decode_binary(part.strip()) for part in value.split(b",")]
