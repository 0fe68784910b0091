"""What is worked out once a block has run: aggregates, math and groups."""

from __future__ import annotations

from otterd.sandbox.engine.aggregate import aggregated
from otterd.sandbox.engine.arithmetic import Term, evaluated
from otterd.sandbox.engine.groupby import grouped
from otterd.sandbox.engine.part import Found, Part
from otterd.sandbox.engine.plan import AGGREGATES
from otterd.sandbox.engine.variables import COUNTED, Known
from otterd.sandbox.failures import Failed
from otterd.sandbox.values import Value


def worked_out(part: Part, known: Known, path: list[Part], parent: Part | None = None) -> None:
    """Work out the values of `part` and of all below it, from the bottom up."""
    for child in list(part.children):
        worked_out(child, known, [*path, part], part)
    if part.group_by is not None:
        grouped(part, known, path)
    elif part.internal or (part.empty and parent is not None):
        _value(part, known, path, parent)


def _value(part: Part, known: Known, path: list[Part], parent: Part | None) -> None:
    if parent is None:
        return
    if part.func is not None and parent.group_by is None and part.func.name in AGGREGATES:
        part.by_uid = _aggregate(part, known, parent)
        if part.var:
            known.setdefault(part.var, Found()).values = part.by_uid
    elif part.math is not None:
        _math(part, known, path)
    elif part.needs:
        part.by_uid = known[part.needs[0].name].values if part.needs[0].name in known else None
    elif not part.counted:
        raise Failed(f"Unhandled pb.node <{part.attr}> with parent <{parent.attr}>")


def _aggregate(part: Part, known: Known, parent: Part) -> dict[int, Value]:
    """Aggregate a variable: all of it in a block without a function, else along the edges beside it."""
    name = part.needs[0].name
    values = known[name].values if name in known else {}
    function = part.func.name if part.func is not None else ""
    if parent.empty:
        whole = aggregated(function, values.values())
        return {} if whole is None else {0: whole}
    beside = None
    for child in parent.children:
        if child is part:
            continue
        if name in child.facet_vars.values() or any(below.var == name for below in child.children):
            beside = child
    if beside is None:
        raise Failed("Invalid variable aggregation. Check the levels.")
    result: dict[int, Value] = {}
    for source, uids in zip(beside.sources or [], beside.matrix or [], strict=False):
        value = aggregated(function, [values[uid] for uid in uids if uid in values])
        if value is not None:
            result[source] = value
    return result


def _math(part: Part, known: Known, path: list[Part]) -> None:
    if part.math is None:
        return
    term = evaluated(part.math, lambda name: _variable(known.get(name), path))
    if term.values:
        kinds = {value.kind for value in term.values.values()}
        values = term.values
        if {"int", "float"} <= kinds:
            values = {uid: _floated(value) for uid, value in values.items()}
        part.by_uid = values
        found = known.setdefault(part.var, Found())
        found.values, found.path = values, path
    elif term.constant is not None:
        sources = [0] if part.sources is None else part.sources
        part.by_uid = dict.fromkeys(sources, term.constant)
        known.setdefault(part.var, Found()).values = part.by_uid


def _floated(value: Value) -> Value:
    return Value("float", float(value.data)) if isinstance(value.data, int) and value.kind == "int" else value


def _variable(found: Found | None, path: list[Part]) -> Term:
    if found is None:
        return Term()
    values = carried(found, path)
    if len(values) == 1 and COUNTED in values:
        return Term(values[COUNTED])
    return Term(values=values)


def carried(found: Found, path: list[Part]) -> dict[int, Value]:
    """Carry a variable down along `path`, where the numbers of all that lead to a node are added."""
    start = len(found.path)
    if len(path) < start or any(a is not b for a, b in zip(found.path, path, strict=False)):
        return found.values
    values = found.values
    if not values:
        return values
    for part in path[max(start, 1) :]:
        below: dict[int, Value] = {}
        for source, uids in zip(part.sources or [], part.matrix or [], strict=False):
            value = values.get(source)
            if value is None or value.kind not in ("int", "float"):
                continue
            for uid in uids:
                both = [value] if uid not in below else [value, below[uid]]
                total = aggregated("sum", both)
                if total is not None:
                    below[uid] = total
        values = below
    return values
