"""Read JSON text without recursion, keeping where each value stands.

Deep nesting costs no stack, and a hostile text no more than its length.
"""

import re
from dataclasses import dataclass, field

# Escapes in a string are checked here and resolved later, in one pass.
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+"').match
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?+[0-9]++)?+(?![0-9a-zA-Z.+\-])").match
_GAP = re.compile(r"[ \t\r\n]*+").match
_WORD = re.compile(r"true|false|null").match
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


Json = str | Number | bool | None | Object | Array


class NotJson(ValueError):
    """The text is not JSON; `at` is the offset where that shows."""

    def __init__(self, at: int, expected: str) -> None:
        super().__init__(f"expected {expected}")
        self.at = at
        self.expected = expected


def parse_json(text: str) -> Json:
    """Return the value that `text` is; raise NotJson."""
    reader = _Reader(text)
    value = reader.read()
    at = reader.gap()
    if at < len(text):
        raise NotJson(at, "the end")
    return value


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def gap(self) -> int:
        match = _GAP(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.at

    def read(self) -> Json:
        """Read one value; the containers still open lie on a stack of our own."""
        open_ones: list[Object | Array] = []
        root: list[tuple[int, Json]] = []
        while True:
            start = self.gap()
            mark = self.text[start : start + 1]
            value: Json
            if mark == "{" or mark == "[":
                self.at += 1
                value = Object(start) if mark == "{" else Array(start)
            else:
                value = self._scalar(start)
            self._put(open_ones, root, start, value)
            if isinstance(value, Object | Array):
                open_ones.append(value)
                if not self._closes(value):
                    self._key(value)
                    continue
                open_ones.pop()
            while open_ones and not self._comma(open_ones[-1]):
                open_ones.pop()
            if not open_ones:
                return root[0][1]
            self._key(open_ones[-1])

    _pending: tuple[int, str] = (0, "")

    def _put(
        self, open_ones: list[Object | Array], root: list[tuple[int, Json]], at: int, value: Json
    ) -> None:
        if not open_ones:
            root.append((at, value))
            return
        top = open_ones[-1]
        if isinstance(top, Array):
            top.items.append((at, value))
        else:
            key_at, key = self._pending
            top.members[key] = (key_at, value)

    def _closes(self, value: Object | Array) -> bool:
        at = self.gap()
        if self.text[at : at + 1] == ("}" if isinstance(value, Object) else "]"):
            self.at += 1
            return True
        return False

    def _comma(self, top: Object | Array) -> bool:
        """Step over what follows a value in `top`; tell whether another one comes."""
        at = self.gap()
        mark = self.text[at : at + 1]
        closing = "}" if isinstance(top, Object) else "]"
        if mark not in (",", closing) or not mark:
            raise NotJson(at, f"`,` or `{closing}`")
        self.at += 1
        return mark == ","

    def _key(self, top: Object | Array) -> None:
        if isinstance(top, Array):
            return
        at = self.gap()
        match = _STRING(self.text, at)
        if match is None:
            raise NotJson(at, "a key in quotation marks")
        self._pending = (at, _unescaped(match[0]))
        self.at = match.end()
        colon = self.gap()
        if self.text[colon : colon + 1] != ":":
            raise NotJson(colon, "`:`")
        self.at += 1

    def _scalar(self, at: int) -> Json:
        for pattern in (_STRING, _NUMBER, _WORD):
            match = pattern(self.text, at)
            if match is not None:
                self.at = match.end()
                found = match[0]
                if pattern is _STRING:
                    return _unescaped(found)
                if pattern is _NUMBER:
                    return Number(found)
                return None if found == "null" else found == "true"
        raise NotJson(at, "a value")


def _unescaped(literal: str) -> str:
    inside = literal[1:-1]
    return _ESCAPED.sub(_character, inside) if "\\" in inside else inside


def _character(match: re.Match[str]) -> str:
    code, low, plain = match.groups()
    if plain is not None:
        return _PLAIN[plain]
    high = int(code, 16)
    if low is not None:
        if 0xD800 <= high < 0xDC00:
            return chr(0x10000 + ((high - 0xD800) << 10) + (int(low, 16) - 0xDC00))
        return _lone(high) + _lone(int(low, 16))
    return _lone(high)


def _lone(code: int) -> str:
    # A half of a pair stands for nothing; Go puts the replacement character in its place.
    return "�" if 0xD800 <= code < 0xE000 else chr(code)
