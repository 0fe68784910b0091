"""Numbers, sizes, times and truth values as people write them, both ways.

Every reader raises ValueError saying what was expected; it never repeats the text it was given.
"""

import re
from decimal import Decimal

_TRUE = frozenset(("true", "t", "yes", "y", "on", "1"))
_FALSE = frozenset(("false", "f", "no", "n", "off", "0"))
_SIZES = {
    "": 1,
    "B": 1,
    "KIB": 1 << 10,
    "MIB": 1 << 20,
    "GIB": 1 << 30,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
}
_SPANS = {
    "us": Decimal("0.000001"),
    "µs": Decimal("0.000001"),
    "ms": Decimal("0.001"),
    "s": Decimal(1),
    "m": Decimal(60),
    "h": Decimal(3600),
}
# Twenty digits hold every number that a key may take, and bound the work on a longer text.
_NUMBER = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,20})?", re.ASCII)
_SIZE = re.compile(r"([0-9]{1,20}(?:\.[0-9]{1,20})?) ?([A-Za-z]*)", re.ASCII)
_SPAN = re.compile(r"([0-9]{1,20}(?:\.[0-9]{1,20})?)(us|µs|ms|s|m|h)")


def boolean(text: str) -> bool:
    """Read a truth value, in any spelling that YAML or Go takes."""
    word = text.lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError("expected true or false")


def integer(text: str) -> int:
    """Read a whole number."""
    if not re.fullmatch(r"-?[0-9]{1,20}", text, re.ASCII):
        raise ValueError("expected a whole number")
    return int(text)


def number(text: str) -> float:
    """Read a number that is not negative."""
    if not _NUMBER.fullmatch(text):
        raise ValueError("expected a number")
    return float(text)


def size(text: str) -> int:
    """Read a size such as "4MiB", "64KiB", "10MB" or "1024", in bytes."""
    match = _SIZE.fullmatch(text)
    unit = _SIZES.get(match[2].upper()) if match else None
    if match is None or unit is None or (count := Decimal(match[1]) * unit) % 1:
        raise ValueError("expected a size such as 4MiB, 64KiB or a plain number of bytes")
    return int(count)


def span(text: str) -> float:
    """Read a time such as "30s", "1m30s", "250ms" or "5", in seconds."""
    if _NUMBER.fullmatch(text):
        return float(text)
    total, at = Decimal(0), 0
    for match in _SPAN.finditer(text):
        if match.start() != at:
            break
        total, at = total + Decimal(match[1]) * _SPANS[match[2]], match.end()
    if not text or at != len(text):
        raise ValueError("expected a time such as 30s, 1m30s, 250ms or a plain number of seconds")
    return float(total)


def size_text(count: int) -> str:
    """Write `count` bytes in the largest binary unit that divides them."""
    for unit, width in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count and count % width == 0:
            return f"{count // width}{unit}"
    return str(count)


def span_text(seconds: float) -> str:
    """Write a time in hours, minutes and seconds, or in milliseconds below one second."""
    left = Decimal(repr(seconds))
    if 0 < left < 1:
        return f"{_plain(left * 1000)}ms"
    text = ""
    for unit in ("h", "m"):
        whole, left = divmod(left, _SPANS[unit])
        text += f"{_plain(whole)}{unit}" if whole else ""
    return text + f"{_plain(left)}s" if left or not text else text


def number_text(value: float) -> str:
    """Write a number as short as it can be read back."""
    return _plain(Decimal(repr(value)))


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
