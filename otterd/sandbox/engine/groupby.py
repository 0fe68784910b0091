"""@groupby: nodes that agree in some predicates, and what is counted and aggregated of each group."""

from __future__ import annotations

from functools import cmp_to_key

from otterd.sandbox.engine.aggregate import aggregated
from otterd.sandbox.engine.compare import less
from otterd.sandbox.engine.part import Found, Group, Part, index_of
from otterd.sandbox.engine.plan import AGGREGATES
from otterd.sandbox.engine.variables import Known
from otterd.sandbox.failures import Failed, unsupported
from otterd.sandbox.values import Value, printed

_Members = dict[str, tuple[Value, list[int]]]


def grouped(part: Part, known: Known, path: list[Part]) -> None:
    """Form the groups of `part` for each of its sources, and note the variables set in them."""
    for uids in part.matrix or []:
        if uids != sorted(uids):
            # An alpha looks for members by bisection here, and loses some of them or all.
            raise unsupported("@groupby of nodes in another order than that of their uids")
        part.groups.append(_groups(part, set(uids)))
    if any(child.var for child in part.children):
        _define(part, known, path)
    part.children = []


def _groups(part: Part, among: set[int] | None) -> list[Group]:
    by_key: dict[str, _Members] = {}
    for child in part.children:
        if child.hidden:
            _add_members(child, by_key.setdefault(child.name, {}), among)
    by_key = {name: members for name, members in by_key.items() if members}
    groups = _crossed(list(by_key.items()))
    for child in part.children:
        if not child.hidden:
            for group in groups:
                _make(group, child)
    return sorted(groups, key=cmp_to_key(_compare))


def _add_members(child: Part, members: _Members, among: set[int] | None) -> None:
    """Sort the sources of `child` by the edges or the value that they have."""
    for index, source in enumerate(child.sources or []):
        if among is not None and source not in among:
            continue
        if child.dest:
            keys = [Value("uid", uid) for uid in (child.matrix or [])[index]]
        else:
            values = child.values[index] if index < len(child.values) else []
            keys = values[:1]
        for key in keys:
            members.setdefault(printed(key.data), (key, []))[1].append(source)


def _crossed(by_key: list[tuple[str, _Members]]) -> list[Group]:
    if not by_key:
        return []
    name, members = by_key[0]
    groups = [Group(list(uids), [(name, value)]) for value, uids in members.values()]
    for name, members in by_key[1:]:
        groups = [
            Group(both, [*group.keys, (name, value)])
            for group in groups
            for value, uids in members.values()
            if (both := [uid for uid in group.uids if uid in set(uids)])
        ]
    return groups


def _make(group: Group, child: Part) -> None:
    if child.counted:
        if child.attr != "uid":
            raise Failed("Only uid predicate is allowed in count within groupby")
        group.made.append((child.alias or "count", Value("int", len(group.uids))))
    elif child.func is not None and child.func.name in AGGREGATES:
        name = child.alias or f"{child.func.name}({child.attr})"
        places = [index_of(child.sources or [], uid) for uid in group.uids]
        values = [child.values[at][0] for at in places if 0 <= at < len(child.values) and child.values[at]]
        value = aggregated(child.func.name, values)
        if value is not None:
            group.made.append((name, value))


def _compare(a: Group, b: Group) -> int:
    sizes = [(len(group.uids), len(group.keys), len(group.made)) for group in (a, b)]
    if sizes[0] != sizes[1]:
        return -1 if sizes[0] < sizes[1] else 1
    pairs = [*zip(a.keys, b.keys, strict=True), *zip(a.made, b.made, strict=True)]
    for (_, first), (_, second) in pairs:
        if less(first, second):
            return -1
        if less(second, first):
            return 1
    return 0


def _define(part: Part, known: Known, path: list[Part]) -> None:
    """Note the variables set inside the groups; they are by the node that the group is of."""
    key = next((child for child in reversed(part.children) if child.hidden and child.dest), None)
    for child in part.children:
        if child.hidden or not child.var:
            continue
        values: dict[int, Value] = {}
        for group in _groups(part, None):
            if len(group.keys) > 1:
                raise Failed(f"Expected one UID for var in groupby but got: {len(group.keys)}")
            uid = group.keys[0][1]
            if uid.kind != "uid" or not isinstance(uid.data, int):
                raise Failed("Vars can be assigned only when grouped by UID attribute")
            values[uid.data] = _made_for(group, part, child)
        known[child.var] = Found([*path, *([key] if key is not None else [])], values=values)


def _made_for(group: Group, part: Part, child: Part) -> Value:
    """Return what `child` made of `group`."""
    makers = [each for each in part.children if not each.hidden]
    if len(makers) != len(group.made):
        raise unsupported("variables in groups without values")
    return group.made[makers.index(child)][1]
