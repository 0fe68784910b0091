"""Cut the text of a mutation or an upsert into tokens, as Dgraph's lexer does.

Braces mean different things in an upsert, in a mutation and around N-Quads, so the lexer
goes from mode to mode; each reads on from an offset and says where the next begins.
"""

import re
from collections.abc import Callable
from enum import Enum, auto
from typing import NamedTuple

from otterd.dql import lexer
from otterd.dql.broken import too_many
from otterd.dql.errors import DqlError, locate, unlexed
from otterd.dql.lexer import Lexer as QueryLexer


class Kind(Enum):
    """What a token is."""

    OPEN = auto()
    CLOSE = auto()
    UPSERT = auto()
    OPERATION = auto()
    """`mutation` outside an upsert."""
    BLOCK = auto()
    """`query`, `mutation` or `fragment` inside an upsert."""
    PASSAGE = auto()
    """A query, fragment or condition, whole."""
    CHANGE = auto()
    """`set` or `delete`, or another name in their place."""
    NQUADS = auto()
    OTHER = auto()
    """What belongs to a query after a mutation."""
    END = auto()


class Token(NamedTuple):
    """A piece of the text, with its offset."""

    kind: Kind
    value: str
    at: int


# No pattern may give back what it took: hostile text must cost no more than its length.
GAP = r"(?:[ \t\r\n]|#[^\r\n]*+(?:[\r\n]|\Z))*+"
NQUADS = r'[^"{}]*+(?:"(?:[^"\\]|\\.)*+"[^"{}]*+)*+'
_GAP = re.compile(GAP).match
_JUNK = re.compile(r"(?:[^A-Za-z_~{}(#]|#[^\r\n]*+(?:[\r\n]|\Z))*+").match
_NAME = re.compile(r"[A-Za-z_~][A-Za-z0-9_~.]*+").match
_SUFFIX = re.compile(r"@[A-Za-z0-9_~.]*+").match
_NQUADS = re.compile(NQUADS, re.DOTALL).match
_OPENINGS = re.compile(r"\{(?:[ \t\r\n]*+\{)*+").match
_STRING = re.compile(r"""(?:[^"\\]|\\[uvtbnrf"'\\])*+""").match
_BRACES = re.compile(r"""(?:[^"{}]|"(?:[^"\\]|\\[uvtbnrf"'\\])*+")*+""").match
_ROUNDS = re.compile(r"""(?:[^"()]|"(?:[^"\\]|\\[uvtbnrf"'\\])*+")*+""").match

CHANGES = ("set", "delete", "del")


def opens_mutation(text: str) -> bool:
    """Tell whether `text` is a mutation or an upsert, for its beginning alone; all else is a query."""
    at = _end(_JUNK(text, 0), 0)
    name = _NAME(text, at)
    if name:
        if name[0] != "mutation":
            return name[0] == "upsert" and _is_space(text, at)
        return _NAME(text, _end(_GAP(text, name.end()), name.end())) is not None and _is_space(text, at)
    if text[at : at + 1] != "{":
        return False
    first = _NAME(text, _end(_GAP(text, at + 1), at + 1))
    return first is not None and first[0] in CHANGES


def _is_space(text: str, at: int) -> bool:
    # A name that follows on a character without meaning is taken for one word with it.
    return at == 0 or text[at - 1] in " \t\r\n"


def _end(match: re.Match[str] | None, otherwise: int) -> int:
    return match.end() if match else otherwise


