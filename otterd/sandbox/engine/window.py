"""The page of nodes that are in order of several predicates.

Dgraph cuts a rough page by the first predicate alone, sorts that by all of them, and cuts again. Where
nodes lack the first predicate the two cuts do not always fit together, and that shows in its answers.
"""

from __future__ import annotations

from dataclasses import dataclass

from otterd.sandbox.engine.compare import same
from otterd.sandbox.engine.facets import insertion_sorted
from otterd.sandbox.engine.part import page
from otterd.sandbox.failures import Failed, unsupported
from otterd.sandbox.values import Value

_MANY = 12


@dataclass(slots=True)
class Window:
    """A page of `first` nodes after `offset`, by the values in `keyed`."""

    first: int
    offset: int
    keyed: dict[int, list[Value | None]]
    descending: list[bool]

    def plain(self, once: list[int]) -> list[int]:
        """Cut from `once`, which is in order of the first predicate, no index being there."""
        rough = page(self.first, self.offset, len(once))
        start, end = rough.start, rough.stop
        while 0 < start < len(once) and self._alike(once[start], once[start - 1]):
            start -= 1
        while 0 < end < len(once) and self._alike(once[end - 1], once[end]):
            end += 1
        return self._sorted(once[start:end], max(0, self.offset - start))

    def indexed(self, once: list[int], nulls: list[int]) -> list[int]:
        """Cut from `once`, walking an index; `nulls` are not in it, and fill up the page."""
        offset, inside = self.offset, 0
        kept: list[int] = []
        for bucket in self._buckets(once):
            if offset >= len(bucket):
                offset -= len(bucket)
                continue
            inside = inside or offset
            offset = 0
            kept += bucket
            if len(kept) - inside >= self.first:
                return self._sorted(kept, inside)
        room = max(0, self.first - len(kept)) if len(kept) <= self.first else len(nulls)
        return self._sorted(kept + nulls[offset:][:room], inside)

    def _buckets(self, once: list[int]) -> list[list[int]]:
        """Return `once` in runs of one value; an index that keeps ranges has larger ones."""
        buckets: list[list[int]] = []
        for uid in once:
            if buckets and self._alike(uid, buckets[-1][-1]):
                buckets[-1].append(uid)
            else:
                buckets.append([uid])
        return buckets

    def _alike(self, a: int, b: int) -> bool:
        first, second = self.keyed[a][0], self.keyed[b][0]
        if first is None and second is None:
            return False
        if first is None or second is None:
            raise Failed("Arguments of different type can not be compared.")
        return same(first, second)

    def _sorted(self, uids: list[int], offset: int) -> list[int]:
        missing = sum(None in self.keyed[uid] for uid in uids)
        if missing > 1 and len(uids) > _MANY:
            raise unsupported("order of many nodes by several predicates that some do not have")
        result = insertion_sorted(uids, self.keyed.__getitem__, self.descending)
        return result[page(self.first, offset, len(result))]
