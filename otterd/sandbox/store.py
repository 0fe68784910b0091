"""What the sandbox remembers: every version of every cell, and what open transactions would write.

A cell is one predicate of one node; it holds postings (values, or edges to nodes) by their id:
the target of an edge, the fingerprint of a language or of a list's value, and `UNTAGGED`.
Versions are whole cells, which is wasteful and simple. Time is zero's timestamps.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from otterd.sandbox.schema import PASSWORD, Schema
from otterd.sandbox.values import Facets, Value, converted

UNTAGGED = (1 << 64) - 1
"""Posting id of a value that has no language and is in no list."""


@dataclass(slots=True, frozen=True)
class Posting:
    """One value (`value` is set) or one edge (`target` is set) of a cell."""

    value: Value | None = None
    target: int = 0
    lang: str = ""
    facets: Facets = field(default_factory=dict)


Cell = Mapping[int, Posting]
"""Postings by id, in no order."""


class Change(Enum):
    """What an Edit does to its cell."""

    PUT = "put"
    DROP = "drop"
    CLEAR = "clear"


@dataclass(slots=True, frozen=True)
class Edit:
    """One change of the cell `(namespace, pred, uid)`; `id` and `posting` as the change needs them.

    `single` says that the predicate holds one edge at most, so that a PUT replaces the one before.
    """

    namespace: int
    pred: str
    uid: int
    change: Change
    id: int = 0
    posting: Posting = Posting()
    single: bool = False


Predicate = tuple[int, str]
"""Namespace and name."""


class Store:
    """All cells of a cluster, and the edits of open transactions by their start_ts."""

    def __init__(self) -> None:
        self._cells: dict[Predicate, dict[int, list[tuple[int, Cell]]]] = defaultdict(dict)
        self._pending: dict[int, list[Edit]] = {}

    def stage(self, start_ts: int, edits: list[Edit]) -> None:
        """Add `edits` to the open transaction `start_ts`, visible to its own reads only."""
        self._pending.setdefault(start_ts, []).extend(edits)

    def commit(self, start_ts: int, commit_ts: int) -> None:
        """Make the edits of `start_ts` visible to reads at and after `commit_ts`."""
        edits = self._pending.pop(start_ts, [])
        for (place, uid), cell in self._changed(edits, commit_ts).items():
            self._cells[place].setdefault(uid, []).append((commit_ts, cell))

    def abort(self, start_ts: int) -> None:
        """Forget the edits of `start_ts`."""
        self._pending.pop(start_ts, None)

    def open(self) -> frozenset[int]:
        """Return the start_ts of the transactions that have staged something."""
        return frozenset(self._pending)

    def pending(self, start_ts: int) -> tuple[Edit, ...]:
        """Return what `start_ts` has staged, in order."""
        return tuple(self._pending.get(start_ts, ()))

    def touching(self, place: Predicate) -> list[int]:
        """Return the open transactions that would write to `place`."""
        return [
            ts for ts, edits in self._pending.items() if any((e.namespace, e.pred) == place for e in edits)
        ]

    def drop(self, place: Predicate) -> None:
        """Forget every version of a predicate, as a drop does."""
        self._cells.pop(place, None)

    def drop_namespace(self, namespace: int) -> None:
        """Forget all data of `namespace`."""
        for place in [place for place in self._cells if place[0] == namespace]:
            del self._cells[place]

    def rewrite(self, place: Predicate, cells: Mapping[int, Cell], commit_ts: int) -> None:
        """Replace what `place` holds from `commit_ts` on, as a change of its type does."""
        for uid, cell in cells.items():
            self._cells[place].setdefault(uid, []).append((commit_ts, cell))

    def view(self, namespace: int, ts: int, schema: Schema) -> View:
        """Return what a read of `namespace` at `ts` sees; a transaction's own edits included."""
        return View(self, namespace, ts, schema)

    def cell_at(self, place: Predicate, uid: int, ts: int) -> Cell:
        """Return the committed cell as of `ts`."""
        versions = self._cells.get(place, {}).get(uid, [])
        index = bisect_right(versions, ts, key=lambda version: version[0])
        return versions[index - 1][1] if index else {}

    def uids_of(self, place: Predicate) -> list[int]:
        """Return the nodes that ever had something committed at `place`."""
        return list(self._cells.get(place, ()))

    def _changed(self, edits: list[Edit], ts: int) -> dict[tuple[Predicate, int], Cell]:
        changed: dict[tuple[Predicate, int], Cell] = {}
        for edit in edits:
            place = (edit.namespace, edit.pred)
            cell = changed.get((place, edit.uid))
            if cell is None:
                cell = self.cell_at(place, edit.uid, ts)
            changed[place, edit.uid] = applied(cell, edit)
        return changed


