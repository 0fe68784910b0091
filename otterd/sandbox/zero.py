"""Zero: who hands out timestamps and uids, decides commits, and knows which group serves what."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from otterd.sandbox.failures import NO_CONNECTION, Failed
from otterd.sandbox.fingerprint import fingerprint

LEASE = 10_000
"""How many uids or timestamps are leased at once, which `/state` shows."""


@dataclass(slots=True)
class Member:
    """An alpha as zero knows it; `updated` is when it last became leader, in seconds since 1970."""

    id: int
    group: int
    address: str
    leader: bool = False
    updated: int = 0


@dataclass(slots=True)
class Tablet:
    """A predicate's place; while it is `moving` commits that touch it are aborted."""

    group: int
    move_ts: int = 0
    moving: bool = False


@dataclass(slots=True)
class Leases:
    """The last numbers given out, and the last timestamp given to read-only requests."""

    ts: int = 0
    uid: int = 0
    read_only: int = 0


@dataclass(slots=True)
class Membership:
    """Who is in the cluster and serves what; tablets are by namespace and name."""

    members: dict[int, Member] = field(default_factory=dict)
    tablets: dict[tuple[int, str], Tablet] = field(default_factory=dict)
    counter: int = 1

    def leader(self, group: int) -> Member | None:
        """Return the leader of `group`."""
        return next((m for m in self.members.values() if m.group == group and m.leader), None)


