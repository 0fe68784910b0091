"""@normalize: a nested answer made flat."""

from __future__ import annotations

from otterd.sandbox.engine.encode import Member
from otterd.sandbox.failures import Failed

_MOST = 10_000
"""Members that Dgraph makes at most."""


def flat(member: Member) -> list[list[Member]]:
    """Return the members of all flat objects that `member` makes: every path through it is one."""
    nested = [child for child in member.members if _is_nested(child)]
    if not nested:
        return [member.members]
    scalars = [child for child in member.members if not _is_nested(child)]
    result: list[list[Member]] = [scalars]
    index = 0
    children = member.members
    while index < len(children):
        child = children[index]
        if not _is_nested(child):
            index += 1
            continue
        below: list[list[Member]] = []
        while index < len(children) and children[index].name == child.name:
            below.append(children[index].members)
            index += 1
        result = _crossed(result, below)
    return [_tidied(each) for each in result]


def _is_nested(member: Member) -> bool:
    return bool(member.members) and not member.facets


def _crossed(left: list[list[Member]], right: list[list[Member]]) -> list[list[Member]]:
    made = sum(len(a) + len(b) for a in left for b in right)
    if made > _MOST:
        raise Failed("Couldn't evaluate @normalize directive - too many results")
    return [[*a, *b] for a in left for b in right]


def _tidied(members: list[Member]) -> list[Member]:
    """Sort by name, and drop the ids: those behind the member that was the first, as Dgraph does."""
    if not members:
        return members
    head = members[0]
    ordered = sorted(members, key=lambda member: member.name.encode())
    start = next(index for index, member in enumerate(ordered) if member is head)
    return ordered[:start] + _without_ids(ordered[start:])


def _without_ids(members: list[Member]) -> list[Member]:
    """Unlink the ids as Dgraph does: not those in front, and of neighbours only every other one."""
    after = list(range(1, len(members) + 1))
    before: int | None = None
    for index, member in enumerate(members):
        if member.name == "uid":
            if before is None:
                continue
            after[before] = after[index]
        before = index
    kept: list[Member] = []
    index = 0
    while index < len(members):
        kept.append(members[index])
        index = after[index]
    return kept