def applied(cell: Cell, edit: Edit) -> Cell:
    """Return `cell` after `edit`."""
    if edit.change is Change.CLEAR:
        return {}
    after = {} if edit.single and edit.change is Change.PUT else dict(cell)
    if edit.change is Change.PUT:
        after[edit.id] = edit.posting
    else:
        after.pop(edit.id, None)
    return after


def _as(posting: Posting, kind: str) -> Posting:
    if posting.value is None or kind in ("default", posting.value.kind):
        return posting
    return replace(posting, value=converted(posting.value, kind))


class View:
    """The graph of one namespace as a read at `ts` sees it.

    It includes the edits that the transaction of that start_ts has staged by now. Values come in the
    kind that the schema names by now; reading one that cannot be converted raises Failed.
    """

    def __init__(self, store: Store, namespace: int, ts: int, schema: Schema) -> None:
        self._store = store
        self._schema = schema
        self.namespace = namespace
        self.ts = ts
        own = [edit for edit in store.pending(ts) if edit.namespace == namespace]
        self._own: dict[str, dict[int, Cell]] = defaultdict(dict)
        for ((_, pred), uid), cell in store._changed(own, ts).items():
            self._own[pred][uid] = cell
        self._reverse: dict[str, dict[int, dict[int, Posting]]] = {}

    def postings(self, pred: str, uid: int) -> list[Posting]:
        """Return the postings of a cell in Dgraph's order: edges by target, values by their ids."""
        cell = self._cell(pred, uid)
        known = self._schema.get(pred)
        if known is not None and known.kind == PASSWORD:
            return []
        kind = known.kind if known is not None else "default"
        return [_as(cell[id], kind) for id in sorted(cell)]

    def values(self, pred: str, uid: int) -> list[Posting]:
        """Return all values of a cell, of every language, in order."""
        return [posting for posting in self.postings(pred, uid) if posting.value is not None]

    def value(self, pred: str, uid: int, lang: str = "") -> Posting | None:
        """Return the value of a cell in exactly the language `lang`; "" is the untagged one."""
        return next((p for p in self.values(pred, uid) if p.lang == lang), None)

    def targets(self, pred: str, uid: int) -> list[Posting]:
        """Return the edges of `uid`, by target; `pred` may be the reverse of one: `~name`."""
        if pred.startswith("~"):
            return self.sources(pred[1:], uid)
        return [posting for posting in self.postings(pred, uid) if posting.value is None]

    def sources(self, pred: str, uid: int) -> list[Posting]:
        """Return the edges that lead to `uid`, by their source, which is each one's `target`."""
        if pred not in self._reverse:
            edges: dict[int, dict[int, Posting]] = defaultdict(dict)
            for source in self.has(pred):
                for edge in self.targets(pred, source):
                    edges[edge.target][source] = Posting(target=source, facets=edge.facets)
            self._reverse[pred] = edges
        found = self._reverse[pred].get(uid, {})
        return [found[source] for source in sorted(found)]

    def has(self, pred: str) -> list[int]:
        """Return the nodes with anything at `pred` (or `~name`), in order."""
        if pred.startswith("~"):
            self.sources(pred[1:], 0)
            return sorted(self._reverse[pred[1:]])
        uids = {*self._store.uids_of((self.namespace, pred)), *self._own.get(pred, ())}
        return sorted(uid for uid in uids if self._cell(pred, uid))

    def scan(self, pred: str) -> Iterator[tuple[int, Posting]]:
        """Yield every posting of `pred` with its node, in order: what an index would look up."""
        for uid in self.has(pred):
            for posting in self.postings(pred, uid):
                yield uid, posting

    def types(self, uid: int) -> list[str]:
        """Return the names in `dgraph.type` of a node."""
        return [str(p.value.data) for p in self.values("dgraph.type", uid) if p.value is not None]

    def _cell(self, pred: str, uid: int) -> Cell:
        own = self._own.get(pred, {}).get(uid)
        return own if own is not None else self._store.cell_at((self.namespace, pred), uid, self.ts)
