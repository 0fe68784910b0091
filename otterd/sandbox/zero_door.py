"""Zero's HTTP port, and the sandbox's own paths beside it, by which faults are made and mended."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from otterd.sandbox.accounts import Accounts
from otterd.sandbox.cluster import Cluster
from otterd.sandbox.web import Page, Visit

_JSON = ((b"Content-Type", b"application/json"),)
_TEXT = ((b"Content-Type", b"text/plain; charset=utf-8"),)


class ZeroDoor:
    """Answers `/health`, `/state`, `/moveTablet` and `/assign`; `/sandbox` answers and takes faults.

    `applied` is told after faults changed, so that ports can be closed and opened.
    """

    def __init__(self, cluster: Cluster, applied: Callable[[], None]) -> None:
        self._cluster = cluster
        self._applied = applied
        self._tasks: set[asyncio.Task[None]] = set()

    async def visit(self, visit: Visit) -> Page:
        """Answer `visit`."""
        given = {name: values[-1] for name, values in parse_qs(visit.query.decode("latin-1")).items()}
        try:
            if visit.path == b"/health":
                return Page(200, _TEXT, b"OK")
            if visit.path == b"/state":
                return _page(self._cluster.zero.state())
            if visit.path == b"/moveTablet":
                return await self._move(given)
            if visit.path == b"/assign":
                return self._assign(given)
            if visit.path == b"/sandbox":
                return self._sandbox(visit)
        except (ValueError, TypeError, KeyError, IndexError) as error:
            return Page(400, _TEXT, str(error).encode())
        return Page(404, _TEXT, b"404 page not found\n")

    async def _move(self, given: dict[str, str]) -> Page:
        pred, group, namespace = given["tablet"], int(given["group"]), int(given.get("namespace", "0"))
        place = (namespace, pred)
        zero = self._cluster.zero
        if place not in zero.membership.tablets:
            return Page(400, _TEXT, f"No tablet found for: {pred}".encode())
        if group not in {member.group for member in zero.membership.members.values()}:
            return Page(400, _TEXT, f"Group: [{group}] is not a known group.".encode())
        zero.begin_move(*place)
        await asyncio.sleep(float(given.get("seconds", "0")))
        zero.end_move(*place, group)
        self._cluster.moved()
        return Page(200, _TEXT, f"Predicate: [{pred}] moved to group [{group}]".encode())

    def _assign(self, given: dict[str, str]) -> Page:
        count = int(given["num"])
        if given.get("what") == "uids":
            first = self._cluster.zero.uids(count)
        elif given.get("what") == "timestamps":
            last = [self._cluster.zero.timestamp() for _ in range(count)][-1]
            first = last - count + 1
            self._cluster.moved()
        else:
            raise ValueError("sandbox: what must be uids or timestamps")
        return _page({"startId": str(first), "endId": str(first + count - 1), "readOnly": "0"})

    def _sandbox(self, visit: Visit) -> Page:
        if visit.method == b"POST":
            self._change(json.loads(visit.body))
        return _page([_shown(faults) for faults in self._cluster.faults])

    def _change(self, wanted: dict[str, Any]) -> None:
        """Do what `wanted` says: `alpha` (from 1) and faults, or one for the whole cluster."""
        if "election" in wanted:
            self._elect(int(wanted.get("group", 1)), float(wanted["election"]))
        if "acl" in wanted:
            seconds = wanted["acl"]
            self._cluster.accounts = Accounts(self._cluster.now, ttl=float(seconds)) if seconds else None
        if "alpha" in wanted:
            number = int(wanted["alpha"])
            if number < 1:
                raise ValueError("alphas count from 1")
            faults = self._cluster.faults[number - 1]
            if wanted.get("heal"):
                faults.heal()
            faults.change(**{k: v for k, v in wanted.items() if k not in ("alpha", "heal")})
        self._applied()

    def _elect(self, group: int, seconds: float) -> None:
        async def elect() -> None:
            await asyncio.sleep(seconds)
            self._cluster.end_election(group)

        self._cluster.begin_election(group)
        task = asyncio.get_running_loop().create_task(elect())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def stop(self) -> None:
        """End what still runs."""
        for task in self._tasks:
            task.cancel()


def _shown(faults: Any) -> dict[str, Any]:
    found = {name: getattr(faults, name) for name in faults.__slots__ if name not in ("changed", "only")}
    return {name: value for name, value in found.items() if value} | (
        {"only": sorted(faults.only)} if faults.only else {}
    )


def _page(tree: object) -> Page:
    return Page(200, _JSON, json.dumps(tree, separators=(",", ":")).encode())
