"""Alterations: the schema changed, data dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from otterd.dql import mutation_tree as tree
from otterd.dql.errors import DqlError
from otterd.dql.schema import parse_schema
from otterd.sandbox.cluster import Cluster
from otterd.sandbox.failures import Failed, unsupported
from otterd.sandbox.fingerprint import fingerprint
from otterd.sandbox.quads import Quad
from otterd.sandbox.schema import (
    ACL,
    ACL_TYPES,
    BUILT_IN,
    BUILT_IN_TYPES,
    RESERVED,
    Predicate,
    Type,
    first_schema,
)
from otterd.sandbox.store import UNTAGGED, Cell
from otterd.sandbox.values import KINDS, Value
from otterd.sandbox.write import write_now
from otterd.wire import api_pb2 as api

_OWN = {predicate.name: predicate for predicate in (*BUILT_IN, *ACL)}
_OWN_TYPES = {type.name: type for type in (*BUILT_IN_TYPES, *ACL_TYPES)}
_EXACT = ("hash", "exact", "int")
_GRAPHQL = "dgraph.graphql.schema"


@dataclass(slots=True, frozen=True)
class Declared:
    """The predicates and types of a schema, each of which may be declared as it is."""

    predicates: Sequence[Predicate] = ()
    types: Sequence[Type] = ()


class Alteration:
    """One alter in `namespace`, through an alpha of `group`."""

    def __init__(self, cluster: Cluster, namespace: int, group: int) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._group = group

    def apply(self, operation: api.Operation) -> None:
        """Do what `operation` says; raise Failed in Dgraph's words."""
        kinds = api.Operation
        drop_all = operation.drop_all or operation.drop_op == kinds.ALL
        if not (operation.schema or operation.drop_attr or drop_all or operation.drop_op != kinds.NONE):
            raise Failed("Operation must have at least one field set")
        if operation.drop_all and operation.drop_op == kinds.DATA:
            raise Failed("Only one of DropAll and DropData can be true")
        # An alter has a timestamp of its own.
        self._cluster.zero.timestamp()
        self._cluster.moved()
        value = operation.drop_value
        if drop_all:
            self._must(not value, "If DropOp is set to ALL, DropValue must be empty")
            self._drop_all()
        elif operation.drop_op == kinds.DATA:
            self._must(not value, "If DropOp is set to DATA, DropValue must be empty")
            self._drop_data()
        elif operation.drop_attr or operation.drop_op == kinds.ATTR:
            self._must(
                bool(operation.drop_attr or value), "If DropOp is set to ATTR, DropValue must not be empty"
            )
            self._drop_predicate(operation.drop_attr or value)
        elif operation.drop_op == kinds.TYPE:
            self._must(bool(value), "If DropOp is set to TYPE, DropValue must not be empty")
            self._must(
                value not in _OWN_TYPES, f"type {value} is pre-defined and is not allowed to be dropped"
            )
            self._cluster.schema(self._namespace).types.pop(value, None)
        else:
            self.adopt(self.declared(operation.schema))

    @staticmethod
    def _must(good: bool, text: str) -> None:
        if not good:
            raise Failed(text)

    def _drop_data(self) -> None:
        for start_ts in self._cluster.store.open():
            self._cluster.store.abort(start_ts)
        self._cluster.store.drop_namespace(self._namespace)
        self._record(f"DROP_DATA;{self._namespace:#x}")
        self.keep_graphql(self._cluster.schema(self._namespace).graphql)

    def _drop_all(self) -> None:
        for namespace in list(self._cluster.schemas):
            self._cluster.store.drop_namespace(namespace)
        for start_ts in self._cluster.store.open():
            self._cluster.store.abort(start_ts)
        zero = self._cluster.zero
        for place in [place for place in zero.membership.tablets if place[0]]:
            zero.forget(*place)
        known = list(self._cluster.schemas.values())
        self._cluster.schemas.clear()
        schema = self._cluster.schemas[0] = first_schema()
        schema.graphql_changes = sum(old.graphql_changes + bool(old.graphql) for old in known)
        self._record("DROP_ALL;")
        self.keep_graphql("")

    def _drop_predicate(self, pred: str) -> None:
        self._must(pred not in _OWN, f"predicate {pred} is pre-defined and is not allowed to be dropped")
        self._no_pending(pred)
        self._cluster.store.drop((self._namespace, pred))
        self._cluster.schema(self._namespace).predicates.pop(pred, None)
        self._record(f"DROP_ATTR;{pred}")

    def _record(self, what: str) -> None:
        """Leave the node that Dgraph leaves for its backups."""
        write_now(
            self._cluster,
            self._namespace,
            self._group,
            Quad("_:r", "dgraph.drop.op", value=Value("string", what)),
        )

    def keep_graphql(self, text: str) -> None:
        """Keep `text` as the GraphQL schema of the namespace, in the node that is there for it."""
        schema = self._cluster.schema(self._namespace)
        schema.graphql_changes += text != schema.graphql
        schema.graphql = text
        view = self._cluster.view(self._namespace, self._cluster.zero.max_assigned)
        node = next((f"{uid:#x}" for uid in view.has(_GRAPHQL)), "_:g")
        write_now(
            self._cluster,
            self._namespace,
            self._group,
            Quad(node, _GRAPHQL, value=Value("string", text)),
            Quad(node, "dgraph.graphql.xid", value=Value("string", _GRAPHQL)),
            Quad(node, "dgraph.type", value=Value("string", "dgraph.graphql")),
        )

    def _no_pending(self, pred: str) -> None:
        """Raise Failed when open transactions write to `pred`, and abort them."""
        pending = self._cluster.store.touching((self._namespace, pred))
        for start_ts in pending:
            self._cluster.zero.abort(start_ts)
        self._must(not pending, "Pending transactions found. Please retry operation")

    def declared(self, text: str) -> Declared:
        """Return what `text` declares; raise Failed where it may not."""
        try:
            parsed = parse_schema(text, most=len(text) + 1)
        except DqlError as error:
            raise Failed(error.message) from None
        _no_twins("predicate", [found.name for found in parsed.predicates])
        predicates = [_predicate(found) for found in parsed.predicates]
        for predicate in predicates:
            _check_reserved("predicate", predicate, _OWN.get(predicate.name))
        _no_twins("type", [found.name for found in parsed.types])
        types = [Type(found.name, tuple(found.fields)) for found in parsed.types]
        for type in types:
            _check_reserved("type", type, _OWN_TYPES.get(type.name))
        schema = self._cluster.schema(self._namespace)
        known = {*schema.predicates, *(predicate.name for predicate in predicates)}
        for type in types:
            for field in type.fields:
                if field.removeprefix("~") not in known:
                    raise Failed(
                        f"Schema does not contain a matching predicate for field {field} in type {type.name}"
                    )
        return Declared(predicates, types)

    def adopt(self, declared: Declared) -> None:
        """Take the predicates and types of `declared`, all or none."""
        schema = self._cluster.schema(self._namespace)
        for predicate in declared.predicates:
            self._no_pending(predicate.name)
            self._check_change(schema.predicates.get(predicate.name), predicate)
        for predicate in declared.predicates:
            self._become(schema.predicates.get(predicate.name), predicate)
        schema.types.update((type.name, type) for type in declared.types)

    def _check_change(self, old: Predicate | None, new: Predicate) -> None:
        """Raise Failed when `old` cannot become `new`."""
        name = new.name
        if new.upsert and not new.tokenizers and not new.unique:
            raise Failed(f"Index tokenizer is mandatory for: [{name}] when specifying @upsert directive")
        if new.unique:
            _check_unique(new)
        if old is None or not self._has_data(name):
            return
        if old.is_edge != new.is_edge:
            raise Failed(
                "Schema change not allowed from scalar to uid or vice versa"
                f" while there is data for pred: {name}"
            )
        if old.is_list and not new.is_list:
            raise Failed(
                f"Schema change not allowed from [{old.kind}] => {new.kind} without deleting pred: {name}"
            )

    def _has_data(self, pred: str) -> bool:
        return bool(self._cluster.view(self._namespace, self._cluster.zero.max_assigned).has(pred))

    def _become(self, old: Predicate | None, new: Predicate) -> None:
        place = (self._namespace, new.name)
        if old is not None and new.is_list and not old.is_list and not new.is_edge:
            store, ts = self._cluster.store, self._cluster.zero.max_assigned
            cells = {uid: _as_list(store.cell_at(place, uid, ts)) for uid in store.uids_of(place)}
            store.rewrite(place, cells, ts)
        self._cluster.schema(self._namespace).predicates[new.name] = new
        self._cluster.zero.place(*place, self._group)


