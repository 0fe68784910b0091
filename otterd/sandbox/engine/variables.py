"""Variables: what parts define, and how it reaches the parts that need it."""

from __future__ import annotations

from dataclasses import replace

from otterd.dql.tree import Arg, Holds, Kind
from otterd.sandbox.engine.part import ALL, Found, Part, keep_dest, merged, page
from otterd.sandbox.failures import Failed
from otterd.sandbox.values import Value, printed

COUNTED = (1 << 64) - 1
"""The node under which `x as count(uid)` keeps its number."""
Known = dict[str, Found]


def fill_all(part: Part, known: Known) -> None:
    """Hand what is `known` to `part` and to all below it."""
    fill(part, known)
    for below in (*part.children, *part.filters):
        fill_all(below, known)


def fill(part: Part, known: Known) -> None:
    """Hand what is `known` to `part`: nodes into `dest`, values into `by_uid`, or arguments."""
    lists: list[list[int]] = []
    for need in part.needs:
        found = known.get(need.name)
        if found is not None:
            _take(part, found, need.holds, need.name, lists)
    _replace_arguments(part)
    if part.dest:
        lists.append(part.dest)
    part.dest = merged(lists)


def _take(part: Part, found: Found, kind: Holds, name: str, lists: list[list[int]]) -> None:
    wants_uids = kind in (Holds.ANY, Holds.UIDS)
    if kind in (Holds.ANY, Holds.LIST) and found.rows is not None:
        part.expand_rows = found.rows
    elif kind is Holds.UIDS and part.func is not None and part.func.name == "uid_in":
        part.args = [Arg(str(uid), part.func.position) for uid in found.uids or []]
    elif wants_uids and found.uids is not None:
        lists.append(found.uids)
    elif kind in (Holds.ANY, Holds.VALUES):
        part.by_uid = found.values
    elif wants_uids and found.values:
        lists.append(sorted(found.values))
    elif found.values or found.uids is not None:
        raise Failed(f"Wrong variable type encountered for var({name}) {int(kind)}.")


def _replace_arguments(part: Part) -> None:
    """Put the values of a variable where an argument is `val(x)`, each once."""
    if part.func is None or not any(arg.of_var for arg in part.args):
        return
    args: list[Arg] = []
    for arg in part.args:
        if not arg.of_var:
            args.append(arg)
        elif not part.by_uid:
            break
        else:
            said = dict.fromkeys(printed(value.data) for value in part.by_uid.values())
            args += [replace(arg, value=text, of_var=False) for text in said]
    part.args = args


def collect(part: Part, known: Known, path: list[Part]) -> None:
    """Apply @cascade below `part` and note the variables that it and its children define."""
    if part.group_by is not None:
        return
    if part.filters:
        keep_dest(part)
    for child in part.children:
        collect(child, known, [*path, part])
        if not child.cascade:
            continue
        keep_dest(child)
        for uids in child.matrix or []:
            uids[:] = uids[page(child.cascade_first, child.cascade_offset, len(uids))]
    if part.cascade:
        part.dest = [uid for index, uid in enumerate(part.dest) if _complete(part, index)]
    define(part, known, path)


def _complete(part: Part, index: int) -> bool:
    """Tell whether the node at `index` has something at every predicate that @cascade names."""
    for child in part.children:
        if child.attr == "uid" or child.internal:
            continue
        if ALL not in part.cascade and child.attr not in part.cascade:
            continue
        matrix = child.matrix or []
        if (
            not (index < len(child.values) and child.values[index])
            and index >= len(child.counts)
            and not (index < len(matrix) and matrix[index])
        ):
            return False
    return True


def define(part: Part, known: Known, path: list[Part]) -> None:
    """Note the variables that `part` defines; `path` leads to it."""
    if part.var:
        _define_own(part, known, path)
    if part.facet_vars:
        _define_facets(part, known, [*path, part])


def _define_own(part: Part, known: Known, path: list[Part]) -> None:
    name, sources = part.var, part.sources
    rows = part.values or None
    if part.counts:
        counted = zip(sources or [], part.counts, strict=True)
        known[name] = Found(path, values={uid: Value("int", count) for uid, count in counted}, rows=rows)
    elif part.kind is Kind.COUNT_UID:
        known[name] = Found(path, values={COUNTED: Value("int", len(sources or []))}, rows=rows)
    elif part.dest or (part.attr == "uid" and sources is not None):
        uids = list((sources or []) if part.attr == "uid" else part.dest)
        if name in known:
            known[name].uids = merged([known[name].uids or [], uids])
        else:
            known[name] = Found(path, uids=uids, rows=rows)
    elif part.values and sources is not None and path:
        found = known.setdefault(name, Found(path, rows=rows))
        for uid, values in zip(sources, part.values, strict=True):
            if len(values) > 1:
                raise Failed("Value variables not supported for predicate with list type.")
            if values:
                found.values[uid] = values[0]
    else:
        known.setdefault(name, Found(path, rows=rows))


def _define_facets(part: Part, known: Known, path: list[Part]) -> None:
    for name in part.facet_vars.values():
        known[name] = Found(path)
    if not part.facet_rows:
        return
    for index, uids in enumerate(part.matrix or []):
        for uid, facets in zip(uids, part.facet_rows[index], strict=False):
            for key, _, value in facets:
                if key in part.facet_vars:
                    _add(known[part.facet_vars[key]].values, uid, value)


def _add(values: dict[int, Value], uid: int, value: Value) -> None:
    """Set the value of a node, or add to it if more than one edge leads there."""
    if uid not in values:
        values[uid] = value
        return
    if value.kind not in ("int", "float"):
        raise Failed("Repeated id with non int/float value for facet var encountered.")
    old = values[uid]
    # Values of unlike kinds are not added: the first one stays.
    if old.kind == value.kind and isinstance(old.data, int | float) and isinstance(value.data, int | float):
        values[uid] = Value(old.kind, old.data + value.data)
