"""Numbers, booleans and strings as Go's strconv reads and writes them, since an alpha does."""

import math
import re

from otterd.dql.golang import quoted

_UNSIGNED = re.compile(
    r"0[xX](?P<hex>_?[0-9a-fA-F](?:_?[0-9a-fA-F])*+)\Z|0[bB](?P<bin>_?[01](?:_?[01])*+)\Z"
    r"|0[oO](?P<oct>_?[0-7](?:_?[0-7])*+)\Z|0(?P<old>(?:_?[0-7])*+)\Z|(?P<dec>[1-9](?:_?[0-9])*+)\Z"
)
_BASES = {"hex": 16, "bin": 2, "oct": 8, "old": 8, "dec": 10}
_FLOAT = re.compile(
    r"[+-]?(?:(?:[0-9](?:_?[0-9])*+(?:\.(?:[0-9](?:_?[0-9])*+)?)?|\.[0-9](?:_?[0-9])*+)"
    r"(?:[eE][+-]?[0-9](?:_?[0-9])*+)?|inf(?:inity)?|nan)\Z",
    re.IGNORECASE | re.ASCII,
)
_HEX_FLOAT = re.compile(r"[+-]?0[xX][0-9a-fA-F_]*\.?[0-9a-fA-F_]*[pP][+-]?[0-9]+\Z")
_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|[\s\S]|\Z)"
)
_SHORT = {
    "\\": "\\",
    '"': '"',
    **{mark: chr(code) for code, mark in zip(range(7, 14), "abtnvfr", strict=True)},
}
_TRUE = frozenset(("1", "t", "T", "TRUE", "true", "True"))
_FALSE = frozenset(("0", "f", "F", "FALSE", "false", "False"))
MAX_UINT64 = 2**64 - 1


class Unreadable(ValueError):
    """A literal that Go would not read; its text is Go's."""


class TooLarge(Unreadable):
    """A number that does not fit."""


def _magnitude(text: str, word: str) -> int:
    """Return the number that `text` writes in any of Go's bases."""
    digits = text[1:] if text[:1] in ("+", "-") and word != "ParseUint" else text
    found = _UNSIGNED.match(digits)
    if found is None:
        raise Unreadable(f"strconv.{word}: parsing {quoted(text)}: invalid syntax")
    name = found.lastgroup or "dec"
    written = found[name].replace("_", "")
    if len(written) > 80 and len(written.lstrip("0")) > 80:
        raise TooLarge(f"strconv.{word}: parsing {quoted(text)}: value out of range")
    return int(written or "0", _BASES[name])


def unsigned(text: str) -> int:
    """Return the uint64 that `text` writes, by base prefix; raise Unreadable or TooLarge."""
    number = _magnitude(text, "ParseUint")
    if number > MAX_UINT64:
        raise TooLarge(f"strconv.ParseUint: parsing {quoted(text)}: value out of range")
    return number


def signed(text: str) -> int:
    """Return the int64 that `text` writes, by base prefix; raise Unreadable or TooLarge."""
    number = _magnitude(text, "ParseInt")
    number = -number if text.startswith("-") else number
    if not -(2**63) <= number < 2**63:
        raise TooLarge(f"strconv.ParseInt: parsing {quoted(text)}: value out of range")
    return number


def real(text: str) -> float:
    """Return the float64 that `text` writes; raise Unreadable or TooLarge."""
    if _FLOAT.match(text):
        number = float(text)
        if math.isinf(number) and "n" not in text.lower():
            raise TooLarge(f"strconv.ParseFloat: parsing {quoted(text)}: value out of range")
        return number
    if _HEX_FLOAT.match(text):
        try:
            return float.fromhex(text.replace("_", ""))
        except (ValueError, OverflowError):
            pass
    raise Unreadable(f"strconv.ParseFloat: parsing {quoted(text)}: invalid syntax")


def boolean(text: str) -> bool:
    """Return the truth that `text` writes; raise Unreadable."""
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise Unreadable(f"strconv.ParseBool: parsing {quoted(text)}: invalid syntax")


def vector(text: str) -> tuple[float, ...]:
    """Return the numbers of a float32vector written `[1.0, 2.0]` or `[1.0 2.0]`; raise Unreadable."""
    text = text.replace("\n", " ").replace("\t", " ").strip()
    if not text:
        return ()
    inside = text[1:].rstrip("]")
    if text[0] != "[" or len(inside) == len(text) - 1:
        raise Unreadable(f"cannot convert {text} to vfloat")
    if not inside:
        return ()
    parts = [part.strip() for part in inside.split(",")] if "," in inside else inside.split()
    try:
        return tuple(real(part) for part in parts)
    except Unreadable:
        raise Unreadable(f"cannot convert {text} to vfloat") from None


def uid_list(text: str) -> tuple[int, ...]:
    """Return the uids of a variable's value, `0x1` or `[0x1, 0x2]`; raise Unreadable."""
    text = text.replace(" ", "").replace("\t", "")
    if not text:
        raise Unreadable("ID can't be empty")
    if text[0] != "[":
        return (unsigned(text),)
    if text[-1] != "]" or len(text) == 1 or "[" in text[1:] or ")" in text:
        raise Unreadable(f"Invalid id list at root. Got: {text}")
    return tuple(unsigned(part) for part in re.split(r"[],]", text[1:]) if part)


def unquoted(text: str) -> str:
    """Return `text` without its quotes and escapes, or as it is when not in quotes; raise Unreadable."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    inside = text[1:-1]
    if "\\" not in inside and "\n" not in inside:
        return inside
    try:
        if "\n" in inside:
            raise ValueError
        return _ESCAPE.sub(_unescaped, inside)
    except ValueError:
        raise Unreadable(f"could not unquote {quoted(text)}:: invalid syntax") from None


def _unescaped(found: re.Match[str]) -> str:
    """Return the character of one escape; raise ValueError for one that Go does not know."""
    short, byte, four, eight, octal = found.groups()
    if short:
        return _SHORT[short]
    code = int(octal, 8) if octal else int(byte or four or eight or "", 16)
    if 0xD800 <= code < 0xE000:
        raise ValueError
    return chr(code)


def rune(char: str) -> str:
    """Return `char` as Go's %#U prints it; "" is the end of the text."""
    if not char:
        return "U+FFFFFFFFFFFFFFFF"
    return f"U+{ord(char):04X} '{char}'" if char.isprintable() else f"U+{ord(char):04X}"


def listed(names: list[str]) -> str:
    """Return `names` as Go's %v prints a slice."""
    return "[" + " ".join(names) + "]"