def altered(cluster: Cluster, namespace: int, operation: api.Operation) -> list[str]:
    """Return the predicates that `operation` concerns; all of them when it drops everything."""
    text = operation.schema
    if text:
        try:
            return [found.name for found in parse_schema(text, most=len(text) + 1).predicates]
        except DqlError:
            return []
    one = operation.drop_attr or operation.drop_value
    return [one] if one else list(cluster.schema(namespace).predicates)


def _as_list(cell: Cell) -> Cell:
    return {
        fingerprint(posting.value.stored()) if id == UNTAGGED and posting.value is not None else id: posting
        for id, posting in cell.items()
    }


def _predicate(found: tree.Predicate) -> Predicate:
    if found.type not in KINDS:
        raise unsupported(f"type {found.type}")
    return Predicate(
        found.name,
        found.type,
        is_list=found.list,
        tokenizers=found.tokenizers,
        reverse=found.reverse,
        count=found.count,
        lang=found.lang,
        upsert=found.upsert or found.unique,
        unique=found.unique,
        noconflict=found.noconflict,
    )


def _no_twins(what: str, names: Sequence[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise Failed(f"{what} {name} defined multiple times")
        seen.add(name)


def _check_reserved(what: str, found: Predicate | Type, own: Predicate | Type | None) -> None:
    if own is not None and own != found:
        raise Failed(f"{what} {found.name} is pre-defined and is not allowed to be modified")
    if own is None and found.name.lower().startswith(RESERVED):
        raise Failed(
            f"Can't alter {what} `{found.name}` as it is prefixed with `{RESERVED}` which is reserved as the"
            " namespace for dgraph's internal types/predicates."
        )


def _check_unique(new: Predicate) -> None:
    missing = f"index for predicate [{new.name}] is missing, add "
    if new.kind == "string":
        if not any(tokenizer in _EXACT for tokenizer in new.tokenizers):
            raise Failed(f"{missing}either hash or exact index with @unique")
    elif new.kind == "int":
        if not new.tokenizers:
            raise Failed(f"{missing}int index with @unique")
    else:
        raise Failed(f"@unique directive not supported on [{new.kind.upper()}] type predicate")
