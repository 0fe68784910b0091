"""A policy's alphas as they stand on one map with one set of usable ones: worked out once for each pair."""

from collections.abc import Hashable, Sequence
from typing import Final

from otterd.core.balance.choice import Tiers
from otterd.core.cluster import UNCHARTED, Map

Groups = tuple[int, ...]

MOST: Final = 1_000
"""Requests of a kind that a ground remembers; so many are seldom seen between two maps."""

MOST_NAMED: Final = 100
"""Tablets of a request that is remembered; one may name thousands."""


class Ground:
    """Sorts the members by how fit they are for what touches certain groups.

    `standing` are the usable ones, or all when none of them is usable.
    """

    def __init__(self, members: Sequence[str], charted: Map, usable: frozenset[str]) -> None:
        self.map = charted
        self.usable = usable
        standing = tuple(member for member in members if member in usable) or tuple(members)
        learners = {
            member.address for group in charted.groups.values() for member in group.members if member.learner
        }
        self.standing = standing
        self.known: dict[Hashable, Tiers] = {}
        """What was found for requests, by what they touch."""
        self._learners = tuple(address for address in standing if address in learners)
        self._voters = tuple(address for address in standing if address not in learners)
        self._leaders = frozenset(group.leader for group in charted.groups.values())
        self._reading: dict[Groups, Tiers] = {}
        self._writing: dict[Groups, Tiers] = {}

    def reading(self, groups: Groups) -> Tiers:
        """Return the alphas for a read of `groups`: their members, then the others; () means any group."""
        found = self._reading.get(groups)
        if found is None:
            inside, outside = self._divided(self.standing, groups)
            found = self._reading[groups] = _tiers(inside, outside)
        return found

    def writing(self, groups: Groups) -> Tiers:
        """Return the alphas for a write to `groups`: their leaders, members, the others, learners last."""
        found = self._writing.get(groups)
        if found is None:
            inside, outside = self._divided(self._voters, groups)
            leaders = tuple(address for address in inside if address in self._leaders)
            followers = tuple(address for address in inside if address not in self._leaders)
            found = self._writing[groups] = _tiers(leaders, followers, outside, self._learners)
        return found

    def remember(self, key: Hashable, tiers: Tiers, *touched: frozenset[str] | None) -> None:
        """Note that requests of `key`, which touch the tablets `touched`, are for `tiers`."""
        if sum(map(len, filter(None, touched))) > MOST_NAMED:
            return
        if len(self.known) >= MOST:
            self.known.clear()
        self.known[key] = tiers

    def writable(self) -> Groups:
        """Return the groups of which a member that votes stands here."""
        group_of = self.map.group_of
        return tuple(sorted({group_of[address] for address in self._voters if address in group_of}))

    def _divided(self, pool: tuple[str, ...], groups: Groups) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return who of `pool` is in `groups`, and who is not."""
        if not groups:
            return pool, ()
        group_of = self.map.group_of
        inside = tuple(address for address in pool if group_of.get(address) in groups)
        return inside, tuple(address for address in pool if address not in inside)


def _tiers(*tiers: tuple[str, ...]) -> Tiers:
    """Return `tiers` without the empty ones."""
    head, *others = filter(None, tiers)
    return Tiers(head, tuple(others))


NOWHERE: Final = Ground((), UNCHARTED, frozenset())
"""Where a policy stands before it is asked."""
