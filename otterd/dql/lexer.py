"""The tokens of a query document.

An alpha's lexer has modes: between the operations of a document, inside braces,
inside round brackets and inside a schema request. The same character means
different things in each, and an error in lexing comes before any in parsing;
so the whole text is read here first. Kinds have the numbers that Dgraph's
messages show.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from otterd.dql import patterns
from otterd.dql.broken import bad_iri, bad_string, too_many
from otterd.dql.errors import DqlError, unlexed
from otterd.dql.literals import rune

END, TEXT, LEFT_CURL, RIGHT_CURL, EQUAL, NAME, OPERATION = 0, 5, 6, 7, 8, 9, 10
LEFT_ROUND, RIGHT_ROUND, COLON, AT, PERIOD, DOLLAR, REGEX, MUTATION = 11, 12, 13, 14, 15, 16, 17, 18
UPSERT, LEFT_SQUARE, RIGHT_SQUARE, COMMA, MATH, STAR = 20, 23, 24, 25, 26, 27

MOST_TOKENS = 65_536
"""The 64 KiB that are validated cannot hold more; without it memory would grow with the text."""

PADDING = 4
"""How many tokens of the end follow the last, for a parser that looks ahead."""

_PUNCTUATION = {
    "{": LEFT_CURL, "}": RIGHT_CURL, "(": LEFT_ROUND, ")": RIGHT_ROUND, ":": COLON, ".": PERIOD,
    "$": DOLLAR, "[": LEFT_SQUARE, "]": RIGHT_SQUARE, ",": COMMA, "+": MATH, "-": MATH, "*": MATH, "%": MATH,
}  # fmt: skip
_BRACED = {char: kind for char, kind in _PUNCTUATION.items() if char in "{}(,:.-"} | {"*": STAR}


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
        self._adders = (self.tokens.kinds.append, self.tokens.values.append, self.tokens.starts.append)
        self._depth = 0
        self._rounds = 0  # brackets opened where an operation was due, which close with the next ones
        self._found: Iterator[re.Match[str]] = iter(())
        self._mode: Callable[[int], int] = self._top

    def read(self) -> Tokens:
        """Return all tokens, with a few of the end behind them; raise DqlError."""
        at = 0
        while at >= 0:
            at = self._mode(at)
        self.tokens.kinds += [END] * PADDING
        self.tokens.values += [""] * PADDING
        self.tokens.starts += [len(self.text)] * PADDING
        return self.tokens

    def _top(self, at: int) -> int:
        """Read up to the next operation of the document."""
        found = patterns.TOP.match(self.text, at)
        assert found is not None
        before, word = found.groups()
        start = found.start(1)
        if before:
            start += 1 + max(before.rfind(space) for space in " \t\r\n")
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
        elif word:
            return self._operation(start, found.end())
        elif start < found.end():
            self.tokens.add(TEXT, self.text[start:], start)
        return found.end() if word else -1

    def _operation(self, start: int, at: int) -> int:
        """Take the word from `start` to `at` for the name of an operation."""
        word = self.text[start:at]
        if word in ("mutation", "upsert"):
            # Neither is allowed in a query, whatever follows.
            opened = patterns.UPSERT.match(self.text, at) if word == "upsert" else None
            if opened is None:
                self.tokens.add(UPSERT if word == "upsert" else OPERATION, word, start)
            else:
                self.tokens.add(LEFT_CURL, "{", opened.start(1))
                kind = {"{": LEFT_CURL, "}": RIGHT_CURL}.get(opened[2], UPSERT + 1)
                self.tokens.add(kind, opened[2], opened.start(2))
            return -1
        if word not in ("query", "fragment", "schema"):
            raise unlexed(self.text, start, f"Invalid operation type: {word}", "query, fragment or schema")
        self.tokens.add(OPERATION, word, start)
        self._mode = self._schema if word == "schema" else self._query
        return at

    def _first(self, at: int) -> int:
        """Read the first word in the braces, which tells a query from a mutation."""
        for found in patterns.FIRST.finditer(self.text, at):
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

    def _each(self, at: int) -> "Iterator[re.Match[str]]":
        """Return what stands in braces and brackets from `at` on, no more than there may be tokens."""
        found = patterns.INSIDE.finditer(self.text, at)
        return found if len(self.text) < MOST_TOKENS else islice(found, MOST_TOKENS - len(self.tokens.kinds))

    def _query(self, at: int) -> int:
        """Read what is in braces."""
        kind, value, start = self._adders
        self._found = self._each(at)
        while True:
            for found in self._found:
                group = found.lastindex
                if group == 1:
                    kind(NAME)
                    value(found[1])
                    start(found.start(1))
                elif group == 2 and (char := found[2]) in _BRACED:
                    kind(_BRACED[char])
                    value(char)
                    start(found.start(2))
                    if char == "(":
                        self._round()
                        break
                    if char == "{":
                        self._depth += 1
                    elif char == "}" and self._left():
                        return found.end()
                elif group == 7:
                    self._rest(found[7], found.start(7), "Unclosed action", "in lexText")
                elif group == 3 or group == 4:
                    self._named(found, group == 3)
                else:
                    self._strange(found.start(group or 0))
                    break
            else:
                raise too_many(MOST_TOKENS)

    def _strange(self, at: int) -> None:
        """Read the name in <> at `at`, or raise for what only round brackets may hold."""
        named = patterns.NAMED.match(self.text, at)
        if named is None:
            self._rest(self.text[at], at, "Unclosed action", "in lexText")
        else:
            self.tokens.add(NAME, named[1], named.start(1))
            self._found = self._each(named.end())

    def _round(self) -> None:
        """Read what is in round brackets, up to the one that closes the first."""
        kind, value, start = self._adders
        depth, self._rounds, comma = self._rounds + 1, 0, False  # `comma`: nothing has come since one
        while True:
            for found in self._found:
                group = found.lastindex
                if group == 2:
                    char = found[2]
                    kind(_PUNCTUATION[char])
                    value(char)
                    start(found.start(2))
                    if char == "," or char == ")":
                        if comma:
                            raise self._gap(found)
                        comma = char == ","
                        depth -= not comma
                        if not depth:
                            return
                    elif char == "(":
                        depth += 1
                    elif char == "{":
                        comma = False
                elif group == 1 or group == 6:
                    kind(NAME)
                    value(found[group])
                    start(found.start(group))
                    comma = False
                elif group == 7:
                    at = self._slash_or_rest(found[7], found.start(7), comma)
                    comma = comma and not at and found[7][:1] in ("=", "/")
                    if at:
                        self._found = self._each(at)
                        break
                elif group == 5:
                    self.tokens.add(MATH, found[5], found.start(5))
                else:
                    comma = self._named(found, group == 3)
            else:
                raise too_many(MOST_TOKENS)

    def _schema(self, at: int) -> int:
        """Read a schema request."""
        for found in islice(patterns.SCHEMA.finditer(self.text, at), MOST_TOKENS - len(self.tokens.kinds)):
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

    def _gap(self, found: "re.Match[str]") -> DqlError:
        """Return the refusal of a comma or bracket right behind a comma."""
        if found[2] == ",":
            return unlexed(self.text, found.start(2), "Consecutive commas not allowed.", "an argument")
        return unlexed(self.text, found.end(), "Empty Argument", "an argument")

    def _named(self, found: "re.Match[str]", tagged: bool) -> bool:
        """Add the name after an @, or the name in <>; return that it is no comma."""
        kind, value, start = self._adders
        group = 4
        if tagged:
            group = 3
            kind(AT)
            value("@")
            start(found.start(3) - 1)
        kind(NAME)
        value(found[group])
        start(found.start(group))
        return False

    def _slash_or_rest(self, rest: str, at: int, comma: bool) -> int:
        """Add = or /, or right after a comma a regular expression; return where that ends, else 0."""
        if rest == "=":
            self.tokens.add(EQUAL, rest, at)
        elif rest == "/" and not comma:
            self.tokens.add(MATH, rest, at)
        elif rest == "/":
            found = patterns.REGEX.match(self.text, at)
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
