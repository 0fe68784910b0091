"""What can go wrong with a cluster, to be called from tests and by the command for people."""

from __future__ import annotations

from otterd.sandbox.accounts import Accounts
from otterd.sandbox.clock import pause
from otterd.sandbox.cluster import Cluster


class Trouble:
    """Breaks and mends `cluster`; alphas are numbered from 0, and all times are seconds.

    What is wrong with a single alpha is in its `Faults`: `fault` sets them, and `heal` mends them all.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def fault(self, number: int, **values: object) -> None:
        """Set faults of an alpha; raise ValueError for a name that is none."""
        self._cluster.faults[number].change(**values)

    def heal(self, number: int) -> None:
        """Let an alpha be well again; one that was killed is started."""
        self._cluster.faults[number].heal()

    def kill(self, number: int, election: float = 0.0) -> None:
        """End an alpha as `kill -9` does; if it leads, an election of so many seconds follows."""
        self._stop(number, "dead", election)

    def restart(self, number: int, ready_after: float = 0.0) -> None:
        """Start a killed alpha again; it is ready after so many seconds."""
        faults = self._cluster.faults[number]
        faults.change(dead=False, unready=ready_after > 0)
        if ready_after > 0:
            self._cluster.later(ready_after, lambda: faults.change(unready=False))

    def freeze(self, number: int, election: float = 0.0) -> None:
        """Stop an alpha as SIGSTOP does: it takes connections and answers nothing."""
        self._stop(number, "frozen", election)

    def thaw(self, number: int) -> None:
        """Let an alpha go on, as SIGCONT does; it answers what came meanwhile."""
        self._cluster.faults[number].change(frozen=False)

    def elect(self, group: int, seconds: float) -> None:
        """Leave `group` without a leader for so long; then another member leads."""
        self.begin_election(group)
        self._cluster.later(seconds, lambda: self.end_election(group))

    def begin_election(self, group: int) -> None:
        """Leave `group` without a leader: its reads and writes hang, best-effort reads do not."""
        self._cluster.quorum.begin(group)
        self._cluster.settle()

    def end_election(self, group: int) -> None:
        """Make another member of `group` its leader."""
        self._cluster.quorum.end(group)
        self._cluster.settle()

    def leader(self, group: int) -> int:
        """Return the number of the alpha that leads `group`, or did last."""
        return self._cluster.quorum.leader(group).member.id - 1

    async def move(self, pred: str, group: int, seconds: float = 0.0, namespace: int = 0) -> None:
        """Give a predicate to another group; for so long commits that touch it are aborted."""
        zero = self._cluster.zero
        zero.begin_move(namespace, pred)
        if seconds:
            await pause(self._cluster.clock, seconds)
        zero.end_move(namespace, pred, group)
        self._cluster.moved()

    def lose_zero(self) -> None:
        """Let nobody reach zero: timestamps hang, best-effort reads do not."""
        self._cluster.zero.gone = True
        self._cluster.settle()

    def restore_zero(self) -> None:
        """Let zero be reached again."""
        self._cluster.zero.gone = False
        self._cluster.settle()

    def demand_tokens(self, seconds: float | None) -> None:
        """Turn access control on, with access tokens that live so long; None turns it off."""
        cluster = self._cluster
        cluster.accounts = None if seconds is None else Accounts(cluster.now, ttl=seconds)

    def _stop(self, number: int, how: str, election: float) -> None:
        replica = self._cluster.replicas[number]
        if election and replica.member.leader:
            self.elect(replica.group, election)
        replica.faults.change(**{how: True})
