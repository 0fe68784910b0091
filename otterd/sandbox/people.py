"""Users, groups and rules of a namespace, which are nodes of its graph; and what they allow."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from otterd.dql.mutation_tree import STAR
from otterd.sandbox.accounts import GUARDIANS
from otterd.sandbox.cluster import Cluster
from otterd.sandbox.failures import Failed
from otterd.sandbox.passwords import fits
from otterd.sandbox.quads import Change, Quad
from otterd.sandbox.schema import ACL, ACL_TYPES, RESERVED
from otterd.sandbox.store import UNTAGGED
from otterd.sandbox.values import Value
from otterd.sandbox.write import read_uid, write_now

READ, WRITE, MODIFY = 4, 2, 1
_XID = "dgraph.xid"
_FIRST = "groot"
_FIRST_PASSWORD = "password"  # noqa: S105 -- the one that Dgraph comes with


def namespaces(cluster: Cluster) -> set[int]:
    """Return the namespaces that there are: those with any predicate."""
    return {namespace for namespace, _ in cluster.zero.membership.tablets}


class People:
    """Who is in `namespace`, by now."""

    def __init__(self, cluster: Cluster, namespace: int) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._view = cluster.view(namespace, cluster.zero.max_assigned)

    @staticmethod
    def settle(cluster: Cluster, namespace: int) -> None:
        """Define what access control needs, and let there be groot and his group if nobody is there."""
        schema = cluster.schema(namespace)
        for predicate in ACL:
            schema.predicates.setdefault(predicate.name, predicate)
            cluster.zero.place(namespace, predicate.name, 1)
        schema.types.update({found.name: found for found in ACL_TYPES})
        if not cluster.view(namespace, cluster.zero.max_assigned).has(_XID):
            _first(cluster, namespace)

    def groups(self, userid: str, password: str | None) -> list[str] | None:
        """Return the groups of a user, None where there is no such one; `password` None stands for any."""
        uid = self._named(userid)
        if uid is None or not userid:
            return None
        if password is not None and not self._proven(uid, password):
            return None
        found = [self._text(_XID, edge.target) for edge in self._view.targets("dgraph.user.group", uid)]
        return [name for name in found if name]

    def _proven(self, uid: int, password: str) -> bool:
        place = (self._namespace, "dgraph.password")
        kept = self._cluster.store.cell_at(place, uid, self._view.ts).get(UNTAGGED)
        return kept is not None and kept.value is not None and fits(password, kept.value)

    def _named(self, name: str) -> int | None:
        for uid in self._view.has(_XID):
            if self._text(_XID, uid) == name:
                return uid
        return None

    def _text(self, pred: str, uid: int) -> str:
        found = self._view.value(pred, uid)
        return str(found.value.data) if found is not None and found.value is not None else ""

    def allowed(self, groups: Iterable[str]) -> Mapping[str, int]:
        """Return what the rules of `groups` allow, by predicate: a sum of READ, WRITE and MODIFY."""
        allowed: dict[str, int] = {}
        for group in filter(None, map(self._named, groups)):
            for edge in self._view.targets("dgraph.acl.rule", group):
                pred = self._text("dgraph.rule.predicate", edge.target)
                bits = self._text("dgraph.rule.permission", edge.target)
                allowed[pred] = allowed.get(pred, 0) | int(bits or 0)
        return allowed

    def protect(self, changes: Collection[Change]) -> None:
        """Raise Failed for a deletion of what groot and his group are."""
        guarded = {self._named(_FIRST), self._named(GUARDIANS)}
        for quad in (quad for change in changes for quad in change.deletes):
            reserved = quad.pred == STAR or quad.pred.startswith(RESERVED)
            if reserved and not quad.subject.startswith("_:") and read_uid(quad.subject) in guarded:
                raise Failed("Reserved Properties of guardians group and groot user cannot be deleted.")


def _first(cluster: Cluster, namespace: int) -> None:
    def named(node: str, name: str, kind: str) -> tuple[Quad, Quad]:
        kind = f"dgraph.type.{kind}"
        return (
            Quad(node, _XID, value=Value("string", name)),
            Quad(node, "dgraph.type", value=Value("string", kind)),
        )

    made = write_now(cluster, namespace, 1, *named("_:g", GUARDIANS, "Group"))
    password = Quad("_:u", "dgraph.password", value=Value("string", _FIRST_PASSWORD))
    group = Quad("_:u", "dgraph.user.group", f"{made.uids['_:g']:#x}")
    write_now(cluster, namespace, 1, *named("_:u", _FIRST, "User"), password, group)
