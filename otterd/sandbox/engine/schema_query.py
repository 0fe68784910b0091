"""Answers of `schema { }`."""

from __future__ import annotations

from otterd.dql.tree import SchemaRequest
from otterd.sandbox.engine.encode import quoted
from otterd.sandbox.schema import Predicate, Schema, Type

_FIELDS = (
    "type", "index", "tokenizer", "reverse", "count", "list", "upsert", "lang", "no_conflict", "unique",
)  # fmt: skip


def schema_json(schema: Schema, request: SchemaRequest) -> bytes | None:
    """Return the answer, by name; None when there is nothing to say of what was asked for."""
    members = []
    predicates = _wanted(schema.predicates, request.predicates, also=request.types)
    if predicates:
        fields = {"no_conflict" if field == "noconflict" else field for field in request.fields or _FIELDS}
        nodes = ",".join(_predicate(schema.predicates[name], fields) for name in predicates)
        members.append(f'"schema":[{nodes}]')
    types = _wanted(schema.types, request.types, also=request.predicates)
    if types:
        members.append(f'"types":[{",".join(_type(schema.types[name]) for name in types)}]')
    return f"{{{','.join(members)}}}".encode() if members else None


def _wanted(
    known: dict[str, Predicate] | dict[str, Type], asked: tuple[str, ...], also: tuple[str, ...]
) -> list[str]:
    """Return the known names asked for; all of them if neither these nor `also` were named."""
    names = [name for name in asked if name in known] if asked or also else list(known)
    return sorted(names, key=lambda name: name.encode())


def _predicate(predicate: Predicate, fields: set[str]) -> str:
    said = {
        "type": quoted(predicate.kind),
        "index": _true(bool(predicate.tokenizers)),
        "tokenizer": _names(predicate.tokenizers),
        "reverse": _true(predicate.reverse),
        "count": _true(predicate.count),
        "list": _true(predicate.is_list),
        "upsert": _true(predicate.upsert),
        "lang": _true(predicate.lang),
        "no_conflict": _true(predicate.noconflict),
        "unique": _true(predicate.unique),
    }
    members = [f'"predicate":{quoted(predicate.name)}']
    members += [f'"{field}":{said[field]}' for field in _FIELDS if field in fields and said[field]]
    return f"{{{','.join(members)}}}"


def _true(flag: bool) -> str:
    return "true" if flag else ""


def _names(names: tuple[str, ...]) -> str:
    return f"[{','.join(map(quoted, names))}]" if names else ""


def _type(known: Type) -> str:
    fields = ",".join(f'{{"name":{quoted(field)}}}' for field in known.fields)
    return f'{{"fields":[{fields}],"name":{quoted(known.name)}}}'
