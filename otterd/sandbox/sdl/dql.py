"""A GraphQL schema as the schema of DQL that Dgraph makes of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from otterd.sandbox.failures import unsupported
from otterd.sandbox.sdl.fields import check_fields, parent_of
from otterd.sandbox.sdl.parser import parse_sdl
from otterd.sandbox.sdl.search import indexes_of
from otterd.sandbox.sdl.shape import SCALARS, shaped
from otterd.sandbox.sdl.tree import Definition, Field, Refused

_SETTING = re.compile(r"^\s*#\s*Dgraph\.(Authorization|Allow-Origin|Secret)", re.MULTILINE)


def dql_schema(text: str) -> str:
    """Return the DQL schema of the GraphQL schema `text`; raise Refused, or Failed for the unsupported."""
    if not text:
        raise Refused((0, "No schema specified"))
    setting = _SETTING.search(text)
    if setting is not None:
        raise unsupported(f"Dgraph.{setting[1]} in a GraphQL schema")
    definitions = shaped(parse_sdl(text))
    check_fields(definitions)
    if all(found.kind == "ENUM" for found in definitions):
        raise Refused((0, "No query or mutation found in the generated schema"))
    return _written(definitions)


def _written(definitions: Sequence[Definition]) -> str:
    known = {found.name: found for found in definitions}
    lines: list[str] = []
    for found in definitions:
        if found.kind == "ENUM":
            continue
        preds = []
        fields = []
        for field in found.fields:
            if field.kind.base == "ID":
                continue
            parent = parent_of(known, found, field.name)
            name = f"{(parent or found).name}.{field.name}"
            fields.append(name)
            if parent is None:
                preds.append(f"{name}: {_predicate(field, known)}.")
        lines += [f"type {found.name} {{", *fields, "}", *preds]
    return "\n".join(lines) + "\n"


def _predicate(field: Field, known: Mapping[str, Definition]) -> str:
    base = field.kind.base
    enum = base in known and known[base].kind == "ENUM"
    kind = SCALARS.get(base, "string" if enum else "uid")
    text = f"[{kind}] " if field.kind.element is not None else f"{kind} "
    if kind == "uid":
        return text
    indexes = indexes_of(field, enum=enum)
    if indexes:
        text += f"@index({', '.join(indexes)}) "
    return text + "@upsert " * (field.directive("id") is not None)
