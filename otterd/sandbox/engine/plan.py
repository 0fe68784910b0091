"""From the syntax tree to parts that can be executed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from otterd.dql.tree import (
    Arg,
    Block,
    Document,
    Filter,
    Func,
    Junction,
    Kind,
    Math,
    MathOp,
    MathVar,
    Need,
    Selection,
)
from otterd.sandbox.engine.part import Part
from otterd.sandbox.failures import Failed, unsupported

AGGREGATES = frozenset(("min", "max", "sum", "avg"))
COMPARISONS = frozenset(("eq", "le", "ge", "gt", "lt", "between"))
_INTERNAL = frozenset((Kind.COUNT_UID, Kind.VALUE, Kind.MATH, Kind.EXPAND))
_PAGES = 1 << 31


def block_part(document: Document, block: Block, *, debug: bool) -> Part:
    """Return the plan of `block`; raise Failed as Dgraph does where it makes no sense."""
    asked = block.directives
    part = Part(
        alias=block.alias, var=block.var, order=block.order, func=block.func, empty=block.empty,
        needs=_needs(block.needs, block.func, block), normalize=asked.normalize,
        ignore_reflex=asked.ignore_reflex, cascade=asked.cascade, group_by=asked.group_by,
        recurse=asked.recurse, debug=debug,
    )  # fmt: skip
    _pages(part, block.arguments)
    func = block.func
    if func is not None:
        _take_function(part, func)
        if func.name == "uid" and not func.needs:
            part.sources = sorted(func.uids)
            part.matrix = [list(part.sources)]
    if asked.filter is not None:
        part.filters.append(_filter_part(asked.filter))
    _check_twice(part)
    _add_children(document, block, part)
    return part


def _check_twice(part: Part) -> None:
    """Refuse to sort or to sift nodes that were named twice: an alpha answers that by chance."""
    named = part.sources or []
    if len(set(named)) < len(named) and (part.filters or part.order or part.first or part.offset or part.var):
        raise unsupported("the same node twice in uid()")


def uses(block: Part) -> tuple[set[str], set[str]]:
    """Return the variables that `block` needs and those that it defines, at any depth."""
    needed: set[str] = set()
    defined: set[str] = set()
    for part in _walk(block):
        needed.update(need.name for need in part.needs)
        needed.update(order.attr for order in part.order if order.by_var)
        needed.update(math_vars(part.math))
        defined.update(filter(None, (part.var, *part.facet_vars.values())))
    return needed, defined


def math_vars(node: Math | None) -> Iterator[str]:
    """Yield the variables of an expression."""
    if isinstance(node, MathVar):
        yield node.name
    elif isinstance(node, MathOp):
        for each in node.parts:
            yield from math_vars(each)


def _walk(part: Part) -> Iterator[Part]:
    yield part
    for below in (*part.filters, *part.children):
        yield from _walk(below)


def _needs(own: tuple[Need, ...], func: Func | None, block: Block | None = None) -> tuple[Need, ...]:
    return tuple(dict.fromkeys((*own, *(func.needs if func is not None else ()))))


def _take_function(part: Part, func: Func) -> None:
    """Make `func` the source of `part`; `type(T)` is a comparison with `dgraph.type`."""
    part.func = func
    part.args = list(func.args)
    part.attr = "" if func.name == "uid" else func.attr
    if func.name == "type":
        part.attr = "dgraph.type"
        if not part.args:
            part.args = [Arg(func.attr, func.position)]
        part.func = Func("eq", func.position, "dgraph.type", args=tuple(part.args))
    elif func.language:
        part.langs = (func.language,)


def _filter_part(tree: Filter) -> Part:
    if isinstance(tree, Junction):
        return Part(op=tree.op.lower(), filters=[_filter_part(each) for each in tree.parts])
    part = Part(needs=tree.needs)
    _take_function(part, tree)
    if tree.name == "uid" and not tree.needs:
        part.sources = sorted(tree.uids)
        part.matrix = [list(part.sources)]
    return part


def _pages(part: Part, arguments: Mapping[str, Arg]) -> None:
    """Read first, offset and after; under @cascade the pages are cut when all else is done."""
    part.offset = _number(arguments.get("offset"), _PAGES)
    part.first = _number(arguments.get("first"), _PAGES)
    part.after = _number(arguments.get("after"), 1 << 64)
    if part.cascade:
        part.cascade_first, part.cascade_offset = part.first, part.offset
        part.first = part.offset = 0


def _number(arg: Arg | None, end: int) -> int:
    if arg is None or not arg.value:
        return 0
    try:
        number = int(arg.value, 0)
    except ValueError:
        raise Failed(_unread(arg.value, end, "invalid syntax")) from None
    if not -end <= number < end:
        raise Failed(_unread(arg.value, end, "value out of range"))
    return number


def _unread(text: str, end: int, why: str) -> str:
    function = "ParseInt" if end == _PAGES else "ParseUint"
    return f'while converting to subgraph: while filling args: strconv.{function}: parsing "{text}": {why}'


def _add_children(document: Document, node: Block | Selection, part: Part) -> None:
    seen: set[str] = set()
    for selection in document.children(node):
        key = selection.alias or _unique_key(selection)
        if key in seen:
            raise Failed(f"while converting to subgraph: {key} not allowed multiple times in same sub-query.")
        seen.add(key)
        child = _child_part(selection, part)
        part.children.append(child)
        _add_children(document, selection, child)


def _child_part(selection: Selection, parent: Part) -> Part:
    asked = selection.directives
    func = selection.func
    aggregate = selection.kind is Kind.AGGREGATE
    needs = tuple(dict.fromkeys((*selection.needs, *(func.needs if func is not None else ()))))
    child = Part(
        attr=selection.attr, alias=selection.alias, kind=selection.kind, var=selection.var,
        langs=selection.languages, order=selection.order, needs=needs, facets=asked.facets,
        facet_filter=asked.facet_filter, normalize=asked.normalize or parent.normalize,
        ignore_reflex=parent.ignore_reflex, cascade=asked.cascade or parent.cascade,
        group_by=asked.group_by, expand=selection.expand, math=selection.math,
        counted=selection.kind in (Kind.COUNT, Kind.COUNT_UID),
        internal=selection.kind in _INTERNAL or (aggregate and bool(needs)),
        func=func if aggregate or selection.kind is Kind.CHECKPWD else None, debug=parent.debug,
    )  # fmt: skip
    if selection.kind is Kind.COUNT_UID:
        child.attr = "uid"
    elif aggregate and not child.internal and func is not None:
        child.attr = func.attr or selection.attr
    _pages(child, selection.arguments)
    if child.order and child.facets is not None and child.facets.order:
        raise Failed("while converting to subgraph: Cannot specify order at both args and facets")
    if asked.filter is not None:
        child.filters.append(_filter_part(asked.filter))
    return child


def _unique_key(selection: Selection) -> str:
    """Return what two selections without an alias must not share."""
    key = selection.attr
    if selection.kind is Kind.EXPAND:
        return f"expand({selection.expand})"
    if selection.kind is Kind.MATH:
        return f"val({selection.var})"
    if selection.kind in (Kind.VALUE, Kind.AGGREGATE) and selection.needs:
        key = f"val({selection.needs[0].name})"
    if selection.func is not None:
        key += selection.func.name
    if selection.kind in (Kind.COUNT, Kind.COUNT_UID):
        key = f"{key or 'uid'}count"
    if selection.languages:
        key += f"[{' '.join(selection.languages)}]"
    if selection.directives.group_by is not None:
        key += "groupby"
    return key
