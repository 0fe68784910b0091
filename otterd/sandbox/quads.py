"""What a mutation says, as data: its edges and values to set and to delete, whatever it was written in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count

from otterd.dql.errors import DqlError
from otterd.dql.golang import floating, integer
from otterd.dql.jsonmut import parse_json_mutation
from otterd.dql.mutation_tree import STAR, Facet, NQuad
from otterd.dql.nquads import parse_nquads
from otterd.sandbox.failures import Failed, unsupported
from otterd.sandbox.values import KINDS, Facets, Scalar, Value, converted
from otterd.wire import api_pb2 as api

_numbers = count(1)
_UNNAMED = re.compile(r"_:dg\.\d+").fullmatch
_WIRE_KINDS = {
    "default_val": "default",
    "str_val": "string",
    "int_val": "int",
    "bool_val": "bool",
    "double_val": "float",
}


@dataclass(slots=True, frozen=True)
class Quad:
    """One edge (`object` names its end) or value; subject and object may be `uid(v)`, object `val(v)`.

    `star` stands for every value.
    """

    subject: str
    pred: str
    object: str = ""
    value: Value | None = None
    lang: str = ""
    facets: Facets = field(default_factory=dict)
    star: bool = False


@dataclass(slots=True)
class Change:
    """One mutation of a request; `single` and `several` are predicates by what was seen of them.

    Where a predicate is created for them, the former is no list and the latter is one.
    """

    sets: list[Quad]
    deletes: list[Quad]
    cond: str = ""
    single: frozenset[str] = frozenset()
    several: frozenset[str] = frozenset()


def change_of(mutation: api.Mutation) -> Change:
    """Read `mutation`; raise Failed in the words of Dgraph's parsers."""
    try:
        return _change(mutation)
    except DqlError as error:
        raise Failed(error.message) from None


def _change(mutation: api.Mutation) -> Change:
    sets: list[NQuad] = []
    deletes: list[NQuad] = []
    lists: Mapping[str, bool] = {}
    if mutation.set_json:
        sets += _apart(parse_json_mutation(mutation.set_json, delete=False, most=len(mutation.set_json)))
        lists = _lists(mutation.set_json)
    if mutation.delete_json:
        deletes += parse_json_mutation(mutation.delete_json, delete=True, most=len(mutation.delete_json))
    if mutation.set_nquads:
        found = parse_nquads(_text(mutation.set_nquads), most=len(mutation.set_nquads))
        sets += found
        lists = dict.fromkeys(_repeated(found), True)
    if mutation.del_nquads:
        deletes += parse_nquads(_text(mutation.del_nquads), most=len(mutation.del_nquads))
    change = Change(
        [*map(_quad, sets), *map(_wired, mutation.set)],
        [*map(_quad, deletes), *map(_wired, mutation.__getattribute__("del"))],
        mutation.cond,
        frozenset(pred for pred, several in lists.items() if not several),
        frozenset(pred for pred, several in lists.items() if several),
    )
    _check(change)
    return change


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _apart(quads: list[NQuad]) -> list[NQuad]:
    """Return `quads` with the nodes that had no name in JSON named for this mutation alone."""
    prefix = f"_:dg.{next(_numbers)}."

    def named(term: str) -> str:
        return prefix + term[5:] if _UNNAMED(term) else term

    return [replace(quad, subject=named(quad.subject), object_id=named(quad.object_id)) for quad in quads]


def _lists(data: bytes) -> dict[str, bool]:
    """Return for each predicate in JSON whether it was seen with a list."""
    found: dict[str, bool] = {}
    left = [json.loads(data)]
    while left:
        value = left.pop()
        if isinstance(value, list):
            left += value
        elif isinstance(value, dict):
            for key, member in value.items():
                pred = key.partition("@")[0]
                found[pred] = found.get(pred, False) or isinstance(member, list)
                left.append(member)
    return found


def _repeated(quads: Iterable[NQuad]) -> set[str]:
    """Return the predicates that have more than one object at one node."""
    seen: set[tuple[str, str]] = set()
    several: set[str] = set()
    for quad in quads:
        place = (quad.subject, quad.predicate)
        if place in seen:
            several.add(quad.predicate)
        seen.add(place)
    return several


def _quad(quad: NQuad) -> Quad:
    value = None
    star = False
    if quad.object_value is not None:
        star = quad.object_value.type == "default" and quad.object_value.raw == STAR
        kind = quad.object_value.type
        if kind not in KINDS:
            raise unsupported(f"type {kind}")
        value = converted(Value("default", quad.object_value.raw), kind)
    facets = {facet.key: _facet(facet) for facet in quad.facets}
    return Quad(quad.subject, quad.predicate, quad.object_id, value, quad.lang, facets, star)


def _facet(facet: Facet) -> Scalar:
    if facet.type == "int":
        return integer(facet.raw)
    if facet.type == "float":
        return floating(facet.raw)
    return converted(Value("string", facet.raw), facet.type).data


def _wired(quad: api.NQuad) -> Quad:
    """Read an N-Quad that came as a message of its own."""
    if quad.facets or quad.namespace:
        raise unsupported("facets and namespaces in messages")
    value = None
    if quad.HasField("object_value"):
        name = quad.object_value.WhichOneof("val")
        if name not in _WIRE_KINDS:
            raise unsupported(f"{name} in messages")
        value = Value(_WIRE_KINDS[name], getattr(quad.object_value, name))
    star = value == Value("default", STAR)
    return Quad(quad.subject, quad.predicate, quad.object_id, value, quad.lang, star=star)


def _check(change: Change) -> None:
    for quad in change.sets:
        if quad.subject == STAR or quad.pred == STAR or quad.star:
            raise Failed(f"Cannot use star in set n-quad: {shown(quad)}")
        if quad.pred in ("dgraph.graphql.schema", "dgraph.graphql.xid"):
            raise Failed(f"Cannot mutate graphql reserved predicate {quad.pred}")
        for name in (quad.pred, *quad.facets):
            _check_name(quad, name)
    for quad in change.deletes:
        if quad.subject == STAR or (quad.pred == STAR and not quad.star):
            raise Failed(f"Only valid wildcard delete patterns are 'S * *' and 'S P *': {shown(quad)}")


def _check_name(quad: Quad, name: str) -> None:
    reason = ""
    if not name:
        reason = "Has zero length"
    elif "~" in name or "@" in name:
        reason = "Has invalid characters"
    elif any(map(str.isspace, name)):
        reason = "Must not contain spaces"
    if reason:
        where = f'predicate "{name}": {reason}' if name == quad.pred else f'Facet "{name}", {reason}'
        raise Failed(f"key error: {shown(quad)}: {where}")


def shown(quad: Quad) -> str:
    """Return `quad` much as Dgraph shows one in its errors."""
    parts = [f'subject:"{quad.subject}"', f'predicate:"{quad.pred}"']
    if quad.object:
        parts.append(f'object_id:"{quad.object}"')
    if quad.value is not None:
        parts.append(f'object_value:{{{quad.value.kind}_val:"{quad.value.data}"}}')
    return " ".join(parts)
