"""Mutations applied: nodes get their uids, values their kinds, predicates are created, keys collected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from otterd.dql.mutation_tree import STAR
from otterd.sandbox.cluster import Cluster, base_36, conflict_key
from otterd.sandbox.failures import Failed, unsupported
from otterd.sandbox.fingerprint import fingerprint
from otterd.sandbox.passwords import kept_password
from otterd.sandbox.quads import Change, Quad, shown
from otterd.sandbox.schema import PASSWORD, Predicate
from otterd.sandbox.store import UNTAGGED, Edit, Posting, View
from otterd.sandbox.store import Change as Deed
from otterd.sandbox.values import Value, converted

_MOST_UIDS = 1 << 64
_WORDS = ("term", "fulltext", "trigram")
_IDENTIFIERS = {"exact": b"\x02"}


@dataclass(slots=True)
class Written:
    """What a mutation did: new nodes by their names, the keys and predicates touched, and how much."""

    uids: dict[str, int] = field(default_factory=dict)
    keys: set[int] = field(default_factory=set)
    preds: set[str] = field(default_factory=set)
    cost: int = 0


class Writer:
    """Writes for the transaction `start_ts` in `namespace`; new predicates go to `group`."""

    def __init__(self, cluster: Cluster, namespace: int, start_ts: int, group: int) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._start_ts = start_ts
        self._group = group
        self._schema = cluster.schema(namespace)
        self._written = Written()

    def write(self, changes: Sequence[Change]) -> Written:
        """Stage `changes`, all or nothing; raise Failed in Dgraph's words."""
        written = self._written
        self._check_unique(changes)
        self._name(changes)
        view = self._view()
        quads: list[tuple[Quad, bool]] = []
        for change in changes:
            quads += [(quad, True) for quad in self._spread(change.deletes, view)]
            quads += [(quad, False) for quad in change.sets]
        for quad, _ in quads:
            known = self._schema.get(quad.pred)
            if known is not None and not quad.star:
                self._fitting(quad, known)
        self._create(changes)
        for quad, delete in quads:
            self._stage(quad, delete=delete)
        asked = sum(len(change.sets) + len(change.deletes) for change in changes)
        written.cost = asked + len(written.uids)
        return written

    def _view(self) -> View:
        return self._cluster.view(self._namespace, self._start_ts)

    def _name(self, changes: Sequence[Change]) -> None:
        """Give uids to the blank nodes of what is set, in order of appearance."""
        names: dict[str, None] = {}
        for change in changes:
            for quad in change.sets:
                for term in (quad.subject, quad.object):
                    if term.startswith("_:"):
                        names[term] = None
                    elif term:
                        self._uid(term)
        first = self._cluster.zero.uids(len(names)) if names else 0
        self._written.uids = {name: first + at for at, name in enumerate(names)}

    def _uid(self, term: str) -> int:
        if term in self._written.uids:
            return self._written.uids[term]
        if term.startswith("_:"):
            raise Failed(f'strconv.ParseUint: parsing "{term}": invalid syntax')
        uid = read_uid(term)
        most = self._cluster.zero.max_uid
        if uid > most:
            raise Failed(f"Uid: [{uid}] cannot be greater than lease: [{most}]")
        return uid

    def _spread(self, deletes: Iterable[Quad], view: View) -> list[Quad]:
        """Return the deletions, `S * *` as one for each predicate of the node's types."""
        spread = []
        for quad in deletes:
            if quad.pred != STAR:
                spread.append(quad)
                continue
            types = view.types(self._uid(quad.subject))
            fields = [
                f for name in types if name in self._schema.types for f in self._schema.types[name].fields
            ]
            preds = dict.fromkeys([*fields, "dgraph.type"])
            spread += [
                Quad(quad.subject, pred, value=quad.value, star=True) for pred in preds if pred[0] != "~"
            ]
        return spread

    def _fitting(self, quad: Quad, known: Predicate) -> Value | None:
        """Return the value as the predicate keeps it; None for an edge."""
        name = quad.pred
        if quad.lang and not known.lang:
            raise Failed(
                f"Attr: [{name}] should have @lang directive in schema to mutate edge: [{shown(quad)}]"
            )
        if quad.value is None:
            if not known.is_edge:
                raise Failed(f'Input for predicate "{name}" of type scalar is uid. Edge: {shown(quad)}')
            return None
        if known.is_edge:
            raise Failed(f'Input for predicate "{name}" of type uid is scalar. Edge: {shown(quad)}')
        if known.kind == PASSWORD:
            return kept_password(quad.value)
        return converted(quad.value, quad.value.kind if known.kind == "default" else known.kind)

    def _create(self, changes: Sequence[Change]) -> None:
        """Let predicates be that nobody has defined: of the kind that comes first."""
        single = frozenset(pred for change in changes for pred in change.single)
        several = frozenset(pred for change in changes for pred in change.several)
        for quad in (quad for change in changes for quad in change.sets):
            if quad.pred in self._schema.predicates:
                continue
            kind = "uid" if quad.value is None else quad.value.kind
            is_list = quad.pred in several or (kind == "uid" and quad.pred not in single)
            self._schema.predicates[quad.pred] = Predicate(quad.pred, kind, is_list=is_list)
            self._cluster.zero.place(self._namespace, quad.pred, self._group)

    def _stage(self, quad: Quad, *, delete: bool) -> None:
        known = self._schema.predicates.get(quad.pred) or Predicate(quad.pred)
        uid = self._uid(quad.subject)
        group = self._cluster.zero.place(self._namespace, quad.pred, self._group)
        edit = self._edit(quad, known, uid, delete=delete)
        if edit is None:
            return
        self._written.preds.add(f"{group}-{self._namespace:x}-{quad.pred}")
        self._cluster.store.stage(self._start_ts, [edit])
        self._collide(known, edit)

    def _edit(self, quad: Quad, known: Predicate, uid: int, *, delete: bool) -> Edit | None:
        place = (self._namespace, quad.pred, uid)
        if quad.star:
            if quad.lang:
                return Edit(*place, Deed.DROP, fingerprint(quad.lang.encode()))
            return Edit(*place, Deed.CLEAR)
        value = self._fitting(quad, known)
        if value is None:
            target = self._uid(quad.object)
            if delete:
                gone = known.count and all(
                    edge.target != target for edge in self._view().targets(quad.pred, uid)
                )
                return None if gone else Edit(*place, Deed.DROP, target)
            posting = Posting(target=target, facets=quad.facets)
            return Edit(*place, Deed.PUT, target, posting, single=not known.is_list)
        id = UNTAGGED
        if quad.lang:
            id = fingerprint(quad.lang.encode())
        elif known.is_list:
            id = fingerprint(value.stored())
        if not delete:
            self._not_cleared(place, known)
            return Edit(*place, Deed.PUT, id, Posting(value, lang=quad.lang, facets=quad.facets))
        # A value is deleted only where it is the one that is there.
        values = self._view().values(quad.pred, uid)
        there = next((posting.value for posting in values if posting.lang == quad.lang), None)
        if not known.is_list and there is not None and there != value:
            if len(values) > 1:
                raise unsupported("the deletion of a value beside others in other languages")
            return None
        return Edit(*place, Deed.DROP, id)

    def _not_cleared(self, place: tuple[int, str, int], known: Predicate) -> None:
        """Raise Failed where alphas lose a value: set in the transaction that clears an older one."""
        store = self._cluster.store
        if not known.is_list and place[2] in store.uids_of(place[:2]):
            for edit in store.pending(self._start_ts):
                if edit.change is Deed.CLEAR and (edit.namespace, edit.pred, edit.uid) == place:
                    raise unsupported("a value that is deleted and set at once")

    def _collide(self, known: Predicate, edit: Edit) -> None:
        """Note the keys by which zero will tell whether another transaction wrote the same."""
        if known.noconflict:
            return
        keys = self._written.keys
        key = conflict_key(self._namespace, known.name, edit.uid)
        keys.add(key ^ edit.id if known.is_list and not known.upsert else key)
        if known.count:
            keys.add(conflict_key(self._namespace, known.name, edit.uid, b"\x08count"))
        if known.upsert and edit.posting.value is not None:
            for token in _tokens(known, edit.posting.value):
                keys.add(conflict_key(self._namespace, known.name, 0, token))

    def _check_unique(self, changes: Sequence[Change]) -> None:
        """Raise Failed when a value of a `@unique` predicate would be there twice."""
        set_here = {
            (quad.subject, quad.pred): quad.value
            for change in changes
            for quad in change.sets
            if quad.value is not None and self._unique(quad.pred)
        }
        for (subject, pred), value in set_here.items():
            if any(other != subject and p == pred and v == value for (other, p), v in set_here.items()):
                raise _duplicate(value, pred)
        for (subject, pred), value in set_here.items():
            wanted = converted(value, self._schema.predicates[pred].kind)
            own = 0 if subject.startswith("_:") else self._uid(subject)
            holders = [uid for uid, p in self._view().scan(pred) if p.value == wanted]
            if len(holders) > 1:
                raise Failed(
                    f"there are duplicates in existing data for predicate [{pred}]."
                    "Please drop the unique constraint and re-add it after fixing the predicate data"
                )
            swapped = {read_uid(s) for s, p in set_here if p == pred and not s.startswith("_:")}
            if holders and holders[0] != own and holders[0] not in swapped:
                raise _duplicate(value, pred)

    def _unique(self, pred: str) -> bool:
        known = self._schema.predicates.get(pred)
        return known is not None and known.unique


