"""N-Quads: one to a line, read as Dgraph reads them."""

import re
from collections.abc import Iterator, Sequence

from otterd.dql.broken import too_many
from otterd.dql.errors import SPACE, DqlError, unlexed
from otterd.dql.golang import Misread, quoted, unquote, unsigned
from otterd.dql.mutation_tree import STAR, Facet, NQuad, Value
from otterd.dql.rdf_facets import Wrong, read_facets
from otterd.dql.rdf_lexer import tokens
from otterd.dql.rdf_plain import Plain, sane, split_language
from otterd.dql.rdf_tokens import Kind, Refused, Token
from otterd.dql.rdf_values import TYPES, check

MOST_LINES = 22_000
"""The 64 KiB that are validated cannot hold more; without it time would grow with the text."""
_BLANKS = SPACE.replace("\n", "")
# Whole lines that hold nothing, or a comment alone.
_IDLE = re.compile(f"(?:[{_BLANKS}]*+(?:#[^\\n]*+)?+\\n)*+").match


def parse_nquads(text: str, most: int = MOST_LINES) -> list[NQuad]:
    """Return the N-Quads of `text`; raise DqlError at the first that Dgraph refuses."""
    return list(each_nquad(text, most))


def each_nquad(text: str, most: int = MOST_LINES) -> Iterator[NQuad]:
    """Yield the N-Quads of `text` one by one; raise DqlError at the first that Dgraph refuses.

    It is raised too behind `most` lines that hold more than a comment.
    """
    at, number, size = 0, 1, len(text)
    plain = Plain()
    read = 0
    while at < size:
        read += 1
        if read > most:
            raise too_many(most, "lines of N-Quads in one text")
        found = plain.read(text, at, number)
        if found is not None:
            yield found
            at, number = plain.end + 1, number + 1
            continue
        idle = _IDLE(text, at)
        if idle is not None and idle.end() > at:
            number += text.count("\n", at, idle.end())
            at = idle.end()
        end = text.find("\n", at)
        end = size if end < 0 else end
        line = text[at:end]
        trimmed = line.strip(SPACE)
        if trimmed:
            indent = _width(line[: len(line) - len(line.lstrip(SPACE))])
            quad = parse_nquad(trimmed, number, indent)
            if quad is not None:
                yield quad
        at, number = end + 1, number + 1


def parse_nquad(line: str, number: int = 1, indent: int = 0) -> NQuad | None:
    """Return the N-Quad in `line`, which has no blanks at its ends, or None for a comment.

    `number` is that of the line in its text and `indent` the bytes cut off before it.
    """
    try:
        return _Reader(line).quad(number, indent)
    except Refused as refusal:
        column = _width(line[: refusal.at])
        # Dgraph ends a line at a carriage return, too, where it says what it cannot cut into tokens.
        message = unlexed(line, refusal.at, refusal.reason).message
        raise DqlError(message, number, indent + column, refusal.expected, reason=refusal.reason) from None
    except Wrong as wrong:
        column = indent + _width(line[: wrong.at])
        raise DqlError(str(wrong), number, column, wrong.expected, reason=wrong.reason) from None


def check_set(quads: Sequence[NQuad]) -> None:
    """Raise DqlError at the first of `quads` that Dgraph does not set."""
    for quad in quads:
        if _is_star(quad) or STAR in (quad.subject, quad.predicate):
            raise _unfit(quad, "Cannot use star in set n-quad", "a subject, predicate and object")
        for name in (quad.predicate, *(each.key for each in quad.facets)):
            flaw = _flaw_of_name(name)
            if flaw:
                raise _unfit(quad, f"key error: predicate {quoted(name)}: {flaw}", "another name")


def check_delete(quads: Sequence[NQuad]) -> None:
    """Raise DqlError at the first of `quads` that Dgraph does not delete."""
    for quad in quads:
        if quad.subject == STAR or (quad.predicate == STAR and not _is_star(quad)):
            reason = "Only valid wildcard delete patterns are 'S * *' and 'S P *'"
            raise _unfit(quad, reason, "`S * *` or `S P *`")


def _is_star(quad: NQuad) -> bool:
    value = quad.object_value
    return value is not None and value.raw == STAR and value.type == "default"


def _unfit(quad: NQuad, reason: str, expected: str) -> DqlError:
    return DqlError(
        f"{reason}: {quad.subject} {quad.predicate}", quad.line, quad.column, expected, reason=reason
    )


