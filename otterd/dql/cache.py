"""Shapes of texts seen before, bounded, so that few texts are parsed."""

from collections.abc import Mapping
from dataclasses import replace

from otterd.dql.fingerprint import fingerprint, varied
from otterd.dql.shape import LONGEST, Shape, shape


class Shapes:
    """Remembers up to `limit` texts, and as many fingerprints; the oldest go first."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._texts: dict[str, Shape] = {}
        self._alike: dict[str, Shape] = {}

    def __len__(self) -> int:
        return len(self._texts) + len(self._alike)

    def shape(self, text: str, variables: Mapping[str, str] | None = None) -> Shape:
        """Return what `shape.shape` returns for a good text, parsed or remembered.

        The values of `variables` change no shape, and are not looked at in a text seen before, unless one
        may stand for a predicate (`<$p>`): such a text is parsed each time.
        """
        found = self._texts.get(text)
        if found is not None:
            return found
        if len(text) > LONGEST:
            return shape(text)
        if "<$" in text:
            return shape(text, variables)
        key = fingerprint(text)
        found = self._alike.get(key)
        if found is None:
            found = shape(text, variables)
            if not found.parsed:
                # With other variables the same text may be a good one.
                if not variables and "$" not in text:
                    self._keep(self._texts, text, found)
                return found
            if _steady(text, key, variables, found):
                self._keep(self._alike, key, found)
        self._keep(self._texts, text, found)
        return found

    def _keep(self, shapes: dict[str, Shape], key: str, found: Shape) -> None:
        if len(shapes) >= self._limit:
            del shapes[next(iter(shapes))]
        shapes[key] = found


def _steady(text: str, key: str, variables: Mapping[str, str] | None, found: Shape) -> bool:
    """Return whether other literals leave the shape as it is.

    They would not where one of them is a name: `orderasc: "age"` orders by a predicate.
    """
    other = varied(text)
    if other == text:
        return True
    if fingerprint(other) != key:
        return False
    again = shape(other, variables)
    return replace(again, digest=found.digest) == found
