"""Cut one line of N-Quads into tokens, taking and refusing what Dgraph's lexer does.

A line has four places: subject, predicate, object, and what follows the object.
A refusal carries the offset of the token that it is about, and Dgraph's words.
A whole line is checked before its first token is told, as Dgraph does it; no
list of tokens is kept, since a line may be as long as its text.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from otterd.dql.golang import rune, shown
from otterd.dql.rdf_tokens import Kind, Refused, Token

_SUBJECT: Final = 0
_PREDICATE: Final = 1
_OBJECT: Final = 2
_AFTER: Final = 3
_FACETS: Final = 5

# Dgraph calls these two kinds by number when it words an error.
_NUMBER = {Kind.SUBJECT: 6, Kind.OBJECT: 8, Kind.LABEL: 9}

_BASE = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f"
    "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
# No pattern may give back what it took: hostile text must cost no more than its length.
_IRI_TEXT = r'(?:[^\x00-\x20<>"{}|^`\\]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*+'
_BLANK_FIRST_TEXT = f"[{_BASE}_:0-9]"
_BLANK_TEXT = f"[{_BASE}_:0-9\\-\u00b7\u0300-\u036f\u203f\u2040.]*+"
_LITERAL_TEXT = r"""(?:[^"\\\n\r]|\\[uvtbnrf"'\\]|\\U[0-9A-Fa-f]{8}|\\x[0-9A-Fa-f]{2})*+"""
_QUOTED_TEXT = r"""(?:[^"\\]|\\[uvtbnrf"'\\])*+"""
_BARE_TEXT = r'[^=,)" \t][^= \t),]*+'
_FACETS_TEXT = rf'\((?:[ \t]*+(?:[=,]|"{_QUOTED_TEXT}"|{_BARE_TEXT}))*+[ \t]*+'
_SPACES = re.compile(r"[ \t]*+").match
_SPACES_AND_DOTS = re.compile(r"[ \t.]*+").match
_STARS = re.compile(r"\*(?:[ \t]*+\*)*+").match
_IRI = re.compile(_IRI_TEXT).match
_HALF_ESCAPE = re.compile(r"\\[uU][0-9A-Fa-f]*+").match
_BLANK_FIRST = re.compile(_BLANK_FIRST_TEXT).match
_BLANK = re.compile(_BLANK_TEXT).match
_LITERAL = re.compile(_LITERAL_TEXT).match
_LANGUAGE = re.compile(r"[A-Za-z0-9\-]*+").match
_LETTER = re.compile(r"[A-Za-z]").match
_VARIABLE = re.compile(r"[^ \t)]*+").match
_QUOTED = re.compile(_QUOTED_TEXT).match
_FACETS_OPEN = re.compile(_FACETS_TEXT).match
_ALL_FACETS = re.compile(rf"(?:[ \t]*+{_FACETS_TEXT}(?:\)|\Z))++").match
_NODE = (
    rf"(?:<{_IRI_TEXT}>|\*|_:{_BLANK_FIRST_TEXT}{_BLANK_TEXT}(?<!\.)(?=[ \t])"
    r"|(?:uid|val)[ \t]*+\([ \t]*+[^ \t)]++[ \t]*+\))"
)
_AFTER_TEXT = rf"(?:[ \t]*+(?:\*|{_FACETS_TEXT}\)))*+"
# Whole N-Quads in a row on one line, none of which has a fault that the lexer sees.
_SOUND = re.compile(
    rf"(?:[ \t.]*+{_NODE}[ \t.]*+(?:<{_IRI_TEXT}>|\*)[ \t.]*+"
    rf'(?:{_NODE}|"{_LITERAL_TEXT}"(?:@[A-Za-z][A-Za-z0-9\-]*+(?<!-)|\^\^<{_IRI_TEXT}>|(?![@^])))'
    rf"(?:[ \t]*+<{_IRI_TEXT}>)?+{_AFTER_TEXT}[ \t]*+\.)*+"
).match
_SOUND_AFTER = re.compile(_AFTER_TEXT).match


def tokens(line: str) -> Iterator[Token]:
    """Yield the tokens of `line`; raise Refused at the first thing out of place before any."""
    scan = _Scan(line)
    scan.skip(_SOUND)
    while scan.step():
        scan.found.clear()
        if scan.place >= _AFTER and scan.skip(_SOUND_AFTER):
            scan.place = _FACETS
        elif scan.place == _SUBJECT:
            scan.skip(_SOUND)
    scan = _Scan(line)
    while scan.step():
        yield from scan.found
        scan.found.clear()


class _Scan:
    """Walks one line once."""

    __slots__ = ("at", "found", "line", "place", "start")

    def __init__(self, line: str) -> None:
        self.line = line
        self.at = 0
        self.start = 0
        """Where the last token ended: Dgraph counts what is not a token to the next one."""
        self.place = _SUBJECT
        self.found: list[Token] = []

    def skip(self, sound: Callable[[str, int], re.Match[str] | None]) -> bool:
        """Pass over all that `sound` matches; return whether that is anything."""
        match = sound(self.line, self.at)
        if match is None or match.end() == self.at:
            return False
        self.at = self.start = match.end()
        return True

    def step(self) -> bool:
        """Find one token, or a few that belong together; return whether there was any."""
        line = self.line
        skipped = _SPACES if self.place >= _AFTER else _SPACES_AND_DOTS
        match = skipped(line, self.at)
        self.at = match.end() if match else self.at
        if self.at >= len(line):
            return False
        char = line[self.at]
        if char == "#":
            if self.place != _SUBJECT:
                raise self._lost(char)
            self._add(Kind.COMMENT, line[self.at :], len(line))
            return True
        step = _STEPS.get(char)
        if step is None:
            raise self._lost(char)
        step(self)
        return True

    def _lost(self, char: str) -> Refused:
        wanted = ("a subject", "a predicate", "an object")
        expected = wanted[self.place] if self.place < _AFTER else "`.`, a label or facets"
        return Refused(self.start, f"Invalid input: {char} at lexText", expected)

    def _add(self, kind: Kind, value: str, end: int) -> None:
        self.found.append(Token(kind, value, self.at))
        self.at = self.start = end

    def star(self) -> None:
        match = _STARS(self.line, self.at)
        end = match.end() if match else self.at + 1
        count = self.line.count("*", self.at, end)
        self.place += count
        # More than three stars in a row say what three do.
        for _ in range(min(count, 3)):
            self._add(Kind.STAR, "*", self.at + 1)
        self.at = self.start = end

    def dot(self) -> None:
        self.place = _SUBJECT
        self._add(Kind.END, ".", self.at + 1)

    def iri(self) -> None:
        kind = self._kind("<")
        self.place += 1
        self._iri(kind)

    def _kind(self, char: str) -> Kind:
        if self.place > _AFTER:
            raise self._lost(char)
        return (Kind.SUBJECT, Kind.PREDICATE, Kind.OBJECT, Kind.LABEL)[self.place]

    def _iri(self, kind: Kind) -> None:
        line, begin = self.line, self.at + 1
        match = _IRI(line, begin)
        end = match.end() if match else begin
        after = line[end : end + 1]
        if after == ">":
            self._add(kind, line[begin:end], end + 1)
            return
        if after == "\\":
            # A broken escape is taken up to its last digit, which then is what Dgraph stumbles over.
            half = _HALF_ESCAPE(line, end)
            end = half.end() - 1 if half else end
            after = line[end]
        if not after:
            raise Refused(end, "Unexpected end of IRI", "`>`")
        raise Refused(end, f"Unexpected character {rune(after)} while parsing IRI", "`>`")

    def blank(self) -> None:
        kind = self._kind("_")
        line, begin = self.line, self.at
        if kind is Kind.PREDICATE:
            raise Refused(begin, "Invalid character in lexPredicate: '_'", "`<`")
        self.place += 1
        number = _NUMBER[kind]
        if line[begin + 1 : begin + 2] != ":":
            char = shown(line[begin + 1 : begin + 2])
            raise Refused(begin, f"Invalid character after _. Expected :, found '{char}'", "`:`")
        if begin + 2 >= len(line):
            raise Refused(begin, "Unexpected end of subject", "a name")
        if not _BLANK_FIRST(line, begin + 2):
            char = line[begin + 2]
            raise Refused(begin, f"Invalid character in {number} after _: , Got '{char}'", "a name")
        match = _BLANK(line, begin + 3)
        end = match.end() if match else begin + 3
        if end > begin + 3 and line[end - 1] == ".":
            raise Refused(begin, f"Can not end {number} with '.'", "a letter or digit")
        if end >= len(line):
            raise Refused(begin, f"Unexpected end of {number}", "a space")
        if line[end] not in " \t":
            raise Refused(begin, f"Invalid character '{line[end]}' found for itemType: {number}", "a space")
        self._add(kind, line[begin:end], end)

    def literal(self) -> None:
        if self.place != _OBJECT:
            raise Refused(self.start, "Invalid quote for non-object.", "`<`")
        line, begin = self.line, self.at
        match = _LITERAL(line, begin + 1)
        end = match.end() if match else begin + 1
        after = line[end : end + 1]
        if after == "\\":
            char = shown(line[end + 1 : end + 2])
            raise Refused(begin, f"Invalid escape character : '{char}' in literal", "an escape")
        if after and after != '"':
            raise Refused(begin, f"Invalid character '{after}' in literal.", '`"`')
        self.place += 1
        # A literal without an end is a token too; it fails when its text is read.
        self._add(Kind.LITERAL, line[begin : end + 1], end + len(after))
        following = line[self.at : self.at + 1]
        if following == "@":
            self._language()
        elif following == "^":
            self._type()

    def _language(self) -> None:
        line = self.line
        self.at = self.start = self.at + 1
        if not _LETTER(line, self.at):
            char = shown(line[self.at : self.at + 1])
            raise Refused(self.at, f"Invalid language tag prefix: '{char}'", "a language")
        match = _LANGUAGE(line, self.at)
        end = match.end() if match else self.at
        if line[end - 1] == "-":
            raise Refused(self.at, "Invalid character - at the end of language literal.", "a letter or digit")
        self._add(Kind.LANGUAGE, line[self.at : end], end)

    def _type(self) -> None:
        line = self.line
        if line[self.at : self.at + 2] != "^^":
            raise Refused(self.at, "Expected ^^ for lexObjectType", "`^^<type>`")
        self.at = self.start = self.at + 2
        if line[self.at : self.at + 1] != "<":
            raise Refused(self.at, "Expected < for lexObjectType", "`<`")
        self._iri(Kind.TYPE)

    def variable(self) -> None:
        line, begin = self.line, self.at
        if self.place not in (_SUBJECT, _OBJECT):
            raise Refused(self.start, f"Unexpected char '{line[begin]}'", "`<`")
        name = "uid" if line[begin] == "u" else "val"
        for place, wanted in enumerate(name, begin):
            if line[place : place + 1] != wanted:
                char = shown(line[place : place + 1])
                raise Refused(begin, f"Unexpected char '{char}' when parsing uid keyword", f"`{name}(`")
        at = self._past_spaces(begin + 3)
        if line[at : at + 1] != "(":
            char = shown(line[at : at + 1])
            raise Refused(at, f"Expected '(' after uid keyword, found: '{char}'", "`(`")
        at = self._past_spaces(at + 1)
        match = _VARIABLE(line, at)
        end = match.end() if match else at
        if end == at:
            raise Refused(at, "Unexpected end of input while reading variable name", "a variable")
        close = self._past_spaces(end)
        if line[close : close + 1] != ")":
            char = shown(line[close : close + 1])
            raise Refused(close, f"Expected ')' while reading function found: '{char}'", "`)`")
        kind = Kind.SUBJECT_VAR if self.place == _SUBJECT else Kind.OBJECT_VAR
        self.place += 1
        self._add(kind, f"{name}({line[at:end]})", close + 1)

    def _past_spaces(self, at: int) -> int:
        match = _SPACES(self.line, at)
        return match.end() if match else at

    def facets(self) -> None:
        """Take all facets in a row for one token, a bracket: who wants them reads on from there."""
        if self.place < _AFTER:
            raise Refused(self.start, "Invalid input: ( at Facet", "a subject, predicate or object")
        match = _ALL_FACETS(self.line, self.at)
        if match is None:
            sound = _FACETS_OPEN(self.line, self.at)
            raise self._bad_string(sound.end() if sound else self.at + 1)
        self._add(Kind.OPEN, "(", match.end())
        self.place = _FACETS

    def _bad_string(self, begin: int) -> Refused:
        """Return what is wrong with the text of a facet that begins at `begin`."""
        line = self.line
        match = _QUOTED(line, begin + 1)
        end = match.end() if match else begin + 1
        if end >= len(line):
            return Refused(begin, "Unexpected end of input.", '`"`')
        char = shown(line[end + 1 : end + 2])
        return Refused(begin, f"Not a valid escape char: '{char}'", "an escape")


_STEPS: dict[str, Callable[[_Scan], None]] = {
    "<": _Scan.iri,
    "_": _Scan.blank,
    '"': _Scan.literal,
    "*": _Scan.star,
    "(": _Scan.facets,
    ".": _Scan.dot,
    "u": _Scan.variable,
    "v": _Scan.variable,
}
