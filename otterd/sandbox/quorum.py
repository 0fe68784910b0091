"""Who leads each group, and whether anybody does."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from otterd.sandbox.replica import Replica
from otterd.sandbox.zero import Zero


class Quorum:
    """Keeps the leaders of all groups; `now` is seconds since 1970.

    A group is led by a member that runs while most of its members do, and while no election holds it.
    Zero, and with it `/state`, keeps the last leader until there is another.
    """

    def __init__(self, zero: Zero, replicas: Sequence[Replica], now: Callable[[], float]) -> None:
        self._zero = zero
        self._replicas = replicas
        self._now = now
        self._electing: set[int] = set()

    def members(self, group: int) -> list[Replica]:
        """Return the alphas of `group`."""
        return [replica for replica in self._replicas if replica.group == group]

    def leader(self, group: int) -> Replica:
        """Return who leads `group`, or did last."""
        return next(replica for replica in self.members(group) if replica.member.leader)

    def led(self, group: int) -> bool:
        """Tell whether `group` has a leader that can do its work."""
        return group not in self._electing and self._most(group) and self.leader(group).runs

    def begin(self, group: int) -> None:
        """Hold an election in `group`: it has no leader until the end."""
        self._electing.add(group)

    def end(self, group: int) -> None:
        """Make another member of `group` its leader, where there is another that runs."""
        self._electing.discard(group)
        if self._most(group):
            self._crown(group)

    def settle(self) -> None:
        """Give each group a leader that lacks one, and could have it."""
        for group in {replica.group for replica in self._replicas} - self._electing:
            if self._most(group) and not self.leader(group).runs:
                self._crown(group)

    def _most(self, group: int) -> bool:
        members = self.members(group)
        return 2 * sum(replica.runs for replica in members) > len(members)

    def _crown(self, group: int) -> None:
        members = self.members(group)
        old = members.index(self.leader(group))
        following = [*members[old + 1 :], *members[: old + 1]]
        new = next(replica for replica in following if replica.runs)
        self._zero.elect(group, new.member.id, int(self._now()))
