"""A bounded memory of shapes by text, in which what is asked for again outlives the rest."""

from array import array
from sys import getsizeof
from typing import TYPE_CHECKING, Final, NamedTuple

from otterd.dql.shape import Shape

if TYPE_CHECKING:
    from mypy_extensions import i64

_ENTRY: Final = 400
"""Bytes, at most, that one entry takes of the tables, which are up to two thirds empty."""

_ROUNDED: Final = 16
"""Bytes, at most, by which the memory given for an object is more than its size."""


Text = str | bytes


class Weighed(NamedTuple):
    """A shape and about how many bytes of memory it takes."""

    shape: Shape
    size: int


class Generations:
    """Remembers up to `limit` shapes and `most_bytes` of memory, in two halves.

    New entries join the young half. Once that is full it becomes the old one, and
    what was the old one is forgotten but for the entries asked for in the meantime.
    """

    def __init__(self, limit: int, most_bytes: int) -> None:
        self._limit = max(1, limit // 2)
        self._most_bytes = most_bytes // 2
        # Both may be looked at before `get` is called, to spare that where nearly all is in the young half.
        self.young: dict[Text, Weighed] = {}
        self.old: dict[Text, Weighed] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self.young) + len(self.old)

    def get(self, key: Text) -> Weighed | None:
        """Return what is remembered for `key`."""
        found = self.young.get(key)
        if found is None and self.old:
            found = self.old.pop(key, None)
            if found is not None:
                self.keep(key, found)
        return found

    def keep(self, key: Text, found: Weighed) -> None:
        """Remember `found` for `key`, if it is not too large for that."""
        size = getsizeof(key) + found.size + _ENTRY
        if size > self._most_bytes:
            return
        if len(self.young) >= self._limit or self._bytes + size > self._most_bytes:
            self.old, self.young, self._bytes = self.young, {}, 0
        self.young[key] = found
        self._bytes += size


class Sightings:
    """Tells what came lately and comes again, by hashes in a table of `places`, a power of two.

    What comes once is not worth remembering: it would drive out what is asked for again, and taking up
    and throwing away so many texts costs more than reading them.
    """

    def __init__(self, places: int) -> None:
        self._last = places - 1
        # Two bytes for each place, so that the table stays at hand: one in 32,768 is taken for another.
        self._marks = array("H", bytes(2 * places))

    def again(self, key: Text) -> bool:
        """Return whether `key` came before, and note that it did; now and then it is another that did."""
        # As machine code a plain int would be an object each time, for most hashes are that large.
        hashed: i64 = hash(key)
        at = hashed & self._last
        mark = (hashed >> 32 & 0xFFFF) | 1
        if self._marks[at] == mark:
            return True
        self._marks[at] = mark
        return False


def weighed(shape: Shape) -> Weighed:
    """Return `shape` with what it takes together with all that it holds."""
    parts: list[object] = [shape, shape.digest, shape.functions]
    for names in (shape.reads, shape.writes):
        if names is not None:
            parts += (names, *names)
    for called in shape.functions:
        parts += (called, called.name, called.predicate)
    return Weighed(shape, sum(map(getsizeof, parts)) + _ROUNDED * len(parts))
