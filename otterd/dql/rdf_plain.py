"""N-Quads as almost all of them look: one match reads one, where tokens would cost ten times as much."""

import re

from otterd.dql.golang import Misread, unsigned
from otterd.dql.mutation_tree import STAR, Facet, NQuad, Value
from otterd.dql.rdf_facets import Wrong, read_facets
from otterd.dql.rdf_values import TYPES, check

# No pattern may give back what it took: hostile text must cost no more than its length.
_NAME = r"""[^\x00-\x20<>"{}|^`\\]++"""
_BLANK = r"_:[A-Za-z0-9_][A-Za-z0-9_\-]*+(?=[ \t])|(?:uid|val)\([A-Za-z0-9_]++\)"
_FACET = r'[A-Za-z0-9_.]++=(?:"[^"\\\n\r]*+"|[A-Za-z0-9_.:+\-]*+)'
_GAP = r"[ \t]*+"
_PLAIN = re.compile(
    rf"({_GAP})(?:<({_NAME})>|({_BLANK})|\*){_GAP}(?:<({_NAME})>|\*){_GAP}"
    rf'(?:<({_NAME})>|({_BLANK})|"([^"\\\n\r]*+)"(?:@([A-Za-z][A-Za-z0-9\-]*+)(?<!-)|\^\^<({_NAME})>|(?![@^]))|\*)'
    rf"(?:{_GAP}<(0|[1-9][0-9]{{0,17}}|0x[0-9A-Fa-f]{{1,16}})>)?+"
    rf"(?:{_GAP}\(({_FACET}(?:,[ \t]*+{_FACET})*+\)))?+"
    rf"{_GAP}\.{_GAP}(?:\#[^\n]*+|[ \t\r]*+)(?:\n|\Z)"
).match
_MOST_KNOWN = 1000
"""How many names of predicates are kept to be used again: most texts have few."""
_ALL = Value("default", STAR)


class Plain:
    """Reads plain N-Quads of one text; those that follow each other share what they repeat."""

    def __init__(self) -> None:
        self.end = 0
        """Where the line ends that was read last."""
        self._subject = ""
        self._names: dict[str, tuple[str, str]] = {}

    def read(self, text: str, at: int, number: int) -> NQuad | None:
        """Return the N-Quad of the line `number` at `at`, or None when it is not plain or not good."""
        match = _PLAIN(text, at)
        if match is None:
            return None
        blanks, subject, blank, name, object_id, other, literal, lang, kind, label, written = match.groups()
        subject = subject or blank or STAR
        predicate, tag = self._named(name) if name else (STAR, "")
        object_id = object_id or other or ""
        value = None
        if literal is not None:
            value = _value(literal, kind, subject, predicate)
            if value is None:
                return None
        elif not object_id:
            value = _ALL
        if not (sane(subject) and predicate and sane(predicate) and sane(object_id)):
            return None
        facets: tuple[Facet, ...] = ()
        if written is not None:
            try:
                facets = tuple(read_facets(written, 0))
            except Wrong:
                return None
        if subject == self._subject:
            subject = self._subject
        self._subject = subject
        space = unsigned(label) if label else 0
        self.end = match.end() - 1 if text[match.end() - 1] == "\n" else match.end()
        return NQuad(subject, predicate, object_id, value, lang or tag, facets, space, number, len(blanks))

    def _named(self, name: str) -> tuple[str, str]:
        found = self._names.get(name)
        if found is None:
            found = split_language(name)
            if len(self._names) < _MOST_KNOWN:
                self._names[name] = found
        return found


def _value(literal: str, kind: str | None, subject: str, predicate: str) -> Value | None:
    """Return the value, or None when it is no good one."""
    if kind is None:
        return Value("default", literal)
    stored = TYPES.get(kind)
    if stored is None or STAR in (subject, predicate) or (not literal and stored != "string"):
        return None
    try:
        check(literal, stored)
    except Misread:
        return None
    return Value(stored, literal)


def split_language(name: str) -> tuple[str, str]:
    """Return the predicate and the language in `name@en`."""
    at = name.rfind("@")
    return (name[:at], name[at + 1 :]) if at > 0 else (name, "")


def sane(name: str) -> bool:
    """Tell whether `name` is nothing, or has a letter or a digit in it."""
    # Most names begin with one.
    return not name or name[0].isalpha() or any(char.isalpha() or char.isdecimal() for char in name)
