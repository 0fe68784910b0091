"""A whole cluster in one process: zero, the graph, the schema, and the alphas that share them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from otterd.sandbox.accounts import Accounts
from otterd.sandbox.asking import Engine
from otterd.sandbox.faults import Faults
from otterd.sandbox.fingerprint import fingerprint
from otterd.sandbox.schema import Schema, first_schema
from otterd.sandbox.store import Store, View
from otterd.sandbox.zero import Member, Zero

VERSION = "v25.4.0"


@dataclass(slots=True, frozen=True)
class Shape:
    """How many alphas in how many groups, and the `offset` that is added to Dgraph's ports."""

    alphas: int = 3
    groups: int = 1
    offset: int = 0

    @property
    def zero_grpc(self) -> int:
        """The port where zero would speak to alphas."""
        return 5080 + self.offset

    @property
    def zero_http(self) -> int:
        """The port of zero's HTTP."""
        return 6080 + self.offset


class Cluster:
    """What all alphas share; `now` tells seconds since 1970, `accounts` is None without access control."""

    def __init__(self, shape: Shape, engine: Engine, now: Callable[[], float]) -> None:
        self.shape = shape
        self.engine = engine
        self.now = now
        self.born = now()
        self.store = Store()
        self.schemas: dict[int, Schema] = {0: first_schema()}
        self.accounts: Accounts | None = None
        self.zero = Zero(f"localhost:{shape.zero_grpc}", self._decided)
        self.faults = [Faults() for _ in range(shape.alphas)]
        self._touched: dict[int, tuple[set[int], set[str]]] = {}
        self._moved = asyncio.Event()
        self._electing: set[int] = set()
        members = self.zero.membership.members
        for number in range(shape.alphas):
            group = number % shape.groups + 1
            address = f"localhost:{7080 + shape.offset + number}"
            members[number + 1] = Member(number + 1, group, address, leader=number < shape.groups)
        for pred in self.schemas[0].predicates:
            self.zero.place(0, pred, 1)

    def schema(self, namespace: int) -> Schema:
        """Return the schema of `namespace`."""
        return self.schemas.setdefault(namespace, first_schema())

    def view(self, namespace: int, ts: int) -> View:
        """Return what a read at `ts` sees."""
        return self.store.view(namespace, ts, self.schema(namespace))

    def touched(self, start_ts: int, keys: set[int], preds: set[str]) -> tuple[set[int], set[str]]:
        """Add to what the transaction `start_ts` has touched; return all the keys and predicates so far."""
        all_keys, all_preds = self._touched.setdefault(start_ts, (set(), set()))
        all_keys |= keys
        all_preds |= preds
        return all_keys, all_preds

    def moved(self) -> None:
        """Let those look again that wait for a timestamp, or for the end of an election."""
        self._moved.set()
        self._moved = asyncio.Event()

    async def reached(self, ts: int) -> None:
        """Wait until `ts` was given out."""
        while self.zero.max_assigned < ts:
            await self._moved.wait()

    async def led(self, group: int) -> None:
        """Wait until `group` has a leader."""
        while group in self._electing:
            await self._moved.wait()

    def begin_election(self, group: int) -> None:
        """Leave `group` without a leader: reads and writes of its alphas hang, best-effort reads do not."""
        self._electing.add(group)

    def end_election(self, group: int) -> None:
        """Make the next member of `group` its leader."""
        ids = sorted(m.id for m in self.zero.membership.members.values() if m.group == group)
        leader = self.zero.membership.leader(group)
        following = [id for id in ids if leader is None or id > leader.id]
        self.zero.elect(group, (following or ids)[0], int(self.now()))
        self._electing.discard(group)
        self.moved()

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