def write_now(cluster: Cluster, namespace: int, group: int, *quads: Quad) -> Written:
    """Set `quads` in a transaction of their own."""
    start_ts = cluster.zero.timestamp()
    written = Writer(cluster, namespace, start_ts, group).write([Change(list(quads), [])])
    cluster.zero.commit(start_ts, map(base_36, written.keys), written.preds)
    cluster.moved()
    return written


def _duplicate(value: Value, pred: str) -> Failed:
    return Failed(f"could not insert duplicate value [{value.data}] for predicate [{pred}]")


def _tokens(known: Predicate, value: Value) -> list[bytes]:
    tokens = []
    for tokenizer in known.tokenizers:
        if tokenizer in _WORDS:
            tokens += [b"\x01" + word.encode() for word in str(value.data).lower().split()]
        else:
            tokens.append(_IDENTIFIERS.get(tokenizer, tokenizer.encode()) + value.stored())
    return tokens


def read_uid(term: str) -> int:
    """Return the uid that `term` says, in decimal or with a prefix; raise Failed in Go's words."""
    try:
        uid = int(term, 0) if term[:1] not in "+-" else -1
    except ValueError:
        uid = -1
    if uid < 0:
        raise Failed(f'strconv.ParseUint: parsing "{term}": invalid syntax')
    if uid >= _MOST_UIDS:
        raise Failed(f'strconv.ParseUint: parsing "{term}": value out of range')
    if not uid:
        raise Failed("UID must to be greater than 0")
    return uid
