"""Numbers in JSON mutations: which Dgraph takes, and for what."""

import re
from collections.abc import Iterator

from otterd.dql.golang import Misread, floating

# Steps over strings and small numbers to one that may be too large.
_RISKY = re.compile(
    r"""(?:[^"0-9\-]|"(?:[^"\\]|\\.)*+"|-?[0-9]{1,18}+(?:\.[0-9]++)?+(?![0-9eE]))*+"""
    r"(-?[0-9]++(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+)",
    re.DOTALL,
).match
_LONGEST = 20
_BIGGEST_UINT = (1 << 64) - 1


def measured(text: str) -> tuple[str, float]:
    """Return `int`, `uint` or `float` and the number; raise Misread when 64 bits do not hold it."""
    if any(mark in text for mark in ".eE"):
        try:
            return "float", floating(text)
        except Misread:
            raise Misread("") from None
    whole = int(text) if len(text.lstrip("-")) <= _LONGEST else 1 << 64
    if -(1 << 63) <= whole < 1 << 63:
        return "int", whole
    if 0 <= whole <= _BIGGEST_UINT:
        return "uint", whole
    raise Misread(f'simdjson-go: parsing: "{text}": value out of range')


def risky_numbers(text: str) -> Iterator[re.Match[str]]:
    """Yield the numbers of the JSON `text`, as group 1, that may be too large."""
    # A search would begin anew at every character of what it stepped over in vain.
    match = _RISKY(text, 0)
    while match is not None:
        yield match
        match = _RISKY(text, match.end())
