"""A whole cluster in one process: zero, the graph, the schema, and the alphas that share them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twisted.internet.interfaces import IReactorTime

from otterd.sandbox.accounts import Accounts
from otterd.sandbox.asking import Engine
from otterd.sandbox.faults import Faults
from otterd.sandbox.fingerprint import fingerprint
from otterd.sandbox.quorum import Quorum
from otterd.sandbox.replica import NOTICE, Replica, Schemas, copied
from otterd.sandbox.schema import Schema, first_schema
from otterd.sandbox.store import Store
from otterd.sandbox.watched import Watched
from otterd.sandbox.zero import Member, Zero

VERSION = "v25.4.0"


@dataclass(slots=True, frozen=True)
class Shape:
    """How many alphas are in each group, and the `offset` that is added to Dgraph's ports."""

    groups: tuple[int, ...] = (3,)
    offset: int = 0

    @property
    def alphas(self) -> int:
        """How many alphas there are."""
        return sum(self.groups)

    @property
    def zero_grpc(self) -> int:
        """The port where zero would speak to alphas."""
        return 5080 + self.offset

    @property
    def zero_http(self) -> int:
        """The port of zero's HTTP."""
        return 6080 + self.offset

    def members(self) -> list[Member]:
        """Return the alphas as zero knows them; the first of each group leads it."""
        found: list[Member] = []
        for group, size in enumerate(self.groups, 1):
            for place in range(size):
                address = f"localhost:{7080 + self.offset + len(found)}"
                found.append(Member(len(found) + 1, group, address, leader=not place))
        return found


class Cluster:
    """What all alphas share; `accounts` is None without access control.

    `clock` times what takes time, `now` tells seconds since 1970 for people. `on_change` is told after
    anything went wrong, or well again.
    """

    def __init__(self, shape: Shape, engine: Engine, now: Callable[[], float], clock: IReactorTime) -> None:
        self.shape = shape
        self.engine = engine
        self.now = now
        self.clock = clock
        self.born = now()
        self.on_change: Callable[[], None] = lambda: None
        self.store = Store()
        self.schemas: dict[int, Schema] = {0: first_schema()}
        self.accounts: Accounts | None = None
        self.zero = Zero(f"localhost:{shape.zero_grpc}", self._decided)
        self.replicas = [Replica(member) for member in shape.members()]
        self.quorum = Quorum(self.zero, self.replicas, now)
        self._touched: dict[int, tuple[set[int], set[str]]] = {}
        self._moved = asyncio.Event()
        self._timers: set[Any] = set()
        self.zero.membership.members.update((r.member.id, r.member) for r in self.replicas)
        for pred in self.schemas[0].predicates:
            self.zero.place(0, pred, 1)
        for replica in self.replicas:
            replica.faults.told = self.settle

    @property
    def faults(self) -> list[Faults]:
        """What is wrong with each alpha."""
        return [replica.faults for replica in self.replicas]

    def schema(self, namespace: int) -> Schema:
        """Return the schema of `namespace`."""
        return self.schemas.setdefault(namespace, first_schema())

    def view(self, namespace: int, ts: int, *, within: bool = True) -> Watched:
        """Return what a read at `ts` sees, `within` the transaction of that timestamp or not."""
        return Watched(self.store, namespace, ts, self.schema(namespace), within=within)

    def touched(self, start_ts: int, keys: set[int], preds: set[str]) -> tuple[set[int], set[str]]:
        """Add to what the transaction `start_ts` has touched; return all the keys and predicates so far."""
        all_keys, all_preds = self._touched.setdefault(start_ts, (set(), set()))
        all_keys |= keys
        all_preds |= preds
        return all_keys, all_preds

    def applied(self, replica: Replica) -> int:
        """Return the greatest timestamp that `replica` has applied."""
        return self.zero.max_assigned if replica.applied is None else replica.applied

    def known(self, replica: Replica) -> Schemas:
        """Return the schemas as `replica` knows them."""
        return self.schemas if replica.schemas is None else replica.schemas

    def state(self, replica: Replica) -> dict[str, Any]:
        """Return what `/state` of `replica` tells."""
        return self.zero.state() if replica.state is None else replica.state

    def settle(self) -> None:
        """Let everything follow from what is wrong now: leaders, what stands still, and who waits."""
        self.quorum.settle()
        for replica in self.replicas:
            self._settle(replica)
        self.moved()
        self.on_change()

    def _settle(self, replica: Replica) -> None:
        faults = replica.faults
        if not replica.runs and replica.stopped_at is None:
            replica.stopped_at = self.clock.seconds()
            self.later(NOTICE, self.moved)
        elif replica.runs:
            replica.stopped_at = None
        still = faults.stopped or faults.lag or not self.quorum.led(replica.group)
        replica.applied = self.applied(replica) if still else None
        behind = faults.stopped or faults.schema_behind
        replica.schemas = replica.schemas or copied(self.schemas) if behind else None
        unheard = faults.stopped or faults.state_behind or self.zero.gone
        replica.state = self.state(replica) if unheard else None

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Do `act` after `seconds`, unless the cluster is stopped before."""
        timer: Any = None

        def over() -> None:
            self._timers.discard(timer)
            act()

        timer = self.clock.callLater(seconds, over)
        self._timers.add(timer)

    def stop(self) -> None:
        """Forget what was to be done later."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def moved(self) -> None:
        """Let those look again that wait for anything to change."""
        self._moved.set()
        self._moved = asyncio.Event()

    async def change(self) -> None:
        """Return when something has changed that others may wait for."""
        await self._moved.wait()

    async def reached(self, ts: int) -> None:
        """Wait until `ts` was given out."""
        while self.zero.max_assigned < ts:
            await self.change()

    async def with_zero(self) -> None:
        """Wait until zero is there."""
        while self.zero.gone:
            await self.change()

    def _decided(self, start_ts: int, commit_ts: int) -> None:
        self._touched.pop(start_ts, None)
        if commit_ts:
            self.store.commit(start_ts, commit_ts)
        else:
            self.store.abort(start_ts)
        self.moved()


def conflict_key(namespace: int, pred: str, uid: int, token: bytes = b"") -> int:
    """Return the fingerprint by which two writes to one cell, or to one index entry, are told to collide."""
    name = pred.encode()
    place = b"\x00" + namespace.to_bytes(8, "big") + len(name).to_bytes(2, "big") + name
    return fingerprint(place + (b"\x02" + token if token else b"\x00" + uid.to_bytes(8, "big")))


def base_36(number: int) -> str:
    """Return `number` in digits and lower-case letters, as alphas write the keys of a transaction."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits or "0"
