"""Makes the map out of what an alpha's `/state` tells.

Numbers of 64 bits come as text or as numbers, members and tablets that make no sense are left out, and the
keys of tablets come in every form that alphas have given them: `0-name`, `0x0-name`, eight raw bytes and the
name, or the name alone where a guardian sees only the tablets of one namespace.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from otterd.core.cluster import Group, Map, Member
from otterd.core.namespace import tablet

_plain = re.compile(r"(?:0|[1-9a-f][0-9a-f]{0,15})-.", re.ASCII | re.DOTALL).match
_prefixed = re.compile(r"(?:0x)?([0-9a-f]{1,16})-(.+)", re.ASCII | re.DOTALL).fullmatch
_RAW = 8
_LOST = "\N{REPLACEMENT CHARACTER}"


def chart(
    state: Mapping[str, Any], internal: Mapping[str, str], now: float, source: str, *, namespace: int = 0
) -> Map:
    """Return the map that the decoded page `state` of the alpha `source` shows at `now` (seconds).

    `internal` gives our gRPC address of the alpha that the cluster knows by another. With a `namespace`
    other than 0 the page tells only of its tablets, by their bare names. Raises ValueError.
    """
    told = state.get("groups") if isinstance(state, Mapping) else None
    if not isinstance(told, Mapping):
        raise ValueError("this is not the state of a cluster: it has no groups")
    tablets = _Tablets(namespace)
    groups = {
        id: _group(id, page, tablets)
        for name, page in told.items()
        if (id := _number(name)) and isinstance(page, Mapping)
    }
    if not groups:
        raise ValueError("this is not the state of a cluster: none of its groups can be read")
    found = Map(
        MappingProxyType(dict(sorted(groups.items()))),
        MappingProxyType(tablets.owners),
        frozenset(tablets.moving),
        MappingProxyType(tablets.moved),
        counter=_number(state.get("counter")),
        made=now,
        source=source,
        sizes=MappingProxyType(tablets.sizes),
        cid=str(state.get("cid") or ""),
    )
    return found.joined(internal)


@dataclass(slots=True)
class _Tablets:
    """What the groups told of their tablets so far."""

    namespace: int
    owners: dict[str, int] = field(default_factory=dict)
    moving: list[str] = field(default_factory=list)
    moved: dict[str, int] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    def add(self, group: int, page: object) -> tuple[int, int]:
        """Add the tablets of `group`; return how many there are and their bytes on disk."""
        count = size = 0
        for name, told in _objects(page):
            key = tablet(self.namespace, name) if self.namespace else key_of(name)
            if not key or told.get("remove"):
                continue
            self.owners[key] = group
            count += 1
            own = _number(told.get("onDiskBytes"))
            if own:
                self.sizes[key] = own
            size += own
            if told.get("readOnly"):
                self.moving.append(key)
            moved = _number(told.get("moveTs"))
            if moved:
                self.moved[key] = moved
        return count, size


def key_of(name: str) -> str:
    """Return the key of the tablet that an alpha names so, "" when its namespace cannot be read."""
    if _plain(name):
        return name
    if name.startswith("\0"):
        return _key_of_raw(name)
    parts = _prefixed(name)
    return tablet(int(parts[1], 16), parts[2]) if parts else ""


def _key_of_raw(name: str) -> str:
    """Read eight bytes in the place of a namespace; those that are no UTF-8 were lost on their way."""
    data = name.encode("utf-8", "surrogatepass")
    try:
        predicate = data[_RAW:].decode()
    except UnicodeDecodeError:
        return ""
    return "" if _LOST in name or not predicate else tablet(int.from_bytes(data[:_RAW], "big"), predicate)


def _group(id: int, page: Mapping[str, Any], tablets: _Tablets) -> Group:
    told = [
        (_number(each.get("lastUpdate")), member)
        for name, each in _objects(page.get("members"))
        if (member := _member(id, name, each))
    ]
    leading = [(since, member.raft_id) for since, member in told if member.leader]
    # While one takes over from another both may be said to lead.
    leader = max(leading)[1] if leading else None
    members = tuple(replace(member, leader=member.raft_id == leader) for _, member in told)
    count, size = tablets.add(id, page.get("tablets"))
    return Group(id, members, tablets=count, size=size)


def _member(group: int, name: str, told: Mapping[str, Any]) -> Member | None:
    """Return the member that `told` describes, None for one that was removed or has no address."""
    address = told.get("addr")
    if not isinstance(address, str) or not address or told.get("amDead"):
        return None
    return Member(
        address,
        group,
        raft_id=_number(told.get("id")) or _number(name),
        leader=bool(told.get("leader")),
        learner=bool(told.get("learner")),
    )


def _objects(page: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(page, Mapping):
        yield from ((name, told) for name, told in page.items() if isinstance(told, Mapping))


def _number(told: object) -> int:
    """Return a number that is not negative, written as one or as text; 0 for all else."""
    if told == "0" or told is None:
        return 0
    if isinstance(told, str) and told.isascii() and told.isdecimal() and len(told) <= 20:
        return int(told)
    return told if isinstance(told, int) and told > 0 else 0
