"""One piece of a query under execution: what it asks for, and what was found."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from heapq import merge

from otterd.dql.tree import Arg, Facets, Filter, Func, GroupKey, Holds, Kind, Math, Need, Order, Recurse
from otterd.sandbox.values import Value

ALL = "__all__"
"""The field of a bare @cascade."""

FacetRow = tuple[tuple[str, str, Value], ...]
"""Facets of one posting: key, alias and value, by key."""


@dataclass(slots=True)
class Found:
    """What a variable holds: nodes, or a value by node; `path` leads to the part that defined it.

    `rows` are the values as they were found, which `expand(val(x))` takes as names.
    """

    path: list[Part] = field(default_factory=list)
    uids: list[int] | None = None
    values: dict[int, Value] = field(default_factory=dict)
    rows: list[list[Value]] | None = None


@dataclass(slots=True)
class Group:
    """The nodes that agree in `keys`, and what was made of them."""

    uids: list[int]
    keys: list[tuple[str, Value]]
    made: list[tuple[str, Value]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Part:
    """A block, a selection or a filter. The first half is asked for, the second found.

    `matrix`, `values`, `facet_rows`, `tags`, `counts` and `groups` have one entry for each of `sources`.
    `dest` are the nodes that are left after filters and pages, in order.
    """

    attr: str = ""
    alias: str = ""
    kind: Kind | None = None
    var: str = ""
    langs: tuple[str, ...] = ()
    first: int = 0
    offset: int = 0
    after: int = 0
    order: tuple[Order, ...] = ()
    func: Func | None = None
    args: list[Arg] = field(default_factory=list)
    needs: tuple[Need, ...] = ()
    counted: bool = False
    internal: bool = False
    empty: bool = False
    facets: Facets | None = None
    facet_filter: Filter | None = None
    normalize: bool = False
    ignore_reflex: bool = False
    cascade: tuple[str, ...] = ()
    cascade_first: int = 0
    cascade_offset: int = 0
    group_by: tuple[GroupKey, ...] | None = None
    recurse: Recurse | None = None
    expand: str = ""
    math: Math | None = None
    op: str = ""
    filters: list[Part] = field(default_factory=list)
    children: list[Part] = field(default_factory=list)
    hidden: bool = False
    every_language: bool = False
    debug: bool = False

    sources: list[int] | None = None
    dest: list[int] = field(default_factory=list)
    matrix: list[list[int]] | None = None
    values: list[list[Value]] = field(default_factory=list)
    facet_rows: list[list[FacetRow]] = field(default_factory=list)
    tags: list[list[str]] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    groups: list[list[Group]] = field(default_factory=list)
    many: bool = False
    unknown: bool = False
    by_uid: dict[int, Value] | None = None
    expand_rows: list[list[Value]] = field(default_factory=list)
    scope: dict[str, Found] = field(default_factory=dict)
    ancestors: list[int] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Its name in the answer."""
        return self.alias or self.attr

    @property
    def facet_vars(self) -> Mapping[str, str]:
        """The variables that its facets define, by facet."""
        return self.facets.vars if self.facets is not None else {}

    def value_need(self, name: str) -> bool:
        """Tell whether it wants the values of the variable `name`."""
        return any(need.name == name and need.holds is Holds.VALUES for need in self.needs)


def index_of(uids: list[int], uid: int) -> int:
    """Return where `uid` stands in the ordered `uids`, or -1."""
    index = bisect_left(uids, uid)
    return index if index < len(uids) and uids[index] == uid else -1


def merged(lists: list[list[int]]) -> list[int]:
    """Return the nodes of ordered `lists`, each once, in order."""
    return list(dict.fromkeys(merge(*lists)))


def common(lists: list[list[int]]) -> list[int]:
    """Return what all of the ordered `lists` hold, in order."""
    if not lists:
        return []
    kept = set(lists[0]).intersection(*lists[1:])
    return [uid for uid in dict.fromkeys(lists[0]) if uid in kept]


def page(count: int, offset: int, length: int) -> slice:
    """Return the part of `length` items that `first: count, offset: offset` asks for."""
    if not length or not (count or offset):
        return slice(0, length)
    if count < 0:
        return slice(max(0, length + count), length)
    start = min(max(offset, 0), length)
    return slice(start, min(start + count, length) if count else length)


def keep_dest(part: Part) -> None:
    """Take out of the matrix of `part` what filters and pages took out of its `dest`."""
    matrix = part.matrix or []
    left = set(part.dest)
    if len(part.facet_rows) == len(matrix):
        for index, uids in enumerate(matrix):
            if uids:
                row = part.facet_rows[index]
                part.facet_rows[index] = [
                    facets for uid, facets in zip(uids, row, strict=False) if uid in left
                ]
    for uids in matrix:
        uids[:] = [uid for uid in uids if uid in left]


def narrow_dest(part: Part) -> None:
    """Keep of `dest` what the matrix still holds; a search by halves, so `dest` must be in order."""
    included = {index_of(part.dest, uid) for uids in part.matrix or [] for uid in uids}
    part.dest[:] = [uid for index, uid in enumerate(part.dest) if index in included]
