"""Facets: those asked for, filters on them, and sorting by them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key
from typing import TypeVar

from otterd.dql.tree import Facets, Filter, Func
from otterd.sandbox.engine.compare import before, holds, same
from otterd.sandbox.engine.part import FacetRow, Part, narrow_dest, page
from otterd.sandbox.engine.terms import terms
from otterd.sandbox.failures import Failed, unsupported
from otterd.sandbox.instants import Instant
from otterd.sandbox.store import Posting
from otterd.sandbox.values import Scalar, Value, converted

_SORTABLE = frozenset(("datetime", "int", "float", "string"))
_COMPARISONS = frozenset(("eq", "le", "ge", "gt", "lt"))
Test = Callable[[Posting], bool]
T = TypeVar("T")


def facet_value(data: Scalar) -> Value:
    """Return a facet as a value; its kind is that of its Python type."""
    if isinstance(data, bool):
        return Value("bool", data)
    if isinstance(data, int):
        return Value("int", data)
    if isinstance(data, float):
        return Value("float", data)
    return Value("datetime" if isinstance(data, Instant) else "string", data)


def chosen(asked: Facets, posting: Posting) -> FacetRow:
    """Return the facets of `posting` that are `asked` for, by key."""
    own = sorted(posting.facets.items())
    if asked.every:
        return tuple((key, "", facet_value(data)) for key, data in own)
    names = {key.name: key.alias for key in asked.keys}
    return tuple((key, names[key], facet_value(data)) for key, data in own if key in names)


def facet_test(tree: Filter | None) -> Test | None:
    """Return the test of `@facets(...)` on one posting, or None if there is none."""
    if tree is None:
        return None
    if isinstance(tree, Func):
        return _function_test(tree)
    tests = [test for test in map(facet_test, tree.parts) if test is not None]
    op = tree.op.lower()
    if op == "not":
        return lambda posting: not tests[0](posting)
    if op == "and":
        return lambda posting: all(test(posting) for test in tests)
    return lambda posting: any(test(posting) for test in tests)


def _function_test(func: Func) -> Test:
    name = func.name.lower()
    if func.needs:
        raise Failed("Variables not supported in pb.FilterTree")
    if len(func.args) != 1:
        raise Failed(f"One argument expected in {name}, but got {len(func.args)}.")
    said = func.args[0].value
    if name in _COMPARISONS:
        return lambda posting: _compares(name, posting, func.attr, said)
    if name in ("allofterms", "anyofterms"):
        wanted = set(terms(said))
        join = wanted.issubset if name == "allofterms" else lambda words: not wanted.isdisjoint(words)
        return lambda posting: _is_text(posting, func.attr) and join(terms(str(posting.facets[func.attr])))
    raise unsupported(f"function {name} on facets")


def _is_text(posting: Posting, key: str) -> bool:
    return isinstance(posting.facets.get(key), str)


def _compares(name: str, posting: Posting, key: str, said: str) -> bool:
    if key not in posting.facets:
        return False
    value = facet_value(posting.facets[key])
    try:
        wanted = converted(Value("string", said), value.kind)
    except Failed:
        return False
    return holds(name, value, wanted)


def sort_by_facets(part: Part) -> None:
    """Sort the edges of `part` by their facets and cut the page."""
    if not part.facet_rows or part.facets is None or part.matrix is None:
        return
    keys = [order.name for order in part.facets.order]
    descending = [order.descending for order in part.facets.order]
    for index, uids in enumerate(part.matrix):
        row = part.facet_rows[index]
        edges = [(uid, facets, _sort_values(facets, keys)) for uid, facets in zip(uids, row, strict=True)]
        if len(edges) > _SMALL and any(None in values for _, _, values in edges):
            raise unsupported("sorting many edges by a facet that some do not have")
        edges = insertion_sorted(edges, lambda edge: edge[2], descending)
        kept = edges[page(part.first, part.offset, len(edges))]
        uids[:] = [edge[0] for edge in kept]
        part.facet_rows[index] = [edge[1] for edge in kept]
    narrow_dest(part)


_SMALL = 12
"""Up to here Go sorts by insertion, which shows with values that have no order."""


def _sort_values(facets: FacetRow, keys: list[str]) -> list[Value | None]:
    found = {key: value for key, _, value in facets}
    values = [found.get(key) for key in keys]
    return [value if value is not None and value.kind in _SORTABLE else None for value in values]


def precedes(a: list[Value | None], b: list[Value | None], descending: list[bool]) -> bool:
    """Tell whether `a` sorts before `b`; what is missing comes last, and is not always consistent."""
    for first, second, down in zip(a, b, descending, strict=True):
        if first is None and second is None:
            return down
        if first is None or second is None:
            return second is None
        if not same(first, second):
            return before(first, second) is not down
    return False


def insertion_sorted(
    items: list[T], values: Callable[[T], list[Value | None]], descending: list[bool]
) -> list[T]:
    """Sort as Go does: by insertion if they are few, which matters when the order is not consistent."""

    def compare(a: T, b: T) -> int:
        if precedes(values(a), values(b), descending):
            return -1
        return 1 if precedes(values(b), values(a), descending) else 0

    if len(items) > _SMALL:
        return sorted(items, key=cmp_to_key(compare))
    items = list(items)
    for i in range(1, len(items)):
        for j in range(i, 0, -1):
            if not precedes(values(items[j]), values(items[j - 1]), descending):
                break
            items[j], items[j - 1] = items[j - 1], items[j]
    return items
