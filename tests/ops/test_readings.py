"""The numbers of routing in the metrics."""

from dataclasses import replace

from otterd.config.schema import Balancer
from otterd.core.health import Probed, Status
from otterd.core.judge import Verdict
from otterd.core.operation import Rpc
from otterd.core.slots import Lane
from otterd.ops.instruments import Metrics
from otterd.ops.readings import Readings
from otterd.wire import api_pb2
from tests.fakes.memory import HANG
from tests.gateway.rig import operation
from tests.ops.seen import A, B, C, Fleet


def shown(fleet: Fleet) -> dict[str, float]:
    metrics = Metrics()
    Readings(fleet, fleet.shared).show_in(metrics)
    lines = "".join(metrics.registry.pieces()).splitlines()
    pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in pairs}


def test_each_status_of_each_alpha_has_a_gauge_of_its_own() -> None:
    fleet = Fleet()
    for _ in range(3):
        fleet.ward.probed(B, 0.0, Probed(Verdict.NOT_REACHED, "refused"))
    told = shown(fleet)
    for status in Status:
        first = told[f'otter_alpha_status{{alpha="{A}",status="{status}"}}']
        second = told[f'otter_alpha_status{{alpha="{B}",status="{status}"}}']
        assert (first, second) == (status is Status.USABLE, status is Status.DOWN)
    assert told[f'otter_alpha_healthy{{alpha="{A}"}}'] == 1
    assert told[f'otter_alpha_healthy{{alpha="{B}"}}'] == 0


def test_an_alphas_load_age_and_ejections_are_shown() -> None:
    fleet = Fleet()
    fleet.rig.a.channel.on("Query", HANG)
    fleet.perform(operation())
    for address in (A, B):
        fleet.ward.probed(address, 0.0, Probed(max_assigned=7))
    fleet.load.begun(A)
    fleet.load.ended(A, 0.0, 0.25)
    fleet.load.told(A, 0.0, 4, 2)
    for now in (-1000.0, 0.0):
        for _ in range(5):
            fleet.ward.heard(B, now, Verdict.LOST, 0.1)
        fleet.ward.tick(now + 1)
        fleet.ward.tick(min(now + 900, 0.0))
    fleet.clock.advance(2)
    told = shown(fleet)
    alpha = f'{{alpha="{A}"}}'
    assert told[f"otter_alpha_in_flight_requests{alpha}"] == 1
    assert told[f'otter_alpha_lane_requests{{alpha="{A}",lane="read"}}'] == 1
    assert told[f'otter_alpha_lane_requests{{alpha="{A}",lane="write"}}'] == 0
    assert told[f"otter_alpha_staleness_seconds{alpha}"] == 2
    assert told[f"otter_alpha_latency_seconds{alpha}"] == 0.25
    assert told[f"otter_alpha_pending_queries{alpha}"] == 4
    assert told[f"otter_alpha_pending_proposals{alpha}"] == 2
    assert told[f"otter_alpha_weight{alpha}"] == 1
    assert told[f'otter_alpha_weight{{alpha="{B}"}}'] == 0.1
    assert told[f"otter_alpha_ejections_total{alpha}"] == 0
    assert told[f'otter_alpha_ejections_total{{alpha="{B}"}}'] == 2


def test_what_an_alpha_does_not_tell_is_left_out() -> None:
    told = shown(Fleet())
    assert f'otter_alpha_staleness_seconds{{alpha="{B}"}}' not in told
    assert f'otter_alpha_pending_queries{{alpha="{B}"}}' not in told
    assert "otter_map_age_seconds" not in told
    assert (told["otter_groups"], told["otter_map_counter"]) == (0, 0)


def test_the_age_of_the_map_and_groups_without_leader_are_shown() -> None:
    fleet = Fleet()
    fleet.chart(g2="nobody")
    fleet.rig.sight.map = replace(fleet.rig.sight.map, made=1.0, counter=77)
    fleet.clock.advance(4)
    told = shown(fleet)
    assert told["otter_map_age_seconds"] == 3
    assert told["otter_map_counter"] == 77
    assert told["otter_groups"] == 2
    assert told["otter_groups_without_leader"] == 1


