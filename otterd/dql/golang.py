"""Values of mutations and schemas as Go's standard library reads them, since Dgraph leaves them to it."""

import math
import re
from datetime import date

_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.?))", re.DOTALL
)
_MARKS = {mark: chr(code) for code, mark in zip(range(7, 14), "abtnvfr", strict=True)} | {
    "\\": "\\",
    '"': '"',
}
_ESCAPES = {char: f"\\{mark}" for mark, char in _MARKS.items()}

# No pattern may give back what it took: hostile text must cost no more than its length.
_D = r"[0-9](?:_?[0-9])*+"
_H = r"[0-9a-fA-F](?:_?[0-9a-fA-F])*+"
_INT = re.compile(
    rf"[+-]?+(?:0[xX]_?({_H})|0[bB]_?([01](?:_?[01])*+)|0[oO]?+_?([0-7](?:_?[0-7])*+)|(0|[1-9](?:_?[0-9])*+))"
).fullmatch
_DECIMAL = re.compile(r"[+-]?+[0-9]++").fullmatch
_FLOAT = re.compile(
    rf"[+-]?+(?:(?:{_D}\.?+(?:{_D})?+|\.{_D})(?:e[+-]?+{_D})?+"
    rf"|(?P<hex>0x_?(?:{_H}\.?+(?:{_H})?+|\.{_H})p[+-]?+{_D})|(?P<inf>inf(?:inity)?+))|(?P<nan>nan)",
    re.IGNORECASE,
).fullmatch
_POWER = r"(?:[pP][+-]?+[0-9]{1,9}+)?+"
_BIG = re.compile(
    rf"[+-]?+(?:[Ii]nf|(?:{_D}\.?+(?:{_D})?+|\.{_D})(?:[eEpP][+-]?+[0-9]{{1,9}}+)?+"
    rf"|0[xX]_?(?:{_H}\.?+(?:{_H})?+|\.{_H}){_POWER}"
    rf"|0[bB]_?[01](?:_?[01])*+\.?+[01]*+{_POWER}|0[oO]_?[0-7](?:_?[0-7])*+\.?+[0-7]*+{_POWER})"
).fullmatch
_BASES = (16, 2, 8, 10)
_LONGEST = 66
"""Significant digits past which no number of 64 bits can be meant, in any base."""
_LARGEST_FLOAT32 = 3.4028235677973366e38

_CLOCK = r"(?P<h>\d{1,2}):(?P<m>\d\d):(?P<s>\d\d)(?:[.,]\d++)?+"
_DATE = r"(?P<Y>\d{4})(?:-(?P<M>\d\d)(?:-(?P<D>\d\d))?+)?+"
_DAY = re.compile(_DATE, re.ASCII).fullmatch
_RFC3339 = re.compile(rf"{_DATE}T{_CLOCK}(?:Z|[+-](?P<zh>\d\d):(?P<zm>\d\d))", re.ASCII).fullmatch
_LOCAL = re.compile(rf"{_DATE}T{_CLOCK}", re.ASCII).fullmatch
_SPELLED = re.compile(
    rf"{_DATE} ++{_CLOCK} ++[+-](?P<zh>\d\d)(?P<zm>\d\d) ++(?:[A-Z]{{3,5}}|ChST|MeST|[+-]\d\d)", re.ASCII
).fullmatch
_BOOLEANS = frozenset(["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"])

TOO_BIG = "value out of range"
SYNTAX = "invalid syntax"


class Misread(ValueError):
    """A literal that Go refuses; the text says why, in Go's words."""


