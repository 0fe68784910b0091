"""`GET /cluster`: the map as Otter sees it, how each alpha stands and why, and what waits for what."""

from dataclasses import asdict
from heapq import nlargest
from itertools import islice
from math import isfinite
from typing import Any, Protocol

import msgspec

from otterd import __version__
from otterd.config.live import Live
from otterd.core.budget import Budget
from otterd.core.cluster import Group, Map
from otterd.core.health import Ward
from otterd.core.operation import Purpose
from otterd.core.slots import Lane
from otterd.gateway.shared import Shared
from otterd.ops.seams import Alphas, Seen

MOST_TABLETS = 1000
"""Tablets that are shown by name, the largest ones; a cluster may have very many."""

_encode = msgspec.json.Encoder().encode


class Atlas(Protocol):
    """Where the map comes from."""

    @property
    def why(self) -> str:
        """Return in one sentence why nothing is known, "" when something is."""


class ClusterPage:
    """Puts the page together; seconds are rounded to milliseconds, and nothing secret is in it."""

    def __init__(self, live: Live, fleet: Alphas, shared: Shared, atlas: Atlas) -> None:
        self._live = live
        self._fleet = fleet
        self._shared = shared
        self._atlas = atlas

    def shown(self, ready: bool, why: str, in_flight: int) -> bytes:
        """Return the page in JSON; `ready` and `why` say whether Otter takes work."""
        now = self._fleet.clock.seconds()
        return _encode(
            {
                "instance": "otter",
                "version": __version__,
                "ready": ready,
                "reason": why,
                "balancer": self._live.config.balancer_type.value,
                "in_flight": in_flight,
                "alphas": [self._alpha(alpha, now) for alpha in self._fleet.alphas],
                "transactions": {
                    "pinned": len(self._shared.placing.pins),
                    "orphans": self._shared.placing.orphans,
                },
                "held": self._held(now),
                "lines": {lane.value: self._line(lane, now) for lane in Lane},
                "budgets": {
                    "retries": _budget(self._shared.budget, now),
                    "hedges": _budget(self._shared.hedges, now),
                },
                "tally": self._tally(),
                # The longest part comes last.
                "map": self._map(self._shared.sight.map, now),
            }
        )

    def _map(self, known: Map, now: float) -> dict[str, Any]:
        if not known.known:
            return {"known": False, "why": self._atlas.why}
        waiting = self._shared.elections.waiting()
        largest = _largest(known)
        return {
            "known": True,
            "why": self._atlas.why,
            "age": _rounded(now - known.made),
            "counter": known.counter,
            "source": known.source,
            "cid": known.cid,
            "groups": [_group(group, waiting.get(group.id, 0)) for group in known.groups.values()],
            "leaderless": known.leaderless(),
            "tablets": [
                {"tablet": each, "group": known.owners[each], "bytes": known.sizes.get(each, 0)}
                for each in largest
            ],
            "tablets_left_out": len(known.owners) - len(largest),
            "moving": sorted(known.moving)[:MOST_TABLETS],
        }

    def _alpha(self, alpha: Seen, now: float) -> dict[str, Any]:
        shared, fleet, address = self._shared, self._fleet, alpha.address
        known, load = shared.sight.map, fleet.load
        group = known.group_of.get(address)
        pending = load.pending(address, now)
        return {
            "address": address,
            "http_address": alpha.http_address,
            "named": address not in shared.sight.discovered,
            "purposes": [each.value for each in Purpose if address in shared.placing.policy.members(each)],
            "group": group,
            "leader": group is not None and known.leader_of(group) == address,
            **standing_of(fleet.ward, address, now),
            "weight": _rounded(fleet.ward.weight(address, now)),
            "staleness": _maybe(fleet.lag.staleness(address, now)),
            "latency": round(load.latency(address), 6),
            "in_flight": alpha.in_flight,
            "lanes": {
                lane.value: shared.lines.taken(lane, address) for lane in Lane if lane is not Lane.ALTER
            },
            "pending": None
            if pending is None
            else {"queries": pending.queries, "proposals": pending.proposals},
            "health": alpha.health.raw,
        }

    def _held(self, now: float) -> dict[str, Any]:
        elections = self._shared.elections
        return {
            "waiting": len(elections),
            "oldest": _since(elections.oldest(), now),
            "groups": sorted(elections.troubled),
            "held": elections.held,
            "released": elections.released,
            "expired": elections.expired,
            "turned_away": elections.turned_away,
        }

    def _line(self, lane: Lane, now: float) -> dict[str, Any]:
        lines = self._shared.lines
        return {
            "waiting": lines.waiting(lane),
            "oldest": _since(lines.oldest(lane), now),
            "turned_away": lines.turned_away[lane],
        }

    def _tally(self) -> dict[str, Any]:
        tally = self._shared.tally
        return {
            "retries": {verdict.value: count for verdict, count in tally.retries.items()},
            "retries_denied": tally.retries_denied,
            "stale_asked": tally.stale_asked,
            "stale_told": tally.stale_told,
            "hedged": tally.hedged,
            "rescued": tally.rescued,
            "given_up": tally.given_up,
            "aborted_by_moves": tally.moved,
            "aborted_by_conflicts": tally.conflicts,
            "alters": tally.alters,
            "alters_behind": tally.alters_behind,
            "slow_reads_from": _maybe(tally.slow),
        }


def standing_of(ward: Ward, address: str, now: float) -> dict[str, Any]:
    """Return how an alpha stands, since when and why, for people."""
    standing = ward.standing(address)
    if standing is None:
        return {"status": "unknown"}
    shown: dict[str, Any] = {
        "status": standing.status.value,
        "reason": ward.why(address, now),
        "since": int(now - standing.since),
    }
    if standing.ejected_until is not None:
        shown["ejected_for"] = max(round(standing.ejected_until - now), 0)
    return shown


def _group(group: Group, waiting: int) -> dict[str, Any]:
    return {
        "id": group.id,
        "leader": group.leader or None,
        "members": [asdict(member) for member in group.members],
        "tablets": group.tablets,
        "bytes": group.size,
        "waiting": waiting,
    }


def _largest(known: Map) -> list[str]:
    """Return the largest tablets, then some without a size; there may be so many that each step counts."""
    sizes = known.sizes
    largest = nlargest(MOST_TABLETS, sizes, key=sizes.__getitem__)
    others = (tablet for tablet in known.owners if tablet not in sizes)
    return [*largest, *islice(others, MOST_TABLETS - len(largest))]


def _budget(budget: Budget, now: float) -> dict[str, int]:
    asked, spent = budget.recent(now)
    return {"asked": asked, "spent": spent}


def _since(moment: float | None, now: float) -> float | None:
    return None if moment is None else _rounded(now - moment)


def _maybe(seconds: float | None) -> float | None:
    return None if seconds is None or not isfinite(seconds) else _rounded(seconds)


def _rounded(number: float) -> float:
    return round(max(number, 0.0), 3)
