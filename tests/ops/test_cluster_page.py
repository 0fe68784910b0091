"""`GET /cluster`: what an operator sees."""

import json
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from otterd import __version__
from otterd.config.live import Live
from otterd.config.schema import Balancer, Config, Secret
from otterd.core.balance import policy_for
from otterd.core.health import Probed
from otterd.core.judge import Verdict
from otterd.core.operation import Answer, Purpose
from otterd.core.slots import Lane
from otterd.ops import cluster_page
from otterd.ops.cluster_page import ClusterPage
from tests.fakes.memory import HANG
from tests.gateway.rig import operation
from tests.ops.seen import A, B, C, Fleet


class Atlas:
    why = "no alpha has told of the cluster yet"


def page(fleet: Fleet, config: Config | None = None) -> dict[str, Any]:
    live = Live(config) if config is not None else fleet.rig.live
    shown = ClusterPage(live, fleet, fleet.shared, Atlas()).shown(True, "ready", 3)
    told: dict[str, Any] = json.loads(shown)
    return told


def test_the_page_says_who_speaks_and_how_it_decides() -> None:
    told = page(Fleet(balancer_type=Balancer.STATE_BASED))
    assert {
        name: told[name] for name in ("instance", "version", "ready", "reason", "balancer", "in_flight")
    } == {
        "instance": "otter",
        "version": __version__,
        "ready": True,
        "reason": "ready",
        "balancer": "state-based",
        "in_flight": 3,
    }


def test_why_nothing_is_known_of_the_cluster_is_told() -> None:
    told = page(Fleet())
    assert told["map"] == {"known": False, "why": "no alpha has told of the cluster yet"}
    assert (told["alphas"][0]["group"], told["alphas"][0]["leader"]) == (None, False)


def test_the_map_is_shown_with_who_told_it_and_when() -> None:
    fleet = Fleet()
    fleet.chart()
    sizes = MappingProxyType({"0-film": 9})
    fleet.rig.sight.map = replace(fleet.rig.sight.map, made=1.0, sizes=sizes, moving=frozenset({"0-film"}))
    fleet.clock.advance(3.5)
    told = page(fleet)["map"]
    assert {name: told[name] for name in ("known", "age", "counter", "source", "leaderless")} == {
        "known": True,
        "age": 2.5,
        "counter": 1,
        "source": "test",
        "leaderless": [],
    }
    assert [(each["id"], each["leader"], each["waiting"]) for each in told["groups"]] == [
        (1, A, 0),
        (2, C, 0),
    ]
    assert [(each["address"], each["leader"], each["raft_id"]) for each in told["groups"][0]["members"]] == [
        (A, True, 1),
        (B, False, 2),
    ]
    assert told["tablets"] == [
        {"tablet": "0-film", "group": 2, "bytes": 9},
        {"tablet": "0-name", "group": 1, "bytes": 0},
    ]
    assert (told["tablets_left_out"], told["moving"]) == (0, ["0-film"])


def test_only_the_largest_tablets_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_page, "MOST_TABLETS", 2)
    fleet = Fleet()
    owners = {f"0-p{number}": 1 for number in range(5)}
    fleet.rig.sight.chart({1: (A, B, C)}, owners)
    sizes = MappingProxyType({"0-p3": 30, "0-p1": 10})
    fleet.rig.sight.map = replace(fleet.rig.sight.map, sizes=sizes, moving=frozenset(owners))
    told = page(fleet)["map"]
    assert [each["tablet"] for each in told["tablets"]] == ["0-p3", "0-p1"]
    assert (told["tablets_left_out"], told["moving"]) == (3, ["0-p0", "0-p1"])


def test_each_alpha_is_shown_with_its_standing_and_its_load() -> None:
    fleet = Fleet()
    fleet.chart()
    fleet.rig.a.channel.on("Query", HANG)
    fleet.perform(operation())
    fleet.load.begun(A)
    fleet.load.ended(A, 0.0, 0.0125)
    fleet.load.told(A, 0.0, 4, 2)
    for address in (A, B):
        fleet.ward.probed(address, 0.0, Probed(max_assigned=7))
    fleet.alphas[0].health.raw = {"instance": "alpha", "max_assigned": 2**60}
    fleet.clock.advance(2)
    first = page(fleet)["alphas"][0]
    assert first == {
        "address": A,
        "http_address": "a:8080",
        "named": True,
        "purposes": [each.value for each in Purpose],
        "group": 1,
        "leader": True,
        "status": "usable",
        "reason": "",
        "since": 2,
        "weight": 1.0,
        "staleness": 2.0,
        "latency": 0.0125,
        "in_flight": 1,
        "lanes": {"read": 1, "write": 0, "commit": 0, "passed through": 0},
        "pending": {"queries": 4, "proposals": 2},
        "health": {"instance": "alpha", "max_assigned": 2**60},
    }


