"""How Dgraph compares values."""

from __future__ import annotations

from typing import Any

from otterd.sandbox.instants import Instant
from otterd.sandbox.values import Value

_ORDERED = frozenset(("datetime", "uid", "int", "float", "string", "default"))
_EQUAL = frozenset(("datetime", "int", "float", "string", "default", "bool"))
_RANK = {"default": 0, "binary": 1, "int": 2, "float": 3, "bool": 4, "datetime": 5, "uid": 7, "string": 9}


def less(a: Value, b: Value) -> bool | None:
    """Tell whether `a` comes before `b`; None if they cannot be compared."""
    if a.kind != b.kind or a.kind not in _ORDERED:
        return None
    return before(a, b)


def equal(a: Value, b: Value) -> bool | None:
    """Tell whether `a` and `b` are the same; None if they cannot be compared."""
    if a.kind != b.kind or a.kind not in _EQUAL:
        return None
    return same(a, b)


def holds(op: str, a: Value, b: Value) -> bool:
    """Tell whether `op(a, b)`; never for values that cannot be compared."""
    if op == "eq":
        return equal(a, b) is True
    turned = op in ("gt", "le")
    found = less(b, a) if turned else less(a, b)
    return found is not None and found is (op in ("gt", "lt"))


def between(value: Value, low: Value, high: Value) -> bool:
    """Tell whether `value` lies between `low` and `high`, both included."""
    return holds("ge", value, low) and holds("le", value, high)


def same(a: Value, b: Value) -> bool:
    """Tell whether `a` and `b` are of one kind and the same."""
    return a.kind == b.kind and _key(a) == _key(b)


def before(a: Value, b: Value) -> bool:
    """Tell whether `a` sorts before `b`; numbers by size, other kinds one after the other."""
    numbers = ("int", "float")
    if a.kind != b.kind and not (a.kind in numbers and b.kind in numbers):
        return _RANK[a.kind] < _RANK[b.kind]
    if a.kind == "bool":
        return False
    return bool(_key(a) < _key(b))


def _key(value: Value) -> Any:
    data = value.data
    if isinstance(data, Instant):
        return data.ns
    return data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
