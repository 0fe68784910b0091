"""The map: which group owns which predicate, who its members are and who leads it.

Immutable, replaced whole. A tablet's key is `<namespace in hex>-<predicate>`, as in `/state`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Member:
    """One alpha of a group, as `/state` lists it.

    `address` is the gRPC address by which Otter calls it, "" while none is known; `internal` the
    address by which the cluster itself knows it. `leader` is what was last reported, of one member of
    a group at most: a dead leader stays one until another member has won.
    """

    internal: str
    group: int
    address: str = ""
    raft_id: int = 0
    leader: bool = False
    learner: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """One group: `leader` is a gRPC address of ours, "" when none is known; `size` in bytes on disk."""

    id: int
    members: tuple[Member, ...] = ()
    addresses: tuple[str, ...] = ()
    """The gRPC addresses of its members that Otter can call, learners last."""
    leader: str = ""
    tablets: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class Map:
    """The cluster at one moment. `counter` grows with zero's log; `made` is in seconds, steady clock."""

    groups: Mapping[int, Group] = field(default_factory=lambda: MappingProxyType({}))
    owners: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """The group of each tablet."""
    moving: frozenset[str] = frozenset()
    """Tablets marked as being moved: commits that touch one are aborted. Zeros of v25 mark none."""
    moved: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """The timestamp of the last move of each tablet that was ever moved: what began before it is aborted."""
    group_of: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """The group of each gRPC address of ours."""
    counter: int = 0
    made: float = 0.0
    source: str = ""
    """The gRPC address of the alpha that told, "" while nothing is known."""
    sizes: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}), compare=False)
    """The bytes on disk of each tablet that has a size; another size alone is no other picture."""
    cid: str = ""
    """The cluster's own name for itself; another one means a cluster made anew."""

    @property
    def known(self) -> bool:
        """Whether any alpha has told of the cluster."""
        return bool(self.groups)

    def leader_of(self, group: int) -> str:
        """Return the gRPC address of the group's leader, "" when there is none that Otter can call."""
        found = self.groups.get(group)
        return found.leader if found is not None else ""

    def joined(self, internal: Mapping[str, str]) -> "Map":
        """Return this map with the gRPC addresses of ours that `internal` gives by the internal ones."""
        groups = {id: _joined(group, internal) for id, group in self.groups.items()}
        every = [member for group in groups.values() for member in group.members]
        group_of = {member.address: member.group for member in every if member.address}
        return replace(self, groups=MappingProxyType(groups), group_of=MappingProxyType(group_of))

    def leaderless(self) -> tuple[int, ...]:
        """Return the groups of which no member is reported to lead."""
        return tuple(group.id for group in self.groups.values() if not any(m.leader for m in group.members))

    def weigh(self, tablets: Iterable[str]) -> dict[int, int]:
        """Return how many of `tablets` each group owns, groups that own none left out."""
        owners, weights = self.owners, dict[int, int]()
        for tablet in tablets:
            group = owners.get(tablet)
            if group is not None:
                weights[group] = weights.get(group, 0) + 1
        return weights


def _joined(group: Group, internal: Mapping[str, str]) -> Group:
    members = tuple(replace(each, address=internal.get(each.internal, "")) for each in group.members)
    ready = sorted((each for each in members if each.address), key=lambda each: each.learner)
    leader = next((each.address for each in members if each.leader), "")
    return replace(group, members=members, addresses=tuple(each.address for each in ready), leader=leader)


UNCHARTED = Map()
"""What is known before any alpha has told."""
