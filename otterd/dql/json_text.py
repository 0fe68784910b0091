"""Read JSON text without recursion, keeping where each value stands.

Deep nesting costs no stack, and a hostile text no more than its length: what a text may
hold has a bound, since each value takes many times the memory that it takes in the text.
"""

import re
import sys
from dataclasses import dataclass, field

from otterd.dql.errors import Unlike

# Escapes in a string are checked here and resolved later, in one pass.
# Half of a surrogate pair, which is no character, is refused.
_PAIR = r"[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_TEXT = rf'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u(?:{_PAIR}|(?![dD][89a-fA-F])[0-9a-fA-F]{{4}})))*+"'
_DIGITS = r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?+[0-9]++)?+(?![0-9a-zA-Z.+\-])"
_STRING = re.compile(_TEXT).match
_SCALAR = re.compile(rf"{_TEXT}|{_DIGITS}|(?:true|false|null)(?![0-9a-zA-Z.+\-])").match
_GAP = re.compile(r"[ \t\r\n]*+").match
# In a text already checked: the next thing that is not between things; group 2 is there after a key.
_PIECE = re.compile(
    rf"[ \t\r\n,]*+([{{}}\[\]]|{_TEXT}(?=[ \t\r\n]*+(:?))|[^ \t\r\n,{{}}\[\]]++)(?:[ \t\r\n]*+:)?+"
).match
_CLOSING = {"{": "}", "[": "]"}
_ESCAPED = re.compile(r'\\(?:u([0-9a-fA-F]{4})(?:\\u([dD][c-fC-F][0-9a-fA-F]{2}))?|(["\\/bfnrt]))')
_PLAIN = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


@dataclass(slots=True)
class Number:
    """A number, as written."""

    text: str


@dataclass(slots=True)
class Object:
    """An object; of keys written twice the last holds. `at` is its offset."""

    at: int
    members: dict[str, tuple[int, "Json"]] = field(default_factory=dict)
    """By key: the offset of the key, and the value."""


@dataclass(slots=True)
class Array:
    """An array, with the offset of each item."""

    at: int
    items: list[tuple[int, "Json"]] = field(default_factory=list)


MOST_VALUES = 32_768
"""The 64 KiB that are validated cannot hold more; without it memory would grow with the text."""

Json = str | Number | bool | None | Object | Array


class NotJson(ValueError):
    """The text is not JSON; `at` is the offset where that shows."""

    def __init__(self, at: int, expected: str) -> None:
        super().__init__(f"expected {expected}")
        self.at = at
        self.expected = expected


def parse_json(text: str, deepest: int = sys.maxsize, most: int = MOST_VALUES) -> Json:
    """Return the value that `text` is; raise NotJson, or Unlike when it has more than `most` values.

    A text that nests more than `deepest` times is no JSON either.
    """
    _check(text, deepest, most)
    return _built(text)


def _check(text: str, deepest: int, most: int) -> None:
    """Raise NotJson unless `text` is one JSON value of `most` values at most, none below `deepest`."""
    open_ones = bytearray()
    at = _past(text, 0)
    left = most
    while True:
        left -= 1
        if left < 0:
            raise Unlike(f"more than {most} values in one JSON text", expected="a shorter text")
        mark = text[at : at + 1]
        if mark in _CLOSING and mark:
            open_ones.append(ord(_CLOSING[mark]))
            if len(open_ones) > deepest:
                raise NotJson(at, "less nesting")
            at = _past(text, at + 1)
            if text[at : at + 1] != _CLOSING[mark]:
                at = _check_key(text, at) if mark == "{" else at
                continue
        else:
            match = _SCALAR(text, at)
            if match is None:
                raise NotJson(at, "a value")
            at = _past(text, match.end())
        while open_ones:
            after, closing = text[at : at + 1], chr(open_ones[-1])
            if after == ",":
                at = _past(text, at + 1)
                at = _check_key(text, at) if closing == "}" else at
                break
            if after != closing:
                raise NotJson(at, f"`,` or `{closing}`")
            open_ones.pop()
            at = _past(text, at + 1)
        if not open_ones:
            if at < len(text):
                raise NotJson(at, "the end")
            return


def _check_key(text: str, at: int) -> int:
    """Return where the value of the key at `at` begins."""
    match = _STRING(text, at)
    if match is None:
        raise NotJson(at, "a key in quotation marks")
    at = _past(text, match.end())
    if text[at : at + 1] != ":":
        raise NotJson(at, "`:`")
    return _past(text, at + 1)


def _past(text: str, at: int) -> int:
    match = _GAP(text, at)
    return match.end() if match else at


def _built(text: str) -> Json:
    """Return the value that `text`, known to be JSON, stands for."""
    open_ones: list[Object | Array] = []
    root: Json = None
    key_at, key = 0, ""
    at = 0
    while True:
        match = _PIECE(text, at)
        if match is None:
            return root
        at, start, mark = match.end(), match.start(1), match[1]
        value: Json
        if mark == "{":
            value = Object(start)
        elif mark == "[":
            value = Array(start)
        elif mark in ("}", "]"):
            open_ones.pop()
            continue
        elif match[2]:
            key_at, key = start, _unescaped(mark)
            continue
        else:
            value = _scalar(mark)
        top = open_ones[-1] if open_ones else None
        if isinstance(top, Array):
            top.items.append((start, value))
        elif top is not None:
            top.members[key] = (key_at, value)
        else:
            root = value
        if isinstance(value, Object | Array):
            open_ones.append(value)


def _scalar(text: str) -> Json:
    if text[0] == '"':
        return _unescaped(text)
    if text[0] in "tfn":
        return None if text == "null" else text == "true"
    return Number(text)


def _unescaped(literal: str) -> str:
    inside = literal[1:-1]
    return _ESCAPED.sub(_character, inside) if "\\" in inside else inside


def _character(match: re.Match[str]) -> str:
    code, low, plain = match.groups()
    if plain is not None:
        return _PLAIN[plain]
    if low is not None:
        return chr(0x10000 + ((int(code, 16) - 0xD800) << 10) + (int(low, 16) - 0xDC00))
    return chr(int(code, 16))
