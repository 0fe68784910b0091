"""What a predicate holds for the nodes that it is asked of."""

from __future__ import annotations

from otterd.sandbox.engine.facets import Test, chosen, facet_test
from otterd.sandbox.engine.langs import preferred, untagged
from otterd.sandbox.engine.part import Part
from otterd.sandbox.engine.plan import AGGREGATES
from otterd.sandbox.failures import Failed
from otterd.sandbox.schema import Predicate, Schema
from otterd.sandbox.store import Posting, View
from otterd.sandbox.values import converted

_AGGREGATED = {
    "min": ("int", "float", "datetime", "string", "default"),
    "max": ("int", "float", "datetime", "string", "default"),
    "sum": ("int", "float"),
    "avg": ("int", "float"),
}


def fetch(view: View, schema: Schema, part: Part) -> None:
    """Fill the matrix, values, facets, languages or counts of `part` for its sources."""
    name = part.attr.removeprefix("~")
    predicate = schema.predicates.get(name)
    part.matrix, part.values, part.facet_rows, part.tags, part.counts = [], [], [], [], []
    if predicate is None:
        part.unknown = True
        return
    _check(part, predicate)
    part.many = predicate.is_list or part.attr.startswith("~")
    test = facet_test(part.facet_filter)
    if predicate.is_edge:
        _edges(view, part, test)
    else:
        _values(view, part, predicate, test)


def _check(part: Part, predicate: Predicate) -> None:
    name = part.attr.removeprefix("~")
    function = part.func.name if part.func is not None else ""
    if function in AGGREGATES and predicate.kind not in _AGGREGATED[function]:
        raise Failed(f'Aggregator "{function}" could not apply on {name}')
    if part.attr.startswith("~") and not predicate.reverse:
        raise Failed(f"Predicate {name} doesn't have reverse edge")
    if part.langs and not predicate.lang:
        raise Failed(
            "Language tags can only be used with predicates of string type having @lang directive in"
            f" schema. Got: [{name}]"
        )
    if part.langs == ("*",):
        part.every_language = True


def _edges(view: View, part: Part, test: Test | None) -> None:
    for uid in part.sources or []:
        found = [edge for edge in view.targets(part.attr, uid) if edge.target > part.after]
        if test is not None:
            found = [edge for edge in found if test(edge)]
        if part.counted and not part.filters:
            part.counts.append(len(found))
            _row(part).append([])
            continue
        if part.facets is not None:
            part.facet_rows.append([chosen(part.facets, edge) for edge in found])
        _row(part).append([edge.target for edge in found])


def _values(view: View, part: Part, predicate: Predicate, test: Test | None) -> None:
    several = part.every_language or (predicate.is_list and not part.langs)
    for uid in part.sources or []:
        found = _postings(view, part, uid, several=several)
        if test is not None:
            found = [posting for posting in found if test(posting)]
        _row(part).append([])
        if part.counted and not part.filters:
            part.counts.append(len(found))
            continue
        part.values.append([converted(p.value, predicate.kind) for p in found if p.value is not None])
        part.facet_rows.append([chosen(part.facets, p) for p in found] if part.facets is not None else [])
        if part.every_language:
            part.tags.append([posting.lang for posting in found])


def _postings(view: View, part: Part, uid: int, *, several: bool) -> list[Posting]:
    if part.every_language:
        return view.values(part.attr, uid)
    if several:
        return untagged(view, part.attr, uid)
    langs = () if part.langs == ("*",) else part.langs
    posting = preferred(view, part.attr, uid, langs)
    return [posting] if posting is not None else []


def _row(part: Part) -> list[list[int]]:
    if part.matrix is None:
        part.matrix = []
    return part.matrix
