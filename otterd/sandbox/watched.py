"""A view that notes what is looked at, for an alpha must reach those who serve it."""

from __future__ import annotations

from otterd.sandbox.schema import Schema
from otterd.sandbox.store import Cell, Store, View


class Watched(View):
    """A View that keeps the predicates it was asked for in `touched`, in order.

    Unless it is `within` the transaction of its timestamp it leaves out what that has staged: the
    timestamp of a best-effort read may be another's.
    """

    def __init__(self, store: Store, namespace: int, ts: int, schema: Schema, *, within: bool) -> None:
        self.touched: dict[str, None] = {}
        super().__init__(store, namespace, ts, schema)
        if not within:
            self._own.clear()

    def has(self, pred: str) -> list[int]:
        """Return the nodes with anything at `pred`."""
        self.touched[pred.removeprefix("~")] = None
        return super().has(pred)

    def _cell(self, pred: str, uid: int) -> Cell:
        self.touched[pred] = None
        return super()._cell(pred, uid)