def test_why_an_alpha_is_left_out_and_for_how_long_is_told() -> None:
    fleet = Fleet()
    for _ in range(5):
        fleet.ward.heard(B, 0.0, Verdict.LOST, 0.1)
    fleet.clock.advance(4)
    second = page(fleet)["alphas"][1]
    assert (second["status"], second["ejected_for"], second["weight"]) == ("ejected", 6, 0.1)
    assert second["reason"] == "left out for another 6 s: its connections broke"


def test_alphas_that_were_discovered_and_what_each_serves_can_be_told_apart() -> None:
    fleet = Fleet()
    fleet.rig.sight.discovered = frozenset({C})
    groups = {"query": (A,), "mutation": (B, A)}
    fleet.shared.placing.policy = policy_for(
        Config(balancer_type=Balancer.DEFINED, groups=groups), lambda: 0.0
    )
    told = page(fleet)["alphas"]
    assert [each["named"] for each in told] == [True, True, False]
    assert told[1]["purposes"] == ["mutation", "upsert", "commit", "alter", "login", "admin"]
    assert told[2]["purposes"] == []


def test_what_is_held_for_a_group_is_counted_there() -> None:
    fleet = Fleet(balancer_type=Balancer.STATE_BASED)
    fleet.rig.sight.chart({1: (A, B, C)}, {})
    fleet.rig.sight.silence(A)
    fleet.perform(operation())
    fleet.clock.advance(1.5)
    told = page(fleet)
    assert told["held"] == {
        "waiting": 1,
        "oldest": 1.5,
        "groups": [1],
        "held": 1,
        "released": 0,
        "expired": 0,
        "turned_away": 0,
    }
    assert told["map"]["groups"][0]["waiting"] == 1
    fleet.rig.sight.revive(A)
    fleet.clock.advance(1)
    told = page(fleet)["held"]
    assert (told["waiting"], told["oldest"], told["groups"], told["released"]) == (0, None, [], 1)


def test_who_waits_in_line_is_counted_by_lane() -> None:
    fleet = Fleet(max_alpha_reads=1, max_attempts=1)
    for alpha in fleet.rig.alphas.values():
        alpha.channel.default = HANG
    for _ in range(5):
        fleet.perform(operation())
    fleet.clock.advance(2)
    lines = page(fleet)["lines"]
    assert set(lines) == {lane.value for lane in Lane}
    assert lines["read"] == {"waiting": 2, "oldest": 2.0, "turned_away": 0}
    assert lines["write"] == {"waiting": 0, "oldest": None, "turned_away": 0}


def test_transactions_budgets_and_the_tally_are_counted() -> None:
    fleet = Fleet()
    fleet.shared.placing.pins.learn(5, A, 0.0, wrote=True)
    fleet.shared.placing.orphans = 2
    fleet.rig.a.channel.on(
        "Query", Answer(2, message="the server is in draining mode and client requests will")
    )
    fleet.perform(operation())
    fleet.shared.tally.retried(Verdict.DRAINING)
    fleet.shared.tally.conflicts = 4
    fleet.shared.tally.alters, fleet.shared.tally.alters_behind = 3, 1
    told = page(fleet)
    assert told["transactions"] == {"pinned": 1, "orphans": 2}
    assert told["budgets"]["retries"]["asked"] == 1
    tally = told["tally"]
    assert tally["retries"] == {"draining": 1}
    assert (tally["aborted_by_conflicts"], tally["alters"], tally["alters_behind"]) == (4, 3, 1)
    assert tally["slow_reads_from"] is None


def test_no_secret_is_on_the_page() -> None:
    secrets = {
        name: Secret(f"secret-{name}")
        for name in ("dgraph_password", "ws_token", "client_token", "admin_token")
    }
    fleet = Fleet(dgraph_user="the-user", **secrets)
    fleet.chart()
    text = json.dumps(page(fleet))
    assert "secret-" not in text
    assert "the-user" not in text
