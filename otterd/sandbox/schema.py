"""What the predicates and types of one namespace are."""

from __future__ import annotations

from dataclasses import dataclass, field

RESERVED = "dgraph."
PASSWORD = "password"  # noqa: S105 -- the name of a type
"""The type of `dgraph.password`, which nothing else can be; its values are never read out."""


@dataclass(slots=True, frozen=True)
class Predicate:
    """A predicate's type and directives; `kind` is one of `values.KINDS`."""

    name: str
    kind: str = "default"
    is_list: bool = False
    tokenizers: tuple[str, ...] = ()
    reverse: bool = False
    count: bool = False
    lang: bool = False
    upsert: bool = False
    unique: bool = False
    noconflict: bool = False

    @property
    def is_edge(self) -> bool:
        """Whether it leads to nodes."""
        return self.kind == "uid"


@dataclass(slots=True, frozen=True)
class Type:
    """A type; `fields` are its predicates in order, and `~name` stands for a reverse."""

    name: str
    fields: tuple[str, ...] = ()


@dataclass(slots=True)
class Schema:
    """The predicates and types of one namespace, by name, those of Dgraph's own included.

    `graphql` is its GraphQL schema, and `graphql_changes` counts how often it became another one.
    """

    predicates: dict[str, Predicate] = field(default_factory=dict)
    types: dict[str, Type] = field(default_factory=dict)
    graphql: str = ""
    graphql_changes: int = 0

    def get(self, name: str) -> Predicate | None:
        """Return the predicate `name`; `~name` is the reverse of one that has it."""
        if name.startswith("~"):
            found = self.predicates.get(name[1:])
            return found if found is not None and found.reverse else None
        return self.predicates.get(name)


BUILT_IN = (
    Predicate("dgraph.type", "string", is_list=True, tokenizers=("exact",)),
    Predicate("dgraph.drop.op", "string"),
    Predicate("dgraph.graphql.schema", "string"),
    Predicate("dgraph.graphql.xid", "string", tokenizers=("exact",), upsert=True),
    Predicate("dgraph.graphql.p_query", "string", tokenizers=("sha256",)),
    Predicate("dgraph.namespace.id", "int", tokenizers=("int",), upsert=True, unique=True),
    Predicate("dgraph.namespace.name", "string", tokenizers=("exact",), upsert=True, unique=True),
)
BUILT_IN_TYPES = (
    Type("dgraph.graphql", ("dgraph.graphql.schema", "dgraph.graphql.xid")),
    Type("dgraph.graphql.persisted_query", ("dgraph.graphql.p_query",)),
    Type("dgraph.namespace", ("dgraph.namespace.name", "dgraph.namespace.id")),
)


ACL = (
    Predicate("dgraph.xid", "string", tokenizers=("exact",), upsert=True, unique=True),
    Predicate("dgraph.password", PASSWORD),
    Predicate("dgraph.user.group", "uid", is_list=True, reverse=True),
    Predicate("dgraph.acl.rule", "uid", is_list=True),
    Predicate("dgraph.rule.predicate", "string", tokenizers=("exact",), upsert=True),
    Predicate("dgraph.rule.permission", "int"),
)
"""What there is too, where access is controlled."""
ACL_TYPES = (
    Type("dgraph.type.User", ("dgraph.xid", "dgraph.password", "dgraph.user.group")),
    Type("dgraph.type.Group", ("dgraph.xid", "dgraph.acl.rule")),
    Type("dgraph.type.Rule", ("dgraph.rule.predicate", "dgraph.rule.permission")),
)


def first_schema(namespace: int = 0) -> Schema:
    """Return the schema of a namespace in which nobody has defined anything."""

    def here(name: str) -> bool:
        return not namespace or not name.startswith("dgraph.namespace")

    return Schema(
        {p.name: p for p in BUILT_IN if here(p.name)}, {t.name: t for t in BUILT_IN_TYPES if here(t.name)}
    )
