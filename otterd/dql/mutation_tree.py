"""What mutations and schemas say, as data with places."""

from dataclasses import dataclass, field

from otterd.dql.node import node

STAR = "_STAR_ALL"
"""What `*` is to Dgraph, which takes this very word for it too."""


@node
class Value:
    """A literal: `type` is Dgraph's name for it, "default" where none was written; `raw` its text."""

    type: str
    raw: str


@node
class Facet:
    """One `key=value` at an edge; `type` is string, int, float, bool or datetime."""

    key: str
    type: str
    raw: str


@node
class NQuad:
    """One edge or value: either `object_id` is not empty, or `object_value` is not None.

    `line` counts from 1 and `column` from 0 in bytes, both of where it begins in its text.
    """

    subject: str
    predicate: str
    object_id: str = ""
    object_value: Value | None = None
    lang: str = ""
    facets: tuple[Facet, ...] = ()
    namespace: int = 0
    line: int = 1
    column: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """One mutation: the texts of N-Quads to set and to delete, and its `@if(…)` or nothing.

    `set_at`, `delete_at` and `cond_at` are the offsets of these in the whole text.
    """

    set: str = ""
    delete: str = ""
    cond: str = ""
    set_at: int = 0
    delete_at: int = 0
    cond_at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Mutation:
    """The text `{ set {…} delete {…} }`."""

    change: Change


@dataclass(frozen=True, slots=True)
class Upsert:
    """The text `upsert {…}`: `query` holds the query's text and those of its fragments.

    `pieces` are what `query` was put together from, each with its offset in the whole text.
    """

    query: str
    changes: tuple[Change, ...]
    pieces: tuple[tuple[str, int], ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Query:
    """A text that is no mutation, and so a query."""

    text: str


@dataclass(frozen=True, slots=True)
class VectorIndex:
    """An index of vectors with its options, as written."""

    name: str
    options: tuple[tuple[str, str], ...] = ()


@node
class Predicate:
    """What a schema says of one predicate."""

    name: str
    type: str
    list: bool = False
    indexed: bool = False
    tokenizers: tuple[str, ...] = ()
    vectors: tuple[VectorIndex, ...] = ()
    reverse: bool = False
    count: bool = False
    upsert: bool = False
    unique: bool = False
    noconflict: bool = False
    lang: bool = False
    namespace: int = 0
    line: int = 1
    column: int = 0


@node
class TypeDefinition:
    """What a schema says of one type: its name and the predicates that its nodes have."""

    name: str
    fields: tuple[str, ...]
    namespace: int = 0
    line: int = 1
    column: int = 0


@dataclass(frozen=True, slots=True)
class Schema:
    """All that one schema text declares."""

    predicates: tuple[Predicate, ...]
    types: tuple[TypeDefinition, ...]
