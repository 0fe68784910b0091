"""`/validate/*`: whether Dgraph's parsers would take a text, told without asking an alpha."""

import re
from dataclasses import dataclass, replace

from otterd.dql.errors import DqlError, locate
from otterd.dql.mutation_tree import Schema
from otterd.dql.schema import check_schema, parse_schema
from otterd.dql.tree import Document
from otterd.dql.validity import judge, judge_nquads
from otterd.errors import BadRequest

_OWN = "dgraph."
_OPENS_QUADS = re.compile(r"(?:[ \t\r\n]|#[^\r\n]*+[\r\n])*+(?:<|_:|uid\()").match
"""How N-Quads begin, and no query or mutation; `/mutate` takes them without braces for `application/dql`."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A text that Dgraph's parsers take: what it is, and the query in it."""

    kind: str
    text: str
    document: Document | None = None


def validate_dql(body: bytes) -> Sound:
    """Return what `body` says: "dql", "mutation" or "upsert"; raise BadRequest when it is none of them."""
    text = _text(body)
    try:
        if _OPENS_QUADS(text):
            judge_nquads(text)
            return Sound("mutation", "{set{" + text + "\n}}")
        kind, document = judge(text)
    except DqlError as error:
        raise BadRequest(_sentence(error, error.message)) from None
    return Sound(kind, text, document)


def validate_schema(body: bytes) -> str:
    """Return "schema"; raise BadRequest when `body` is none, or declares nothing."""
    text = _text(body)
    try:
        declared = parse_schema(text)
        check_schema(_without_own(declared))
    except DqlError as error:
        placed = f"line {error.line} column {error.column}: {error.reason}"
        raise BadRequest(_sentence(error, placed if error.line > 0 else error.reason)) from None
    if not declared.predicates and not declared.types:
        raise BadRequest("the schema declares nothing")
    return "schema"


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        line, column = locate(body[: error.start].decode(), error.start)
        raise BadRequest(f"line {line} column {column}: this is not UTF-8") from None


def _sentence(error: DqlError, told: str) -> str:
    told = " ".join(line.strip() for line in told.strip().split("\n"))
    return f"{told} (expected {error.expected})" if error.expected else told


def _without_own(declared: Schema) -> Schema:
    """Return `declared` without Dgraph's own names: an alpha takes them when they are as it has them."""
    return replace(
        declared,
        predicates=tuple(p for p in declared.predicates if not p.name.lower().startswith(_OWN)),
        types=tuple(t for t in declared.types if not t.name.lower().startswith(_OWN)),
    )
