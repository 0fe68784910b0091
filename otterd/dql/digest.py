"""Digests: one short word for all texts that say the same with other literals."""

import re
from collections.abc import Iterable
from hashlib import blake2b

from otterd.dql.lexer import DOLLAR, LEFT_ROUND, NAME, OPERATION, PADDING, REGEX, RIGHT_ROUND, lex

_LITERAL = "?"
_OPENERS = (["("], [","], [":"], ["["])
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|[0-9]+(?:\.[0-9]+)?(?:[eE][0-9]+)?").fullmatch
_BETWEEN = "\x1f"
_SIZE = 16


def hashed(words: Iterable[str]) -> str:
    """Return 32 hex digits for a row of words."""
    text = _BETWEEN.join(words)
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_SIZE).hexdigest()


def words(text: str) -> list[str]:
    """Return the words of a query: literals are alike, and a row of literals is as one.

    White space and comments are no words; declared variables come sorted. Raises DqlError.
    """
    tokens = lex(text)
    found: list[str] = []
    last = len(tokens.kinds) - PADDING
    declared = _declarations(tokens.kinds, tokens.values, last)
    for at in range(last):
        kind, value = tokens.kinds[at], tokens.values[at]
        literal = kind == REGEX or (kind == NAME and (value[:1] == '"' or _NUMBER(value) is not None))
        if not literal:
            found.append(value)
            if at in declared:
                _sort(found)
            continue
        if found[-1:] == ["-"] and found[-2:-1] in _OPENERS:
            del found[-1]
        if found[-2:] == [_LITERAL, ","]:
            del found[-1]
        else:
            found.append(_LITERAL)
    return found


def _declarations(kinds: list[int], values: list[str], last: int) -> set[int]:
    """Return where lists of declared variables end."""
    ends: set[int] = set()
    for at in range(last - 3):
        if kinds[at] == OPERATION and values[at] == "query" and kinds[at + 1] == NAME:
            if kinds[at + 2] != LEFT_ROUND or kinds[at + 3] != DOLLAR:
                continue
            ends.add(next((n for n in range(at + 3, last) if kinds[n] == RIGHT_ROUND), last))
    return ends


def _sort(found: list[str]) -> None:
    """Sort the declarations that stand at the end of `found`, their brackets around them."""
    start = max(at for at, word in enumerate(found) if word == "(")
    body = _BETWEEN.join(found[start + 1 : -1]).split(f"{_BETWEEN},{_BETWEEN}")
    found[start + 1 :] = [*sorted(body), ")"]
