"""Digests: one short word for all texts that say the same with other literals."""

import re
from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

from otterd.dql.lexer import DOLLAR, LEFT_ROUND, NAME, OPERATION, PADDING, REGEX, RIGHT_ROUND, TEXT, Tokens

_LITERAL: Final = "?"
_OPENERS: Final = frozenset("(,:[")
_FIRST: Final = frozenset('"0123456789')
_NUMBER: Final = re.compile(r"0[xX][0-9a-fA-F]+|[0-9]+(?:\.[0-9]+)?(?:[eE][0-9]+)?").fullmatch
_BETWEEN: Final = "\x1f"
_SIZE: Final = 16


def hashed(words: Iterable[str]) -> str:
    """Return 32 hex digits for a row of words."""
    text = _BETWEEN.join(words)
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_SIZE).hexdigest()


def words(tokens: Tokens) -> list[str]:
    """Return the words of a query: literals are alike, and a row of literals is as one.

    White space and comments are no words; declared variables come sorted.
    """
    found = ["", ""]  # so that there is something to look back at
    start, last = 0, len(tokens.kinds) - PADDING
    last -= tokens.kinds[last - 1 : last] == [TEXT]  # what is behind the last operation says nothing
    for end in _declarations(tokens.kinds, tokens.values):
        _spell(tokens, found, start, end + 1)
        _sort(found)
        start = end + 1
    _spell(tokens, found, start, last)
    return found[2:]


def _spell(tokens: Tokens, found: list[str], start: int, end: int) -> None:
    """Add the words of the tokens from `start` up to `end` to `found`."""
    add = found.append
    for kind, value in zip(tokens.kinds[start:end], tokens.values[start:end], strict=True):
        if kind == NAME:
            first = value[:1]
            if first not in _FIRST or (first != '"' and _NUMBER(value) is None):
                add(value)
                continue
        elif kind != REGEX:
            add(value)
            continue
        if found[-1] == "-" and found[-2] in _OPENERS:
            del found[-1]
        if found[-1] == "," and found[-2] == _LITERAL:
            del found[-1]
        else:
            add(_LITERAL)


def _declarations(kinds: list[int], values: list[str]) -> list[int]:
    """Return where lists of declared variables end, from left to right."""
    ends: list[int] = []
    at = -1
    for _ in range(kinds.count(OPERATION)):
        at = kinds.index(OPERATION, at + 1)
        declares = values[at] == "query" and kinds[at + 1 : at + 4] == [NAME, LEFT_ROUND, DOLLAR]
        if declares and RIGHT_ROUND in kinds[at:]:
            ends.append(kinds.index(RIGHT_ROUND, at))
    return ends


def _sort(found: list[str]) -> None:
    """Sort the declarations that stand at the end of `found`, their brackets around them."""
    start = max(at for at, word in enumerate(found) if word == "(")
    body = _BETWEEN.join(found[start + 1 : -1]).split(f"{_BETWEEN},{_BETWEEN}")
    found[start + 1 :] = [*sorted(body), ")"]