def unquote(text: str) -> str:
    """Return what the Go string literal `text`, with its quotation marks, stands for."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        raise Misread(SYNTAX)
    inside = text[1:-1]
    if "\n" in inside:
        raise Misread(SYNTAX)
    if "\\" not in inside:
        return inside
    found = _ESCAPE.sub(_unescaped, inside)
    # Bytes written as \xHH may together make characters.
    return found.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")


def _unescaped(match: re.Match[str]) -> str:
    mark, byte, short, long, octal, _ = match.groups()
    if mark is not None:
        return _MARKS[mark]
    if byte is not None or octal is not None:
        code = int(byte, 16) if byte is not None else int(octal, 8)
        if code > 0xFF:
            raise Misread(SYNTAX)
        return chr(code) if code < 0x80 else chr(0xDC00 + code)
    if short is None and long is None:
        raise Misread(SYNTAX)
    code = int(short or long, 16)
    if code > 0x10FFFF or 0xD800 <= code < 0xE000:
        raise Misread(SYNTAX)
    return chr(code)


def integer(text: str, base: int = 0) -> int:
    """Return the signed number of 64 bits that `text` is, `base` being 10 or 0 for any prefix."""
    value = _number(text, "ParseInt", base)
    if not -(1 << 63) <= value < 1 << 63:
        raise Misread(_wording("ParseInt", text, TOO_BIG))
    return value


def unsigned(text: str) -> int:
    """Return the number of 64 bits without sign that `text` is, with any prefix."""
    if text[:1] in ("+", "-"):
        raise Misread(_wording("ParseUint", text, SYNTAX))
    value = _number(text, "ParseUint", 0)
    if value >= 1 << 64:
        raise Misread(_wording("ParseUint", text, TOO_BIG))
    return value


def _number(text: str, name: str, base: int) -> int:
    digits, radix = _digits(text, base)
    if not digits:
        raise Misread(_wording(name, text, SYNTAX))
    digits = digits.replace("_", "").lstrip("0") or "0"
    value = 1 << 64 if len(digits) > _LONGEST else int(digits, radix)
    return -value if text[0] == "-" else value


def _digits(text: str, base: int) -> tuple[str, int]:
    """Return the digits of `text` and their base; none when it is no number."""
    if base == 10:
        return (text.lstrip("+-"), 10) if _DECIMAL(text) else ("", 10)
    match = _INT(text)
    found = match.groups() if match else ()
    pairs = zip(found, _BASES, strict=False)
    return next(((digits, radix) for digits, radix in pairs if digits is not None), ("", 10))


def floating(text: str, bits: int = 64) -> float:
    """Return the number that `text` is, which may be NaN; raise Misread when `bits` cannot hold it."""
    match = _FLOAT(text) if text.isascii() else None
    if match is None:
        raise Misread(_wording("ParseFloat", text, SYNTAX))
    if match["nan"]:
        return math.nan
    plain = text.replace("_", "")
    if match["inf"]:
        return float(plain)
    try:
        value = float.fromhex(plain) if match["hex"] else float(plain)
    except OverflowError:
        value = math.inf
    if math.isinf(value) or (bits == 32 and abs(value) >= _LARGEST_FLOAT32):
        raise Misread(_wording("ParseFloat", text, TOO_BIG))
    return value


def is_big(text: str) -> bool:
    """Tell whether `text` is a number of any size, as `math/big` reads it."""
    return _BIG(text) is not None


def is_bool(text: str) -> bool:
    """Tell whether `text` is one of the words that Go takes for true or false."""
    return text in _BOOLEANS


def is_time(text: str) -> bool:
    """Tell whether `text` is a date or a time in one of Dgraph's forms."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size in (4, 7, 10):
        return _holds(_DAY(text))
    if size > 19 and text[10:11] == "T" and (text[-1] == "Z" or text[-3] == ":"):
        return _holds(_RFC3339(text))
    return _holds(_SPELLED(text)) or _holds(_LOCAL(text))


def _holds(match: "re.Match[str] | None") -> bool:
    if match is None:
        return False
    found = match.groupdict()
    try:
        # The year 0 is a leap year, which Python does not know.
        date(int(found["Y"]) or 4, int(found["M"] or 1), int(found["D"] or 1))
    except ValueError:
        return False
    if found.get("h") is None:
        return True
    if found["D"] is None or int(found["h"]) > 23 or int(found["m"]) > 59 or int(found["s"]) > 59:
        return False
    return found.get("zh") is None or (int(found["zh"]) <= 24 and int(found["zm"]) <= 60)


def _wording(name: str, text: str, why: str) -> str:
    return f"strconv.{name}: parsing {quoted(text)}: {why}"


class _Shown(dict[int, str]):
    """What each character is shown as; a text of a million of them has few different ones."""

    def __missing__(self, code: int) -> str:
        self[code] = shown = _visible(chr(code))
        return shown


def quoted(text: str) -> str:
    """Return `text` as Go's `%q` shows it."""
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return f'"{text.translate(_Shown())}"'


def _visible(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def rune(char: str) -> str:
    """Return the single character `char` as Go's `%q` shows a rune."""
    return {'"': "'\"'", "'": "'\\''"}.get(char) or f"'{_visible(char)}'"


def shown(char: str) -> str:
    """Return `char` as Go's `%c` shows it; "" is the end of a text."""
    return char or "\ufffd"
