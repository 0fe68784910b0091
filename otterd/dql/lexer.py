"""The tokens of a query document.

An alpha's lexer has modes: between the operations of a document, inside braces,
inside round brackets and inside a schema request. The same character means
different things in each, and an error in lexing comes before any in parsing;
so the whole text is read here first. Kinds have the numbers that Dgraph's
messages show.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice

from otterd.dql.broken import IRI, bad_iri, bad_string, too_many
from otterd.dql.errors import unlexed
from otterd.dql.literals import rune

END, TEXT, LEFT_CURL, RIGHT_CURL, EQUAL, NAME, OPERATION = 0, 5, 6, 7, 8, 9, 10
LEFT_ROUND, RIGHT_ROUND, COLON, AT, PERIOD, DOLLAR, REGEX, MUTATION = 11, 12, 13, 14, 15, 16, 17, 18
UPSERT, LEFT_SQUARE, RIGHT_SQUARE, COMMA, MATH, STAR = 20, 23, 24, 25, 26, 27

MOST_TOKENS = 65_536
"""The 64 KiB that are validated cannot hold more; without it memory would grow with the text."""

PADDING = 4
"""How many tokens of the end follow the last, for a parser that looks ahead."""

_NAME = r"[A-Za-z_~][A-Za-z0-9_~.]*+"
_STRING = r'"[^"\\]*+(?:\\[uvtbnrf"\'\\][^"\\]*+)*+"'
_TAG = r"(?:[A-Za-z_~*][A-Za-z_~0-9*-]*+)?\.|[A-Za-z_~*][A-Za-z_~0-9*-]*+"
_REGEX = re.compile(r"/[^\\/]*+(?:\\.[^\\/]*+)*+/[A-Za-z]*+", re.DOTALL)

# Group 1 is a name, group 2 one character of punctuation, 3 the name after @, 4 an IRI, 5 the
# rest: a comment, or what has no place here.
_QUERY = re.compile(rf"[ \t\r\n]*+(?:({_NAME})|([{{}}(,:.*-])|@({_TAG})|<({IRI})>|(#[^\r\n]*+|[\s\S]|\Z))")
# Here 5 is a comparison, 6 a string, and 7 the rest.
_ROUND = re.compile(
    rf"[ \t\r\n]*+(?:([A-Za-z0-9_~][A-Za-z0-9_~.]*+)|([(),:.$[\]{{}}+*%-])|@({_TAG})"
    rf"|<(?![ \t=])({IRI})>|(<=|<(?=[ \t])|[>!][<>=!]?|=[<>=!])|({_STRING})|(#[^\r\n]*+|[\s\S]|\Z))"
)
_SCHEMA = re.compile(rf"[ \t\r\n]*+(?:({_NAME})|([{{}}(),:[\]])|<({IRI})>|(#[^\r\n]*+|[\s\S]|\Z))")
_TOP = re.compile(
    r"(?:[^{}#(A-Za-z_~]*+#[^\r\n]*+)*+([^{}#(A-Za-z_~]*+)([A-Za-z_~][A-Za-z0-9_~.]*+|[{}(]|\Z)"
)
_UPSERT = re.compile(r"[ \t\r\n]*+(\{)[ \t\r\n]*+(query|mutation|fragment)\b")
_FIRST = re.compile(rf"[ \t\r\n]*+(?:({_NAME})|(#[^\r\n]*+|[\s\S]|\Z))")

_PUNCTUATION = {
    "{": LEFT_CURL, "}": RIGHT_CURL, "(": LEFT_ROUND, ")": RIGHT_ROUND, ":": COLON, ".": PERIOD,
    "$": DOLLAR, "[": LEFT_SQUARE, "]": RIGHT_SQUARE, ",": COMMA, "+": MATH, "-": MATH, "*": MATH, "%": MATH,
}  # fmt: skip


@dataclass(slots=True)
class Tokens:
    """The tokens of `text`: kinds, values and offsets side by side, since there are many."""

    text: str
    kinds: list[int] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)

    def add(self, kind: int, value: str, start: int) -> None:
        """Append one token."""
        self.kinds.append(kind)
        self.values.append(value)
        self.starts.append(start)


class Lexer:
    """Reads one text by modes, each of which reads on from an offset and returns where the next begins."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = Tokens(text)
        self._depth = 0
        self._rounds = 0
        self._mode: Callable[[int], int] = self._top

    def read(self) -> Tokens:
        """Return all tokens, with a few of the end behind them; raise DqlError."""
        at = 0
        while at >= 0:
            at = self._mode(at)
        for _ in range(PADDING):
            self.tokens.add(END, "", len(self.text))
        return self.tokens

    def _top(self, at: int) -> int:
        """Read up to the next operation of the document."""
        found = _TOP.match(self.text, at)
        assert found is not None
        before, word = found.groups()
        start = found.start(1) + 1 + max(before.rfind(space) for space in " \t\r\n")
        if word == "{":
            self.tokens.add(LEFT_CURL, self.text[start : found.end()], start)
            self._depth += 1
            self._mode = self._first
        elif word == "}":
            raise unlexed(self.text, start, "Too many right curl", "an operation")
        elif word == "(":
            self.tokens.add(TEXT, self.text[start : found.start(2)], start)
            self.tokens.add(LEFT_ROUND, "(", found.start(2))
            self._rounds += 1
            self._mode = self._query
        else:
            return self._operation(start, found.end()) if word else -1
        return found.end()

    def _operation(self, start: int, at: int) -> int:
        """Take the word from `start` to `at` for the name of an operation."""
        word = self.text[start:at]
        if word in ("mutation", "upsert"):
            # Neither is allowed in a query, whatever follows.
            opened = _UPSERT.match(self.text, at) if word == "upsert" else None
            if opened is None:
                self.tokens.add(UPSERT if word == "upsert" else OPERATION, word, start)
            else:
                self.tokens.add(LEFT_CURL, "{", opened.start(1))
                self.tokens.add(UPSERT + 1, opened[2], opened.start(2))
            return -1
        if word not in ("query", "fragment", "schema"):
            raise unlexed(self.text, start, f"Invalid operation type: {word}", "query, fragment or schema")
        self.tokens.add(OPERATION, word, start)
        self._mode = self._schema if word == "schema" else self._query
        return at

    def _first(self, at: int) -> int:
        """Read the first word in the braces, which tells a query from a mutation."""
        for found in _FIRST.finditer(self.text, at):
            word, rest = found.groups()
            if word in ("set", "delete", "del"):
                self.tokens.add(MUTATION, word, found.start(1))
                return -1
            if word:
                self.tokens.add(NAME, word, found.start(1))
            if word or rest == "<":
                self._mode = self._query
                return found.end(1) if word else found.start(2)
            if not rest:
                raise unlexed(self.text, len(self.text), "Invalid DQL", "the name of a block")
            if rest[0] != "#":
                reason = f"Unexpected character while lexing DQL: {rune(rest)}"
                raise unlexed(self.text, found.start(2), reason, "the name of a block")
        raise AssertionError  # the pattern matches the end of the text

    def _query(self, at: int) -> int:
        """Read what is in braces."""
        tokens = self.tokens
        kind, value, start = tokens.kinds.append, tokens.values.append, tokens.starts.append
        for found in islice(_QUERY.finditer(self.text, at), MOST_TOKENS - len(tokens.kinds)):
            group = found.lastindex
            if group == 1:
                kind(NAME)
                value(found[1])
                start(found.start(1))
            elif group == 2:
                char = found[2]
                kind(STAR if char == "*" else _PUNCTUATION[char])
                value(char)
                start(found.start(2))
                if char == "(":
                    self._rounds += 1
                    self._mode = self._round
                    return found.end()
                if char == "{":
                    self._depth += 1
                elif char == "}" and self._left():
                    return found.end()
            elif group == 5:
                self._rest(found[5], found.start(5), "Unclosed action", "in lexText")
            else:
                self._named(found, group == 3)
        raise too_many(MOST_TOKENS)

    def _round(self, at: int) -> int:
        """Read what is in round brackets."""
        tokens = self.tokens
        kind, value, start = tokens.kinds.append, tokens.values.append, tokens.starts.append
        comma = False  # whether nothing has come since a comma
        for found in islice(_ROUND.finditer(self.text, at), MOST_TOKENS - len(tokens.kinds)):
            group = found.lastindex
            if group == 1 or group == 6:
                kind(NAME)
                value(found[group])
                start(found.start(group))
                comma = False
            elif group == 2:
                char = found[2]
                kind(_PUNCTUATION[char])
                value(char)
                start(found.start(2))
                if char == ",":
                    if comma:
                        reason = "Consecutive commas not allowed."
                        raise unlexed(self.text, found.start(2), reason, "an argument")
                    comma = True
                elif char == "(":
                    self._rounds += 1
                elif char == ")" and self._closed(comma, found.end()):
                    return found.end()
                elif char == "{":
                    comma = False
            elif group == 5:
                self.tokens.add(MATH, found[5], found.start(5))
            elif group == 7:
                end = self._slash_or_rest(found[7], found.start(7), comma)
                comma = comma and found[7][:1] in ("=", "/")
                if end:
                    return end
            else:
                self._named(found, group == 3)
                comma = False
        raise too_many(MOST_TOKENS)

    def _schema(self, at: int) -> int:
        """Read a schema request."""
        for found in islice(_SCHEMA.finditer(self.text, at), MOST_TOKENS - len(self.tokens.kinds)):
            name, char, iri, rest = found.groups()
            if rest is not None:
                self._rest(rest, found.start(4), "Unclosed schema action", "inside schema")
            elif char is None:
                self.tokens.add(NAME, name or iri or "", found.start(1 if name else 3))
            else:
                self.tokens.add(_PUNCTUATION[char], char, found.start(2))
                self._depth += char == "{"
                if char == "}" and self._left():
                    return found.end()
        raise too_many(MOST_TOKENS)

    def _left(self) -> bool:
        """Count a closing brace; return whether it ends the operation."""
        self._depth -= 1
        if not self._depth:
            self._mode = self._top
        return not self._depth

    def _closed(self, comma: bool, at: int) -> bool:
        """Count a closing bracket that ends before `at`; return whether it is the last."""
        if comma:
            raise unlexed(self.text, at, "Empty Argument", "an argument")
        self._rounds -= 1
        if not self._rounds:
            self._mode = self._query
        return not self._rounds

    def _named(self, found: "re.Match[str]", tagged: bool) -> None:
        """Add the name after an @, or the name in <>."""
        if tagged:
            self.tokens.add(AT, "@", found.start(3) - 1)
        group = 3 if tagged else 4
        self.tokens.add(NAME, found[group], found.start(group))

    def _slash_or_rest(self, rest: str, at: int, comma: bool) -> int:
        """Add = or /, or right after a comma a regular expression; return where that ends, else 0."""
        if rest == "=":
            self.tokens.add(EQUAL, rest, at)
        elif rest == "/" and not comma:
            self.tokens.add(MATH, rest, at)
        elif rest == "/":
            found = _REGEX.match(self.text, at)
            if found is None:
                raise unlexed(self.text, at, "Unclosed regexp", "a / at the end of the regular expression")
            self.tokens.add(REGEX, found[0], at)
            return found.end()
        elif rest == '"':
            raise bad_string(self.text, at)
        else:
            self._rest(rest, at, "Unclosed Brackets", "inside a func")
        return 0

    def _rest(self, rest: str, at: int, unclosed: str, where: str) -> None:
        """Pass over a comment; raise for anything else that is no token."""
        if not rest:
            raise unlexed(self.text, len(self.text), unclosed, "a closing bracket")
        if rest == "@" and where != "inside schema":
            reason = f"Unrecognized character in lexDirective: {rune(self.text[at + 1 : at + 2])}"
            raise unlexed(self.text, at + 1, reason, "a directive or a language")
        if rest == "<":
            raise bad_iri(self.text, at + 1)
        if rest[0] != "#":
            raise unlexed(self.text, at, f"Unrecognized character {where}: {rune(rest)}", "a name")


def lex(text: str) -> Tokens:
    """Return the tokens of the query document `text`; raise DqlError."""
    return Lexer(text).read()
