"""The answer in JSON, member by member as Dgraph prints it."""

from __future__ import annotations

from otterd.dql.tree import Kind
from otterd.sandbox.engine.encode import Member, printed_json
from otterd.sandbox.engine.normalize import flat
from otterd.sandbox.engine.part import FacetRow, Group, Part, index_of
from otterd.sandbox.failures import Failed
from otterd.sandbox.values import Value

_HIDDEN = frozenset(("var", "shortest"))


def json_of(blocks: list[Part]) -> bytes:
    """Return the answer of `blocks`; the failure of Dgraph's encoder is Failed."""
    root = Member("")
    try:
        for block in blocks:
            if block.alias not in _HIDDEN:
                _add_block(root, block)
    except Failed as failure:
        raise Failed(f"while running ToJson: {failure.text}") from None
    return printed_json(root).encode("utf-8", "replace")


def _add_block(root: Member, part: Part) -> None:
    if part.empty:
        _add_aggregates(root, part)
        return
    if part.matrix is None:
        root.add_node(Member(part.alias))
        return
    found = _add_counts(root, part, len(part.dest))
    if part.group_by is not None:
        _add_groups(root, part.groups[0] if part.groups else [], part.alias)
        return
    for uid in part.matrix[0] if part.matrix else []:
        if index_of(part.dest, uid) < 0:
            continue
        node = Member(part.alias)
        _fill(node, part, uid)
        if not node.members:
            continue
        found = True
        if part.normalize:
            for members in flat(node):
                root.add_node(Member(part.alias, members=members))
        else:
            root.add_node(node)
    if not found:
        root.add_node(Member(part.alias))


def _add_aggregates(root: Member, part: Part) -> None:
    found = False
    for child in part.children:
        values = child.by_uid or {}
        if 0 not in values and not child.needs and child.math is None:
            raise Failed("Only aggregated variables allowed within empty block.")
        if child.normalize and not child.alias:
            continue
        node = Member(part.alias)
        if 0 in values:
            node.add(_value_name(child), values[0])
        else:
            node.members.append(Member(_value_name(child), "null"))
        root.add_node(node)
        found = True
    if not found and not root.members:
        root.add_node(Member(part.alias))


def _add_counts(parent: Member, part: Part, count: int) -> bool:
    """Add what `count(uid)` among the children of `part` is."""
    added = False
    for child in part.children:
        if child.kind is Kind.COUNT_UID and (child.alias or not child.normalize):
            node = Member(part.name)
            node.add(child.alias or "count", Value("int", count))
            parent.add_node(node)
            added = True
    return added


def _add_groups(parent: Member, groups: list[Group], name: str) -> None:
    if not groups:
        return
    all_groups = Member(name)
    for group in groups:
        one = Member("@groupby")
        for key, value in (*group.keys, *group.made):
            one.add(key, value)
        all_groups.add_node(one)
    parent.add_node(all_groups)


def _value_name(part: Part) -> str:
    """Return how a value variable or an aggregate of one is called in the answer."""
    if part.alias:
        return part.alias
    if not part.needs or part.kind is Kind.MATH:
        return f"val({part.needs[0].name if part.needs else part.var})"
    name = f"val({part.needs[0].name})"
    return f"{part.func.name}({name})" if part.func is not None else name


value_name = _value_name


def _fill(node: Member, part: Part, uid: int) -> None:
    """Add to `node` what the children of `part` found for `uid`."""
    if part.ignore_reflex:
        if uid in part.ancestors:
            return
        part.ancestors = [*part.ancestors, uid]
    for child in part.children:
        if child.hidden:
            continue
        if child.internal:
            _add_internal(node, child, uid)
            continue
        index = index_of(child.sources or [], uid)
        if child.matrix and index >= 0:
            _add_child(node, part, child, index)
    if part.ignore_reflex:
        part.ancestors = part.ancestors[:-1]
    if part.debug and node.members:
        node.add_uid("uid", uid)


def _add_internal(node: Member, child: Part, uid: int) -> None:
    if child.expand or (child.normalize and not child.alias):
        return
    value = (child.by_uid or {}).get(uid)
    if value is not None:
        node.add(_value_name(child), value)


def _add_child(node: Member, part: Part, child: Part, index: int) -> None:
    matrix = child.matrix or []
    if child.group_by is not None:
        _add_groups(node, child.groups[index], child.name)
    elif child.counts:
        if child.alias or not child.normalize:
            node.add(child.alias or f"count({child.attr})", Value("int", child.counts[index]))
    elif matrix[index]:
        _add_edges(node, part, child, index)
    elif child.attr == "uid":
        node.add_uid(child.name, (child.sources or [])[index])
    else:
        _add_values(node, child, index)


def _add_edges(node: Member, part: Part, child: Part, index: int) -> None:
    uids = (child.matrix or [])[index]
    rows = child.facet_rows[index] if index < len(child.facet_rows) else []
    if part.ignore_reflex:
        child.ancestors = part.ancestors
    for place, uid in enumerate(uids):
        one = Member(child.name)
        _fill(one, child, uid)
        if not one.members:
            continue
        if part.debug:
            one.add_uid("uid", uid)
        if place < len(rows):
            _add_facets(one, child.name, rows[place], None)
        if child.normalize:
            for members in flat(one):
                node.add_node(Member(child.name, members=members))
        elif child.many:
            node.add_node(one)
        else:
            node.join(one)
    _add_counts(node, child, len(uids))


def _add_values(node: Member, child: Part, index: int) -> None:
    name = child.name
    if not child.alias and child.langs and child.langs[0] != "*":
        name += "@" + ":".join(child.langs)
    if index < len(child.facet_rows):
        for place, row in enumerate(child.facet_rows[index]):
            _add_facets(node, name, row, place if child.many else None)
    if index >= len(child.values):
        return
    tags = child.tags[index] if child.every_language else []
    for place, value in enumerate(child.values[index]):
        if tags:
            lang = tags[place]
            node.add(f"{name}@{lang}" if lang else name, value, listed=child.many and not lang)
        elif child.alias or not child.normalize:
            node.add(name, value, listed=child.many and not child.langs)


def _add_facets(node: Member, name: str, row: FacetRow, place: int | None) -> None:
    """Add the facets of a posting; those of a list's value under its `place`."""
    for key, alias, value in row:
        called = alias or f"{name}|{key}"
        if place is None:
            node.add(called, value)
            continue
        table = Member(called, facets=True)
        table.add(str(place), value)
        node.join(table)
