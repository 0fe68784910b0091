"""What `@search` may say of a field, and the indexes that it makes."""

from __future__ import annotations

from collections.abc import Mapping

from otterd.sandbox.failures import unsupported
from otterd.sandbox.sdl.tree import Definition, Directive, Field

_APPLIES = {
    "int": "Int", "int64": "Int64", "float": "Float", "bool": "Boolean", "hash": "String", "exact": "String",
    "term": "String", "fulltext": "String", "trigram": "String", "regexp": "String", "ngram": "String",
    "year": "DateTime", "month": "DateTime", "day": "DateTime", "hour": "DateTime", "point": "Point",
    "polygon": "Polygon", "multiPolygon": "MultiPolygon", "hnsw": "Float",
}  # fmt: skip
_INDEXES = {"int64": "int", "regexp": "trigram"}
_USUAL = {
    "Boolean": "bool", "Int": "int", "Int64": "int64", "Float": "float", "String": "term", "DateTime": "year",
}  # fmt: skip
_OF_ENUMS = frozenset(("trigram", "hash", "exact", "regexp", "ngram"))
_ALIKE = {
    "trigram": "regexp", "month": "year", "day": "year", "hour": "year",
}  # fmt: skip
"""Ways to search that make the same filter in GraphQL, of which a field may have one."""


def check_search(known: Mapping[str, Definition], field: Field, directive: Directive) -> str:
    """Return what is wrong with the `@search` of `field`, or the empty text."""
    base = field.kind.base
    enum = base in known and known[base].kind == "ENUM"
    by = directive.argument("by")
    if by is None:
        if enum or (base not in known and base != "ID"):
            return ""
        return f"has the @search directive but fields of type {base} can't have the @search directive."
    if by.kind != "list":
        return 'the @search directive requires a list argument, like @search(by: ["hash"])'
    filters: dict[str, str] = {}
    for way in _ways(field, [member.raw for member in by.members]):
        wrong = _misapplied(way, base, enum=enum)
        if wrong:
            return wrong
        made = _ALIKE.get(way, way)
        if made in filters and (base == "String" or enum):
            return (
                f"the argument to @search '{way}' is the same as the index '{filters[made]}' provided before"
                " and shouldn't be used together"
            )
        if made in filters:
            return f"has the search directive on {base}. {base} allows only one argument for @search."
        if made in ("hash", "exact"):
            other = "exact" if made == "hash" else "hash"
            if other in filters:
                return f"the arguments '{way}' and '{other}' can't be used together as arguments to @search."
        filters[made] = way
    return ""


def _ways(field: Field, named: list[str]) -> list[str]:
    if not named:
        return [_USUAL.get(field.kind.base, "hash")]
    if any("(" in way for way in named):
        raise unsupported("an index with options in a GraphQL schema")
    if field.directive("id") and "hash" not in named and "exact" not in named:
        named = [*named, "hash"]
    return sorted(named)


def _misapplied(way: str, base: str, *, enum: bool) -> str:
    if way not in _APPLIES:
        return (
            f"the argument to @search {way} isn't valid.Fields of type {base} {_possible(base, enum=enum)}."
        )
    said = f"has the @search directive but the argument {way} "
    if _APPLIES[way] != base and not enum:
        return (
            f"{said}doesn't apply to field type {base}.  Search by {way} applies to fields of type"
            f" {_APPLIES[way]}. Fields of type {base} {_possible(base, enum=enum)}."
        )
    if enum and way not in _OF_ENUMS:
        return (
            f"{said}doesn't apply to field type {base} which is an Enum. "
            "Enum only supports hash, exact, regexp and trigram"
        )
    return f"{said}requires the field also has @embedding directive." if way == "hnsw" else ""


def _possible(base: str, *, enum: bool) -> str:
    ways = sorted(way for way, kind in _APPLIES.items() if kind == base)
    if len(ways) == 1 or enum:
        return "are searchable by just @search"
    if not ways:
        return "can't have the @search directive"
    return f"can have @search by {', '.join(ways[:-1])} and {ways[-1]}"


def indexes_of(field: Field, *, enum: bool) -> list[str]:
    """Return the indexes of DQL that `field` has by its directives, in order."""
    search = field.directive("search")
    by = search.argument("by") if search is not None else None
    base = field.kind.base
    if by is not None:
        ways = [member.raw for member in by.members]
    elif enum:
        ways = ["hash"]
    else:
        ways = [_USUAL[base]] if search is not None else []
    found = {_INDEXES.get(way, way) for way in ways}
    if field.directive("id") is not None:
        if base != "String":
            found.add("int")
        elif "exact" not in found:
            found.add("hash")
    return sorted(found)
