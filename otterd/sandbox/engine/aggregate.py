"""min, max, sum and avg of values."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from dataclasses import replace

from otterd.sandbox.engine.compare import less
from otterd.sandbox.values import Value


def aggregated(name: str, values: Iterable[Value]) -> Value | None:
    """Return what `name` makes of `values`; None of no values. Kinds that do not fit are passed over."""
    result: Value | None = None
    count = 0
    for value in values:
        result = value if result is None else _joined(name, result, value)
        count += 1
    if result is None:
        return None
    if name == "avg":
        number = result.data if result.kind in ("int", "float") else 0.0
        result = Value("float", float(number) / count if isinstance(number, int | float) else 0.0)
    return bounded(result)


def _joined(name: str, a: Value, b: Value) -> Value:
    if name in ("min", "max"):
        smaller = less(a, b)
        return b if smaller is not None and smaller is (name == "max") else a
    if a.kind == b.kind and isinstance(a.data, int | float) and isinstance(b.data, int | float):
        if a.kind == "int":
            return replace(a, data=wrapped(int(a.data) + int(b.data)))
        if a.kind == "float":
            return replace(a, data=a.data + b.data)
    return a


def wrapped(number: int) -> int:
    """Return `number` as 64 bits hold it."""
    return (number + (1 << 63)) % (1 << 64) - (1 << 63)


def bounded(value: Value) -> Value:
    """Return `value` with the largest float for an infinite one and 0 for what is no number."""
    number = value.data
    if value.kind != "float" or not isinstance(number, float) or math.isfinite(number):
        return value
    if math.isnan(number):
        return replace(value, data=0.0)
    return replace(value, data=math.copysign(sys.float_info.max, number))