class Zero:
    """The one zero of a sandbox; `on_decision` hears each first decision: start_ts and commit_ts or 0.

    While it is `gone` nobody reaches it: who wants a timestamp waits (which is the alphas' part), and who
    wants uids or a decision is told so.
    """

    def __init__(self, address: str, on_decision: Callable[[int, int], None]) -> None:
        self.address = address
        self.gone = False
        self.membership = Membership()
        self._leases = Leases()
        self.namespaces = 0
        """The last namespace that was made."""
        self._written: dict[str, int] = {}
        self._decided: dict[int, int] = {}
        self._on_decision = on_decision

    @property
    def max_assigned(self) -> int:
        """The greatest timestamp given out."""
        return self._leases.ts

    @property
    def max_uid(self) -> int:
        """The greatest uid that has been leased, in blocks."""
        return self._block(self._leases.uid)

    def timestamp(self) -> int:
        """Give out a timestamp."""
        self._leases.ts += 1
        return self._leases.ts

    def read_only_timestamp(self) -> int:
        """Give out a timestamp for a read; the same one again while nothing else was given out."""
        if not self._leases.ts or self._leases.read_only != self._leases.ts:
            self._leases.read_only = self.timestamp()
        return self._leases.read_only

    def uids(self, count: int) -> int:
        """Lease `count` uids and return the first; raise Failed while zero is gone."""
        self._reached()
        first = self._leases.uid + 1
        self._leases.uid += count
        return first

    def abort(self, start_ts: int) -> None:
        """Abort `start_ts`, unless it is decided already."""
        self._decide(start_ts, 0)

    def commit(self, start_ts: int, keys: Iterable[str], preds: Iterable[str]) -> int:
        """Decide on `start_ts`; return its commit_ts, or 0 when it is aborted.

        The first decision stands. Yet a repeated commit is answered by 0, because its own keys are in
        the way: so does Dgraph. Raises Failed while zero is gone.
        """
        self._reached()
        keys = tuple(keys)
        conflict = any(self._written.get(key, 0) > start_ts for key in keys)
        if conflict or not all(self._servable(pred) for pred in preds):
            self.abort(start_ts)
            return 0
        if start_ts not in self._decided:
            commit_ts = self.timestamp()
            self._written.update(dict.fromkeys(keys, commit_ts))
            self._decide(start_ts, commit_ts)
        return self._decided[start_ts]

    def decision(self, start_ts: int) -> int | None:
        """Return the commit_ts of `start_ts`, 0 when it was aborted, None while it is open."""
        return self._decided.get(start_ts)

    def place(self, namespace: int, pred: str, group: int) -> int:
        """Return the group that serves `pred`: from now on `group`, if none did."""
        tablets = self.membership.tablets
        if (namespace, pred) not in tablets:
            tablets[namespace, pred] = Tablet(1 if pred.startswith("dgraph.") else group)
            self.membership.counter += 1
        return tablets[namespace, pred].group

    def forget(self, namespace: int, pred: str) -> None:
        """Let nobody serve `pred` any more."""
        self.membership.tablets.pop((namespace, pred), None)
        self.membership.counter += 1

    def begin_move(self, namespace: int, pred: str) -> None:
        """Abort from now on what commits to `pred`."""
        self.membership.tablets[namespace, pred].moving = True

    def end_move(self, namespace: int, pred: str, group: int) -> None:
        """Let `group` serve `pred`."""
        self.membership.tablets[namespace, pred] = Tablet(group, move_ts=self.timestamp())
        self.membership.counter += 1

    def elect(self, group: int, member: int, now: int) -> None:
        """Make `member` the leader of `group`."""
        for other in self.membership.members.values():
            if other.group == group and other.leader != (other.id == member):
                other.leader = other.id == member
                other.updated = now
        self.membership.counter += 1

    def _reached(self) -> None:
        if self.gone:
            raise Failed(NO_CONNECTION)

    def _decide(self, start_ts: int, commit_ts: int) -> None:
        if start_ts not in self._decided:
            self._decided[start_ts] = commit_ts
            self._on_decision(start_ts, commit_ts)

    def _servable(self, pred: str) -> bool:
        group, _, rest = pred.partition("-")
        namespace, _, name = rest.partition("-")
        try:
            tablet = self.membership.tablets.get((int(namespace, 16), name))
        except ValueError:
            return False
        return tablet is not None and str(tablet.group) == group and not tablet.moving

    def state(self) -> dict[str, object]:
        """Return what `/state` tells."""
        groups = sorted({member.group for member in self.membership.members.values()})
        return {
            "counter": str(self.membership.counter),
            "groups": {str(group): self._group(group) for group in groups},
            "zeros": {"1": _member(Member(1, 0, self.address, leader=True))},
            "maxUID": str(self.max_uid),
            "maxTxnTs": str(self._block(self._leases.ts)),
            "maxNsID": str(self._block(self.namespaces)),
            "maxRaftId": str(len(self.membership.members)),
            "removed": [],
            "cid": "5a9db0c5-0000-4000-8000-07743a1b0c5e",
        }

    def _group(self, group: int) -> dict[str, object]:
        tablets = sorted(
            (f"{namespace:x}-{pred}", tablet)
            for (namespace, pred), tablet in self.membership.tablets.items()
            if tablet.group == group
        )
        members = sorted(self.membership.members.items())
        return {
            "members": {str(id): _member(member) for id, member in members if member.group == group},
            "tablets": {name: _tablet(name, tablet) for name, tablet in tablets},
            "snapshotTs": "0",
            "checksum": str(fingerprint("".join(name for name, _ in tablets).encode())),
            "checkpointTs": "0",
        }

    @staticmethod
    def _block(number: int) -> int:
        return -(-number // LEASE) * LEASE


def _member(member: Member) -> dict[str, object]:
    return {
        "id": str(member.id),
        "groupId": member.group,
        "addr": member.address,
        "leader": member.leader,
        "amDead": False,
        "lastUpdate": str(member.updated),
        "learner": False,
        "clusterInfoOnly": False,
        "forceGroupId": False,
    }


def _tablet(name: str, tablet: Tablet) -> dict[str, object]:
    return {
        "groupId": tablet.group,
        "predicate": name,
        "force": False,
        "onDiskBytes": "0",
        "remove": False,
        "readOnly": False,
        "moveTs": str(tablet.move_ts),
        "uncompressedBytes": "0",
    }
