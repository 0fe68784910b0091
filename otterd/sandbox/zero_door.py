"""Zero's HTTP port, and the sandbox's own paths beside it, by which faults are made and mended."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

from otterd.edges.http.render import error_body
from otterd.sandbox.cluster import Cluster
from otterd.sandbox.faults import Reset
from otterd.sandbox.trouble import Trouble
from otterd.sandbox.web import Page, Visit

_JSON = ((b"Content-Type", b"application/json"),)
_TEXT = ((b"Content-Type", b"text/plain; charset=utf-8"),)


class ZeroDoor:
    """Answers `/health`, `/state`, `/moveTablet` and `/assign`; `/sandbox` answers and takes faults.

    While zero is gone only `/sandbox` is there.
    """

    def __init__(self, cluster: Cluster, trouble: Trouble) -> None:
        self._cluster = cluster
        self._trouble = trouble

    async def visit(self, visit: Visit) -> Page:
        """Answer `visit`; raise Reset while zero is gone."""
        given = {name: values[-1] for name, values in parse_qs(visit.query.decode("latin-1")).items()}
        if self._cluster.zero.gone and visit.path != b"/sandbox":
            raise Reset
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
        membership = self._cluster.zero.membership
        if group not in {member.group for member in membership.members.values()}:
            return _refused(f"group: [{group}] is not a known group")
        tablet = membership.tablets.get((namespace, pred))
        where = f"namespace: {namespace}. "
        if tablet is None:
            return _refused(f"{where}No tablet found for: {pred}")
        if pred.startswith("dgraph."):
            body = error_body(f"Unable to move reserved predicate {namespace:x}-{pred}", "Error")
            return Page(500, _JSON, body)
        if tablet.group == group:
            return _refused(f"{where}Tablet: [{pred}] is already being served by group: [{group}]")
        before = tablet.group
        await self._trouble.move(pred, group, float(given.get("seconds", "0")), namespace)
        return Page(
            200, _TEXT, f"{where}Predicate: [{pred}] moved from group [{before}] to [{group}]".encode()
        )

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
        return _page([faults.shown() for faults in self._cluster.faults])

    def _change(self, wanted: dict[str, Any]) -> None:
        """Do what `wanted` says: `alpha` (from 1) and faults, or one for the whole cluster."""
        trouble = self._trouble
        number = int(wanted.pop("alpha", 0)) - 1
        most = len(self._cluster.replicas)
        if number >= most:
            raise ValueError(f"there is no alpha {number + 1}; they are 1 to {most}")
        if "election" in wanted:
            own = self._cluster.replicas[number].group if number >= 0 else 1
            trouble.elect(int(wanted.pop("group", own)), float(wanted.pop("election")))
        if "acl" in wanted:
            seconds = float(wanted.pop("acl"))
            trouble.demand_tokens(seconds or None)
        if "zero" in wanted:
            trouble.restore_zero() if wanted.pop("zero") else trouble.lose_zero()
        if wanted and number < 0:
            raise ValueError(f"alphas count from 1, and one must be named for {', '.join(wanted)}")
        if wanted.pop("heal", False):
            trouble.heal(number)
        trouble.fault(number, **wanted)


def _refused(text: str) -> Page:
    return Page(400, _JSON, error_body(text))


def _page(tree: object) -> Page:
    return Page(200, _JSON, json.dumps(tree, separators=(",", ":")).encode())
