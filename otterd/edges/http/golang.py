"""Go's reading of parameters, durations, media types and JSON keys, and its writing of JSON text.

Dgraph's HTTP port is a Go program: what these functions accept they read exactly as it
does. Whatever it would refuse, or read in a way that is not certain, raises `Unsure`.
"""

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from json.encoder import encode_basestring


class Unsure(Exception):
    """Dgraph must answer this itself: it is wrong, or Otter would have to guess."""


_PLAIN_QUERY = re.compile(rb"[!-$&-*,-:<-~]*").fullmatch
_PRINTABLE = re.compile(rb"[\x21-\x7e]*").fullmatch
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_DECIMAL = re.compile(rb"[1-9][0-9]{0,19}").fullmatch
_BASED = re.compile(rb"0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+").fullmatch
_DURATION = re.compile(r"\+?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+").fullmatch
_LENGTH = re.compile(r"([0-9.]+)([^0-9.]+)")
_UNITS = {
    "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0,
}  # fmt: skip
_SHORT = 16
_LONGEST = 2**63 / 1e9 - 1
_TRUE = frozenset((b"1", b"t", b"T", b"TRUE", b"true", b"True"))
_FALSE = frozenset((b"", b"0", b"f", b"F", b"FALSE", b"false", b"False"))
_MEDIA = re.compile(
    rb"[ \t]*([a-z]+/[a-z+-]+)[ \t]*(?:;[ \t]*charset=(?:utf-8|\"utf-8\")[ \t]*)?;?[ \t]*", re.IGNORECASE
).fullmatch
_HTML = re.compile("[<>&\u2028\u2029]").search
_SEPARATORS = re.compile("[\u2028\u2029]").search


def params(query: bytes, names: Collection[bytes]) -> Mapping[bytes, bytes]:
    """Return the parameters called `names` that the raw `query` of a target sets."""
    found: dict[bytes, bytes] = {}
    if not query:
        return found
    odd = not _PLAIN_QUERY(query)
    if odd and not _PRINTABLE(query):
        raise Unsure
    for pair in query.split(b"&"):
        name, _, value = pair.partition(b"=")
        if odd:
            name, value = _unescaped(name), _unescaped(value)
        if name in names:
            if name in found:
                raise Unsure
            found[name] = value
    return found


def _unescaped(text: bytes) -> bytes:
    if b";" in text or text.count(b"%") != len(_ESCAPE.findall(text)):
        raise Unsure
    return _ESCAPE.sub(lambda match: bytes((int(match[1], 16),)), text.replace(b"+", b" "))


def uint(value: bytes) -> int:
    """Return the unsigned 64-bit number that `value` says, 0 when it is empty."""
    if not value or value == b"0":
        return 0
    if _DECIMAL(value):
        number = int(value)
    elif _BASED(value):
        number = int(value, 0)
    else:
        raise Unsure
    if number >> 64:
        raise Unsure
    return number


def boolean(value: bytes) -> bool:
    """Return the truth that `value` says, False when it is empty."""
    if value in _FALSE:
        return False
    if value in _TRUE:
        return True
    raise Unsure


def duration(value: bytes) -> float | None:
    """Return the length of time that `value` says, in seconds; None when it is empty or none at all."""
    if not value or value == b"0":
        return None
    if value.endswith(b"ms") and value[:-2].isdigit() and len(value) < _SHORT:
        return int(value[:-2]) * 1e-3 or None
    text = text_of(value)
    if not _DURATION(text):
        raise Unsure
    seconds = sum(float(number) * _UNITS[unit] for number, unit in _LENGTH.findall(text.lstrip("+")))
    if seconds > _LONGEST:
        raise Unsure
    return seconds or None


@lru_cache(maxsize=256)
def media_type(value: bytes) -> bytes:
    """Return the media type of a `Content-Type` with no parameter but a charset of UTF-8."""
    match = _MEDIA(value)
    if match is None:
        raise Unsure
    return match[1].lower()


def text_of(data: bytes) -> str:
    """Return `data` as text; Go would carry broken UTF-8 on, gRPC cannot."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Unsure from None


def ignorable(key: str, names: Collection[str]) -> bool:
    """Tell whether Go, which takes a struct's `names` in any case, certainly ignores `key`."""
    return key.isascii() and key.lower() not in names


def quote(text: str) -> bytes:
    """Return `text` as a JSON string, escaped for HTML as Go's `json.Marshal` does."""
    return quoted(text).encode("utf-8", "replace")


def quoted(text: str) -> str:
    """Return the same as `quote`, not yet encoded."""
    string = encode_basestring(text)
    if _HTML(string):
        string = string.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
        string = string.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return string


def quoted_plain(text: str) -> str:
    """Return `text` as a JSON string with `<`, `>` and `&` as they are."""
    string = encode_basestring(text)
    if _SEPARATORS(string):
        string = string.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return string


def compact(raw: bytes) -> bytes:
    """Return the JSON `raw`, which has no needless spaces, as Go embeds it in other JSON."""
    if b"<" in raw or b">" in raw or b"&" in raw:
        raw = raw.replace(b"<", b"\\u003c").replace(b">", b"\\u003e").replace(b"&", b"\\u0026")
    if b"\xe2\x80\xa8" in raw or b"\xe2\x80\xa9" in raw:
        raw = raw.replace(b"\xe2\x80\xa8", b"\\u2028").replace(b"\xe2\x80\xa9", b"\\u2029")
    return raw