def test_requests_that_wait_for_a_group_are_counted_in_and_out() -> None:
    fleet = Fleet(balancer_type=Balancer.STATE_BASED, hold_timeout=5.0, hold_limit=2)
    fleet.rig.sight.chart({1: (A, B, C)}, {})
    fleet.rig.sight.silence(A)
    fleet.perform(operation())
    fleet.clock.advance(3)
    fleet.perform(operation())
    fleet.perform(operation())
    told = shown(fleet)
    assert (told["otter_held_requests"], told["otter_held_oldest_seconds"]) == (2, 3)
    assert told["otter_groups_waited_for"] == 1
    fleet.clock.advance(2.5)
    fleet.rig.sight.revive(A)
    fleet.clock.advance(1)
    told = shown(fleet)
    how = {
        way: told[f'otter_held_total{{how="{way}"}}']
        for way in ("held", "released", "expired", "turned away")
    }
    assert how == {"held": 2, "released": 1, "expired": 1, "turned away": 1}
    assert (told["otter_held_requests"], told["otter_held_oldest_seconds"]) == (0, 0)
    assert told["otter_groups_waited_for"] == 0


def test_lines_are_shown_by_lane() -> None:
    fleet = Fleet(max_alpha_reads=1, queue_limit=1)
    for alpha in fleet.rig.alphas.values():
        alpha.channel.default = HANG
    for _ in range(5):
        fleet.perform(operation())
    fleet.clock.advance(2)
    told = shown(fleet)
    assert told['otter_line_requests{lane="read"}'] == 1
    assert told['otter_line_oldest_seconds{lane="read"}'] == 2
    assert told['otter_line_turned_away_total{lane="read"}'] == 1
    for lane in Lane:
        assert told[f'otter_line_turned_away_total{{lane="{lane}"}}'] == (lane is Lane.READ)


def test_what_the_corridor_did_beside_the_straight_way_is_counted() -> None:
    fleet = Fleet()
    tally = fleet.shared.tally
    tally.retried(Verdict.DRAINING)
    tally.retries_denied, tally.stale_asked, tally.stale_told = 2, 3, 4
    tally.hedged, tally.rescued, tally.conflicts, tally.moved, tally.given_up = 5, 6, 7, 8, 9
    tally.alters, tally.alters_behind = 9, 10
    fleet.shared.placing.pins.learn(5, A, 0.0, wrote=True)
    fleet.shared.placing.orphans = 11
    told = shown(fleet)
    assert told['otter_retry_causes_total{verdict="draining"}'] == 1
    assert told["otter_retries_denied_total"] == 2
    assert (told["otter_stale_asked_total"], told["otter_stale_told_total"]) == (3, 4)
    assert (told["otter_hedges_total"], told["otter_rescues_total"]) == (5, 6)
    assert told["otter_given_up_total"] == 9
    assert told['otter_aborts_total{cause="conflict"}'] == 7
    assert told['otter_aborts_total{cause="move"}'] == 8
    assert (told["otter_alters_awaited_total"], told["otter_alters_behind_total"]) == (9, 10)
    assert (told["otter_pinned_transactions"], told["otter_orphaned_transactions_total"]) == (1, 11)


def test_what_was_seen_before_is_neither_read_nor_parsed_again() -> None:
    fleet = Fleet()
    for name in ("Ann", "Ann", "Ann", "Bob"):
        payload = api_pb2.Request(query=f'{{ q(func: eq(name, "{name}")) {{ name }} }}').SerializeToString()
        fleet.perform(operation(request=Rpc("Query", payload)))
    told = shown(fleet)
    # The second time tells that a text is worth remembering.
    assert (told["otter_payloads_read_total"], told["otter_texts_parsed_total"]) == (3, 1)
