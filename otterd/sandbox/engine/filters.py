"""Filters: boolean trees of functions over the nodes of a part."""

from __future__ import annotations

from otterd.sandbox.engine.compare import holds
from otterd.sandbox.engine.part import Part, common, merged
from otterd.sandbox.engine.plan import COMPARISONS
from otterd.sandbox.engine.select import selected
from otterd.sandbox.engine.variables import fill
from otterd.sandbox.failures import Failed, unsupported
from otterd.sandbox.schema import Schema
from otterd.sandbox.store import View
from otterd.sandbox.values import Value, converted


def filtered(view: View, schema: Schema, part: Part) -> None:
    """Keep of the `dest` of `part` what its filters let through."""
    for each in part.filters:
        if each.func is not None and each.func.name == "uid" and not each.needs:
            each.dest = list(each.sources or [])
            continue
        each.sources = list(part.dest)
        if not each.sources:
            each.dest = []
            continue
        each.scope = part.scope
        _evaluate(view, schema, each)
    lists = [each.dest for each in part.filters]
    if part.op == "or":
        part.dest = merged(lists)
    elif part.op == "not":
        gone = set(lists[0])
        part.dest = [uid for uid in part.dest if uid not in gone]
    elif part.op == "and":
        part.dest = common(lists)
    else:
        part.dest = common([*lists, part.dest])


def _evaluate(view: View, schema: Schema, part: Part) -> None:
    func = part.func
    sources = part.sources or []
    if func is None:
        if part.op != "and" and any(
            each.func is not None and each.func.name == "match" for each in part.filters
        ):
            raise unsupported(f"match() under {part.op}")
        part.dest = list(sources)
        if part.filters:
            filtered(view, schema, part)
        return
    if func.name == "uid":
        fill(part, part.scope)
        part.dest = common([part.dest, sources])
    elif func.name in COMPARISONS and func.of_val:
        part.dest = by_value(part, sources)
    elif func.name in COMPARISONS and func.of_len:
        part.dest = by_length(part, sources)
    else:
        part.dest = selected(view, schema, part, sources)
        if func.name == "match":
            # Dgraph's match() takes what does not match out of the very list that it was given.
            part.sources = list(part.dest)


def by_value(part: Part, sources: list[int] | None) -> list[int]:
    """Return the nodes whose value of the variable compares; of all that have one at the root."""
    values, func = part.by_uid, part.func
    if not values or func is None:
        return list(part.dest)
    if func.name == "between":
        raise unsupported("between with a value variable")
    kind = next(iter(values.values())).kind
    said = part.args[0].value
    try:
        wanted = converted(Value("string", said), kind)
    except Failed as failure:
        if failure.text.startswith("sandbox:"):
            raise
        if sources is None:
            # At the root Dgraph overlooks this failure, and finds nothing.
            part.by_uid = {}
            return []
        raise Failed(f"Invalid argment {said}. Comparing with different type") from None
    asked = sorted(values) if sources is None else sources
    return part.dest + [uid for uid in asked if uid in values and holds(func.name, values[uid], wanted)]


def by_length(part: Part, sources: list[int] | None) -> list[int]:
    """Return all nodes if the number of nodes in the variable compares, else none."""
    func = part.func
    if func is None or func.name == "between":
        raise unsupported("between with the length of a variable")
    try:
        wanted = converted(Value("string", part.args[0].value), "int")
    except Failed as failure:
        said = part.args[0].value
        raise Failed(f"invalid argument {said}. Comparing with different type: {failure.text}") from None
    return list(sources or []) if holds(func.name, Value("int", len(part.dest)), wanted) else []
