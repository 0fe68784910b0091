"""Cut an alter schema into tokens, taking and refusing what Dgraph's lexer does."""

import re
from collections.abc import Iterator
from enum import IntEnum
from itertools import islice
from typing import NamedTuple

from otterd.dql.broken import too_many
from otterd.dql.errors import DqlError, unlexed
from otterd.dql.golang import quoted, rune, shown

MOST_TOKENS = 65_536
"""The 64 KiB that are validated cannot hold more; without it time and memory would grow with the text."""


class Kind(IntEnum):
    """What a token is; the numbers are those by which Dgraph names them in its errors."""

    END = 0
    TEXT = 5
    NUMBER = 6
    OPEN_CURLY = 7
    CLOSE_CURLY = 8
    COLON = 9
    OPEN = 10
    CLOSE = 11
    AT = 12
    COMMA = 13
    NEWLINE = 14
    DOT = 15
    OPEN_SQUARE = 16
    CLOSE_SQUARE = 17
    BANG = 18
    QUOTED = 20


class Token(NamedTuple):
    """A piece of a schema; `line` counts from 1, `column` from 0 in bytes, -1 past the end."""

    kind: Kind
    value: str
    line: int
    column: int

    def __str__(self) -> str:
        if self.kind is Kind.END:
            return "EOF"
        return f"lex.Item [{int(self.kind)}] {quoted(self.value)} at {self.line}:{self.column}"


NOTHING = Token(Kind.END, "", -1, -1)

_MARKS = {
    "{": Kind.OPEN_CURLY,
    "}": Kind.CLOSE_CURLY,
    ":": Kind.COLON,
    "(": Kind.OPEN,
    ")": Kind.CLOSE,
    "@": Kind.AT,
    ",": Kind.COMMA,
    ".": Kind.DOT,
    "[": Kind.OPEN_SQUARE,
    "]": Kind.CLOSE_SQUARE,
    "!": Kind.BANG,
}
# No pattern may give back what it took: hostile text must cost no more than its length.
_WORD = r"[A-Za-z_][A-Za-z0-9_.\-]*+"
_MARK = r"[{}:()@,.\[\]!]"
_COMMENT = r"\#[^\n\r]*+(?:[\n\r]|\Z)"
_IRI = r'<(?:[^\x00-\x20<>"{}|^`\\]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*+'
_NUMBER = r"0[xX][0-9A-Fa-f]++|[0-9]++"
_QUOTED = r""""(?:[^"\\]|\\[uvtbnrf"'\\])*+"""
_SOUND = re.compile(rf'(?:[ \t\n\r]|{_WORD}|{_MARK}|{_COMMENT}|{_IRI}>|{_NUMBER}|{_QUOTED}")*+').match
# New lines in a row, with blanks and comments between them, are one token: they mean no more.
_PIECE = re.compile(
    rf"[ \t]*+(?:(?P<word>{_WORD})|(?P<mark>{_MARK})"
    rf"|(?P<newline>[\n\r]|{_COMMENT})(?:[ \t\n\r]|{_COMMENT})*+"
    rf"|(?P<iri>{_IRI}>)|(?P<number>{_NUMBER})|(?P<quoted>{_QUOTED}\"))"
).match
_UNCLOSED = re.compile(rf"(?P<iri>{_IRI})|(?P<quoted>{_QUOTED})").match
_HALF_ESCAPE = re.compile(r"\\[uU][0-9A-Fa-f]*+").match


def tokens(text: str, most: int = MOST_TOKENS) -> Iterator[Token]:
    """Yield the tokens of `text`, ended by one of kind END; raise DqlError before the first.

    Or raise it behind `most` tokens, when there are more.
    """
    sound = _SOUND(text)
    end = sound.end() if sound else 0
    if end < len(text):
        raise _fault(text, end)
    scan = _Scan(text).run()
    yield from islice(scan, most)
    if next(scan, None) is not None:
        raise too_many(most, "words in one schema")


def _fault(text: str, at: int) -> DqlError:
    """Return what is wrong with the token that begins at `at`."""
    match = _UNCLOSED(text, at)
    if match is None:
        return unlexed(text, at, f"Invalid schema. Unexpected {text[at]}", "a predicate or a type")
    end = match.end()
    if match["iri"] is not None:
        half = _HALF_ESCAPE(text, end)
        end = half.end() - 1 if half else end
        if end >= len(text):
            return unlexed(text, end, "Invalid schema: Unexpected end of IRI", "`>`")
        reason = f"Invalid schema: Unexpected character {rune(text[end])} while parsing IRI"
        return unlexed(text, end, reason, "`>`")
    if end >= len(text):
        return unlexed(text, at, "Invalid schema: Unexpected end of input.", '`"`')
    char = shown(text[end + 1 : end + 2])
    return unlexed(text, at, f"Invalid schema: Not a valid escape char: '{char}'", "an escape")


class _Scan:
    """Walks once over a schema whose tokens are all sound."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.line = 1
        self.column = 0
        self.counted = 0
        """Up to where line and column are counted."""

    def run(self) -> Iterator[Token]:
        text, at = self.text, 0
        while True:
            match = _PIECE(text, at)
            if match is None:
                yield self._token(Kind.END, "", len(text))
                return
            start, at = match.start(match.lastgroup or 0), match.end()
            group, value = match.lastgroup, match[match.lastgroup or 0]
            if group == "word":
                yield self._token(Kind.TEXT, value, start)
            elif group == "mark":
                yield self._token(_MARKS[value], value, start)
            elif group == "newline":
                yield self._newline(value, start)
            elif group == "iri":
                yield self._token(Kind.TEXT, value[1:-1], start + 1)
            else:
                yield self._token(Kind.NUMBER if group == "number" else Kind.QUOTED, value, start)

    def _newline(self, value: str, start: int) -> Token:
        if value[0] != "#":
            return self._token(Kind.NEWLINE, value, start)
        if value[-1] not in "\n\r":
            return self._token(Kind.END, "", len(self.text))
        # Dgraph places the new line after a comment on the line that it begins.
        return self._token(Kind.NEWLINE, "", start + len(value))

    def _token(self, kind: Kind, value: str, start: int) -> Token:
        piece = self.text[self.counted : start]
        self.counted = start
        ends = piece.count("\n") + piece.count("\r")
        if ends:
            self.line += ends
            self.column = 0
            piece = piece[1 + max(piece.rfind("\n"), piece.rfind("\r")) :]
        self.column += len(piece) if piece.isascii() else len(piece.encode("utf-8", "replace"))
        return Token(kind, value, self.line, self.column)
