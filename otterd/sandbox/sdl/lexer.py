"""The tokens of a GraphQL schema."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

NAME, INT, FLOAT, STRING, BLOCK, END, INVALID = (
    "Name", "Int", "Float", "String", "BlockString", "<EOF>", "<Invalid>",
)  # fmt: skip

_TOKEN = re.compile(
    r"(?P<blank>[\t ,\ufeff]+|\#[^\x00-\x08\x0a-\x1f]*)|(?P<line>\r\n|\n|\r)"
    r"|(?P<Name>[_A-Za-z][_0-9A-Za-z]*)"
    r"|(?P<number>-?(?:0|[1-9][0-9]*)(?![0-9])"
    r"(?P<float>(?:\.[0-9]+(?![0-9])|(?!\.))(?:[eE][+-]?[0-9]+(?![0-9])|(?![eE]))))"
    r'|(?P<BlockString>"""(?P<block>(?:\\"""|(?!""")[^\x00-\x08\x0b\x0c\x0e-\x1f])*)""")'
    r'|(?P<String>"(?!"")(?P<text>(?:[^"\\\x00-\x08\x0a-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*)")'
    r"|(?P<mark>\.\.\.|[!$&():=@\[\]{}|])"
)
_ESCAPE = re.compile(r'\\(u[0-9a-fA-F]{4}|["\\/bfnrt])')
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


@dataclass(slots=True, frozen=True)
class Token:
    """A token: `kind` is as Dgraph's errors name it, a mark's is the mark itself."""

    kind: str
    text: str
    line: int

    def __str__(self) -> str:
        if self.kind in (NAME, INT, FLOAT, STRING, BLOCK):
            return f'{self.kind} "{self.text}"'
        return self.kind


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of `text`, and an END or, where it cannot go on, an INVALID."""
    line, at = 1, 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            yield Token(INVALID, "", line)
            return
        at = found.end()
        if found["line"]:
            line += 1
        elif found["blank"] is None:
            # The lines inside a block of text are not counted.
            yield _token(found, line)
    yield Token(END, "", line)


def _token(found: re.Match[str], line: int) -> Token:
    if found["Name"]:
        return Token(NAME, found["Name"], line)
    if found["number"]:
        return Token(FLOAT if found["float"] else INT, found["number"], line)
    if found["BlockString"]:
        return Token(BLOCK, found["block"], line)
    if found["String"]:
        return Token(STRING, _ESCAPE.sub(_meant, found["text"]), line)
    return Token(found["mark"], "", line)


def _meant(escape: re.Match[str]) -> str:
    said = escape[1]
    return chr(int(said[1:], 16)) if said[0] == "u" else _ESCAPED.get(said, said)