class Lexer:
    """Reads one text once."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[Token] = []
        self._braces = 0
        """Open braces of a mutation."""
        self._blocks = 0
        """Open braces of an upsert."""
        self._mode: Callable[[int], int] = self._top

    def read(self) -> list[Token]:
        """Return the tokens, the last of them END; raise DqlError."""
        at = 0
        while at >= 0:
            at = self._mode(at)
        self._add(Kind.END, len(self.text), len(self.text))
        return self.tokens

    def _add(self, kind: Kind, start: int, end: int) -> int:
        if len(self.tokens) > lexer.MOST_TOKENS:
            raise too_many(lexer.MOST_TOKENS)
        self.tokens.append(Token(kind, self.text[start:end], start))
        return end

    def _lost(self, at: int, reason: str, expected: str) -> DqlError:
        return unlexed(self.text, at, reason, expected)

    def _top(self, at: int) -> int:
        behind = at
        at = _end(_JUNK(self.text, at), at)
        line = max(behind, *(self.text.rfind(end, behind, at) + 1 for end in "\r\n"))
        start = max(line, *(self.text.rfind(space, line, at) + 1 for space in " \t"))
        if at >= len(self.text):
            # An alpha makes a word of what has no meaning, and an empty one of a comment without an end.
            in_comment = "#" in self.text[line:]
            if in_comment or start < at:
                self._add(Kind.OTHER, at if in_comment else start, at)
            return -1
        mark = self.text[at]
        if mark == "}":
            raise self._lost(start, "Too many right curl", "the end")
        name = _NAME(self.text, at)
        if name and start < at:
            # What has no meaning makes one word with a name right behind it.
            word = self.text[start : name.end()]
            raise self._lost(start, f"Invalid operation type: {word}", "query, fragment or schema")
        if name and name[0] in ("mutation", "upsert"):
            is_upsert = name[0] == "upsert"
            self._mode = self._in_upsert if is_upsert else self._in_mutation
            return self._add(Kind.UPSERT if is_upsert else Kind.OPERATION, at, name.end())
        if mark == "{":
            inner = _end(_GAP(self.text, at + 1), at + 1)
            first = _NAME(self.text, inner)
            if first and first[0] in CHANGES:
                self._add(Kind.OPEN, at, at + 1)
                self._braces += 1
                self._mode = self._in_mutation
                return self._add(Kind.CHANGE, inner, first.end())
        return self._query(at)

    def _query(self, at: int) -> int:
        """Read a query after a mutation: nobody runs it, but it must be sound, and its braces count."""
        try:
            found = QueryLexer(self.text[at:]).read()
        except DqlError as wrong:
            raise self._moved(wrong, at) from None
        brace = at
        starts = (at + start for start in found.starts)
        for kind, value, start in zip(found.kinds, found.values, starts, strict=True):
            if kind == lexer.MUTATION:
                self.tokens.pop()
                return brace
            if kind == lexer.UPSERT or (kind == lexer.OPERATION and value == "mutation"):
                return start
            if kind == lexer.LEFT_CURL:
                brace = start + len(value) - 1
                self._add(Kind.OPEN, brace, brace + 1)
            elif kind != lexer.END:
                is_brace = kind == lexer.RIGHT_CURL
                self._add(Kind.CLOSE if is_brace else Kind.OTHER, start, start + len(value))
        return -1

    def _moved(self, wrong: DqlError, at: int) -> DqlError:
        """Return what is `wrong` with the text from `at` on as what is wrong with all of it."""
        if wrong.line < 0:
            return wrong
        line, column = locate(self.text, at)
        column = wrong.column + (column if wrong.line == 1 else 0)
        line += wrong.line - 1
        message = f"while lexing {self.text} at line {line} column {column}: {wrong.reason}"
        return DqlError(message, line, column, wrong.expected, reason=wrong.reason)

    def _in_upsert(self, at: int) -> int:
        at = _end(_GAP(self.text, at), at)
        mark = self.text[at : at + 1]
        if mark == "{":
            # The second brace in a row is out of place already; more of them say no more.
            end = _end(_OPENINGS(self.text, at), at + 1)
            self._blocks += self.text.count("{", at, end)
            self._add(Kind.OPEN, at, at + 1)
            return self._add(Kind.OPEN, end - 1, end) if end > at + 1 else end
        if mark == "}":
            self._blocks -= 1
            if not self._blocks:
                self._mode = self._top
            return self._add(Kind.CLOSE, at, at + 1)
        if not mark:
            raise self._lost(at, "Unclosed upsert block", "`}`")
        name = _NAME(self.text, at)
        if not name:
            raise self._lost(at, f"Unrecognized character in upsert block: {_code(mark)}", "`}`")
        if name[0] == "mutation":
            self._mode = self._in_mutation
            return self._add(Kind.BLOCK, at, name.end())
        if name[0] not in ("query", "fragment"):
            expected = "query, fragment or mutation"
            raise self._lost(at, f"Invalid operation type: {name[0]}", expected)
        at = self._add(Kind.BLOCK, at, name.end())
        return self._passage(at, at, "{", "}")

    def _in_mutation(self, at: int) -> int:
        at = _end(_GAP(self.text, at), at)
        mark = self.text[at : at + 1]
        if mark == "@":
            return self._condition(at)
        if mark == "}":
            self._braces -= 1
            if not self._braces:
                self._mode = self._in_upsert if self._blocks else self._top
            return self._add(Kind.CLOSE, at, at + 1)
        if mark == "{":
            self._braces += 1
            at = self._add(Kind.OPEN, at, at + 1)
            return self._nquads(at) if self._braces >= 2 else at
        if not mark:
            raise self._lost(at, "Unclosed mutation action", "`}`")
        name = _NAME(self.text, at)
        if not name:
            raise self._lost(at, f"Unrecognized character inside mutation: {_code(mark)}", "set or delete")
        return self._add(Kind.CHANGE, at, name.end())

    def _nquads(self, at: int) -> int:
        end = _end(_NQUADS(self.text, at), at)
        after = self.text[end : end + 1]
        if not after:
            raise self._lost(at, "Unclosed mutation text", "`}`")
        if after == '"':
            raise self._lost(at, "Unclosed mutation value", '`"`')
        if after == "{":
            raise self._lost(at, "Invalid character '{' inside mutation text", "`}`")
        return self._add(Kind.NQUADS, at, end)

    def _condition(self, at: int) -> int:
        end = _end(_SUFFIX(self.text, at), at + 1)
        word = self.text[at:end]
        if word != "@if":
            raise self._lost(at, f"Expected @if, found [{word}]", "`@if`")
        return self._passage(at, end, "(", ")")

    def _passage(self, start: int, at: int, left: str, right: str) -> int:
        """Take all from `start` to where the brackets after `at` are balanced."""
        text, depth = self.text, 0
        plain = _BRACES if left == "{" else _ROUNDS
        while True:
            at = _end(plain(text, at), at)
            mark = text[at : at + 1]
            if not mark:
                raise self._lost(start, "Matching brackets not found", f"`{right}`")
            if mark == '"':
                raise self._bad_string(start, at)
            at += 1
            depth += 1 if mark == left else -1
            if depth < 0:
                raise self._lost(start, f"Unopened {right} found", f"`{left}`")
            if not depth and mark == right:
                return self._add(Kind.PASSAGE, start, at)

    def _bad_string(self, start: int, at: int) -> DqlError:
        end = _end(_STRING(self.text, at + 1), at + 1)
        if end >= len(self.text):
            return self._lost(start, "Unexpected end of input.", '`"`')
        char = self.text[end + 1 : end + 2] or "\ufffd"
        return self._lost(start, f"Not a valid escape char: '{char}'", "an escape")


def _code(char: str) -> str:
    shown = f" '{char}'" if char.isprintable() else ""
    return f"U+{ord(char):04X}{shown}"
