"""Shapes of texts seen before, bounded, so that few texts are parsed."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from otterd.dql.errors import SPACE
from otterd.dql.fingerprint import fingerprint, literals, varied
from otterd.dql.generations import Generations, Sightings, weighed
from otterd.dql.lexer import Tokens
from otterd.dql.shape import LONGEST, Shape, shape, shape_and_tokens

MOST_BYTES: Final = 32 * 1024 * 1024

SIGHTINGS: Final = 16 * 1024
"""Texts with known fingerprints among which one is told that comes again."""

# Names that hold a literal: none but a string has a quote, and a number comes first or behind a dash.
_WITH_LITERAL: Final = re.compile(r'"|^[^A-Za-z0-9_\n]*+[0-9]|-[0-9]', re.MULTILINE).search


class Shapes:
    """Remembers the shapes of up to `limit` texts and as many fingerprints.

    Either takes up to half of `most_bytes` of memory.
    """

    def __init__(self, limit: int, most_bytes: int = MOST_BYTES) -> None:
        self.parsed = 0
        """Texts of which no shape was remembered."""
        self._texts = Generations(limit, most_bytes // 2)
        self._alike = Generations(limit, most_bytes // 2)
        self._sightings = Sightings(SIGHTINGS)

    def __len__(self) -> int:
        return len(self._texts) + len(self._alike)

    def shape(
        self, text: str, variables: Mapping[str, str] | None = None, *, kept_by_asker: bool = False
    ) -> Shape:
        """Return what `shape.shape` returns for a good text, parsed or remembered.

        The values of `variables` change no shape, and are not looked at in a text seen before, unless one
        may stand for a predicate (`<$p>`): such a text is parsed each time. `kept_by_asker` says that whoever
        asks remembers texts that come again, so that this one is likely to be new.
        """
        held = None if kept_by_asker else self._texts.get(text)
        if held is not None:
            return held.shape
        if len(text) > LONGEST:
            return shape(text)
        if "<$" in text:
            self.parsed += 1
            return shape(text, variables)
        key = fingerprint(text)
        alike = self._alike
        held = alike.young.get(key) or alike.get(key)
        if held is None:
            if kept_by_asker:
                held = self._texts.get(text)
            return self._unseen(text, key, variables) if held is None else held.shape
        if not kept_by_asker and self._sightings.again(text):
            self._texts.keep(text, held)
        return held.shape

    def _unseen(self, text: str, key: str, variables: Mapping[str, str] | None) -> Shape:
        """Return the shape of `text`, whose fingerprint `key` was not seen before."""
        self.parsed += 1
        found, tokens = shape_and_tokens(text, variables)
        # With other variables a text that was refused may be a good one.
        if found.parsed or not (variables or "$" in text):
            held = weighed(found)
            self._texts.keep(text, held)
            if found.parsed and _steady(text, key, variables, found, tokens):
                self._alike.keep(key, held)
        return found


def _steady(
    text: str, key: str, variables: Mapping[str, str] | None, found: Shape, tokens: Tokens | None
) -> bool:
    """Return whether all texts with the fingerprint `key` of `text` have its shape `found`, if they are good.

    They would not where a literal is a name: `orderasc: "age"` orders by a predicate.
    """
    if tokens is not None:
        return _are_tokens(text, tokens) and _WITH_LITERAL(_names(found)) is None
    # No literal of an N-Quad goes beyond its line, so neither does what is replaced wrongly.
    if any("\n" in literal for _, literal in literals(text)):
        return False
    other = varied(text)
    if other == text:
        return True
    if fingerprint(other) != key:
        return False
    again = shape(other, variables)
    return replace(again, digest=found.digest) == found


def _are_tokens(text: str, tokens: Tokens) -> bool:
    """Return whether each literal of `text` is one of its `tokens`."""
    before = len(text) - len(text.lstrip(SPACE))
    at = 0
    try:
        for start, literal in literals(text):
            at = tokens.starts.index(start - before, at)
            if tokens.values[at] != literal:
                return False
    except ValueError:
        return False
    return True


def _names(shape: Shape) -> str:
    """Return all names in `shape` that a text may hold, one to a line."""
    called = [f"{each.name}\n{each.predicate}" for each in shape.functions]
    return "\n".join((*(shape.reads or ()), *called))
