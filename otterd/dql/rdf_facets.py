"""The facets of an N-Quad, `(key=value,…)`, read one after the other."""

import re

from otterd.dql.errors import SPACE
from otterd.dql.golang import Misread
from otterd.dql.mutation_tree import Facet
from otterd.dql.rdf_tokens import Kind, Token
from otterd.dql.rdf_values import facet

# No pattern may give back what it took: hostile text must cost no more than its length.
_TEXT = r""""(?:[^"\\]|\\[uvtbnrf"'\\])*+"|[^=,)" \t][^= \t),]*+"""
_FACET = re.compile(rf"[ \t]*+({_TEXT})[ \t]*+=[ \t]*+({_TEXT})?+[ \t]*+([,)])").match
_TOKEN = re.compile(rf"[ \t]*+(?:({_TEXT})|([=,)])|\Z)").match
_AGAIN = re.compile(r"[ \t]*+\(").match
_MARKS = {"=": Kind.EQUAL, ",": Kind.COMMA, ")": Kind.CLOSE}
_MOST_KNOWN = 1000
"""How many different facets are kept to be used again: most texts have few."""


class Wrong(Exception):
    """What the tokens of an N-Quad say together is none."""

    def __init__(self, at: int, message: str, expected: str = "", reason: str = "") -> None:
        super().__init__(message)
        self.at = at
        self.expected = expected
        self.reason = reason or message


def read_facets(line: str, at: int) -> list[Facet]:
    """Return the facets that begin at `at`, after the bracket, and those of brackets that follow.

    The lexer has found no fault in the line.
    """
    found: list[Facet] = []
    known: dict[tuple[str, str], Facet] = {}
    while True:
        match = _FACET(line, at)
        if match is None:
            raise _fault(line, at)
        key, text, after = match.groups("")
        each = known.get((key, text))
        if each is None:
            name = key.strip(SPACE)
            if not name:
                raise _no_facet(match.start(1), "empty facetKeys not allowed", "a key")
            try:
                each = facet(name, text)
            except Misread as wrong:
                raise _no_facet(match.start(2), str(wrong), "a value") from None
            if len(known) < _MOST_KNOWN:
                known[key, text] = each
        found.append(each)
        at = match.end()
        if after == ")":
            again = _AGAIN(line, at)
            if again is None:
                return found
            at = again.end()


def _fault(line: str, at: int) -> Wrong:
    """Return what is wrong with the facet at `at`."""
    key = _token(line, at)
    if key.kind is not Kind.TEXT:
        return _no_facet(key.at, f"expected key but found {key.value}", "a key")
    name = key.value.strip(SPACE)
    if not name:
        return _no_facet(key.at, "empty facetKeys not allowed", "a key")
    equal = _token(line, key.at + len(key.value))
    if equal.kind is not Kind.EQUAL:
        return _no_facet(equal.at, f"expected = after facetKey. Found {equal.value}", "`=`")
    text = _token(line, equal.at + 1)
    has_text = text.kind is Kind.TEXT
    if has_text:
        try:
            facet(name, text.value)
        except Misread as wrong:
            return _no_facet(text.at, str(wrong), "a value")
    after = _token(line, text.at + len(text.value)) if has_text else text
    told = "after facet. Received" if has_text else "or text but found"
    return _no_facet(after.at, f"expected , or ) {told} {after.value}", "`,` or `)`")


def _token(line: str, at: int) -> Token:
    match = _TOKEN(line, at)
    if match is None or match.lastindex is None:
        return Token(Kind.END, "", len(line))
    text, mark = match.groups("")
    return Token(_MARKS[mark] if mark else Kind.TEXT, text or mark, match.start(match.lastindex))


def _no_facet(at: int, reason: str, expected: str) -> Wrong:
    return Wrong(at, f"could not parse facet: {reason}", expected)