def _flaw_of_name(name: str) -> str:
    if not name:
        return "Has zero length"
    if "~" in name or "@" in name:
        return "Has invalid characters"
    return "Must not contain spaces" if any(char in SPACE for char in name) else ""


def _width(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


class _Reader:
    """Puts the tokens of one line together."""

    def __init__(self, line: str) -> None:
        self.line = line
        self.tokens = tokens(line)
        """What has not been read yet."""
        self.subject = self.predicate = self.object_id = self.lang = ""
        self.literal: str | None = None
        self.value: Value | None = None
        self.namespace = 0
        self.facets: list[Facet] = []

    def quad(self, number: int, indent: int) -> NQuad | None:
        """Return the N-Quad, or None when the line is a comment."""
        for token in self.tokens:
            if token.kind is Kind.COMMENT:
                return None
            if token.kind is Kind.END:
                after = next(self.tokens, None)
                if after is not None and after.kind is not Kind.COMMENT:
                    raise self._ending(after.at, " Expected newline or # after .")
                return self._whole(number, indent)
            self._take(token)
        raise self._ending(len(self.line), "", "`.`")

    def _ending(self, at: int, why: str, expected: str = "a new line or `#`") -> Wrong:
        reason = f"invalid end of input.{why}"
        return Wrong(at, f"{reason} Input: [{self.line}]", expected, reason)

    def _whole(self, number: int, indent: int) -> NQuad:
        if self.literal is not None and self.value is None:
            self.value = Value("default", self.literal)
        if not self.subject or not self.predicate:
            reason = "empty required fields in NQuad."
            raise Wrong(0, f"{reason} Input: [{self.line}]", "a subject and a predicate", reason)
        if not self.object_id and self.value is None:
            reason = "no Object in NQuad."
            raise Wrong(0, f"{reason} Input: [{self.line}]", "an object", reason)
        names = (self.subject, self.predicate, self.object_id)
        if not all(map(sane, names)):
            told = "Subject: {}, Predicate: {}, ObjectId: {}".format(*map(quoted, names))
            raise Wrong(0, f"NQuad failed sanity check. {told}", "names with a letter or digit")
        return NQuad(
            self.subject,
            self.predicate,
            self.object_id,
            self.value,
            self.lang,
            tuple(self.facets),
            self.namespace,
            number,
            indent,
        )

    def _take(self, token: Token) -> None:
        kind, value, at = token
        if kind is Kind.SUBJECT or kind is Kind.SUBJECT_VAR:
            self.subject = self._named(token)
        elif kind is Kind.PREDICATE:
            self.predicate, self.lang = split_language(value)
        elif kind is Kind.OBJECT or kind is Kind.OBJECT_VAR:
            self.object_id = self._named(token)
        elif kind is Kind.STAR:
            self._star()
        elif kind is Kind.LITERAL:
            try:
                self.literal = unquote(value)
            except Misread as wrong:
                raise Wrong(at, f"while unquoting: {wrong}", "a string") from None
        elif kind is Kind.LANGUAGE:
            self.lang = value
        elif kind is Kind.TYPE:
            self.value = self._typed(token)
        elif kind is Kind.LABEL:
            try:
                self.namespace = unsigned(value)
            except Misread:
                reason = "invalid namespace ID."
                raise Wrong(at, f"{reason} Input: [{self.line}]", "a number", reason) from None
        else:
            self.facets += read_facets(self.line, at + 1)

    def _named(self, token: Token) -> str:
        if token.kind in (Kind.SUBJECT_VAR, Kind.OBJECT_VAR) and not token.value[4:-1].strip(SPACE):
            raise Wrong(token.at, "empty variable name in function call", "a variable")
        return token.value

    def _star(self) -> None:
        if not self.subject:
            self.subject = STAR
        elif not self.predicate:
            self.predicate = STAR
        else:
            self.value = Value("default", STAR)

    def _typed(self, token: Token) -> Value:
        if STAR in (self.predicate, self.subject):
            raise Wrong(token.at, "if predicate/subject is *, value should be * as well", "`*`")
        if token.value == "*":
            raise Wrong(token.at, "itemObject can't be *", "a type")
        stored = TYPES.get(token.value)
        if stored is None:
            raise Wrong(token.at, f"unrecognized rdf type {token.value}", "a type that Dgraph knows")
        text = self.literal or ""
        if not text and stored != "string":
            raise Wrong(token.at, "invalid ObjectValue", f"a value of type {stored}")
        try:
            check(text, stored)
        except Misread as wrong:
            raise Wrong(token.at, str(wrong), f"a value of type {stored}") from None
        return Value(stored, text)
