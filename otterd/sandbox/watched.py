"""A view that notes what is looked at, for an alpha must reach those who serve it."""

from __future__ import annotations

from otterd.sandbox.schema import Schema
from otterd.sandbox.store import Cell, Store, View


class Watched(View):
    """A View that keeps the predicates it was asked for in `touched`, in order."""

    def __init__(self, store: Store, namespace: int, ts: int, schema: Schema) -> None:
        self.touched: dict[str, None] = {}
        super().__init__(store, namespace, ts, schema)

    def has(self, pred: str) -> list[int]:
        """Return the nodes with anything at `pred`."""
        self.touched[pred.removeprefix("~")] = None
        return super().has(pred)

    def _cell(self, pred: str, uid: int) -> Cell:
        self.touched[pred] = None
        return super()._cell(pred, uid)
