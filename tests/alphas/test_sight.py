"""What the corridor sees of the alphas."""

from typing import Any

import pytest
from twisted.internet.task import Clock

from otterd.alphas.sight import FAULTS, Sight
from otterd.core.cluster import UNCHARTED, Group, Map, Member
from otterd.core.health import Ward
from otterd.core.judge import Verdict
from otterd.core.lag import Lag
from otterd.core.load import Load
from otterd.core.operation import Purpose
from otterd.core.standing import Bounds, Probed


class Fleet:
    def __init__(self) -> None:
        self.lag, self.load = Lag(), Load()
        self.ward = Ward(Bounds(), self.lag)
        self.ward.muster(("a", "b"), 0.0)
        self.discovered: frozenset[str] = frozenset()
        self.health: dict[str, Any] = {}
        for address in ("a", "b"):
            self.ward.probed(address, 0.0, Probed())

    def on_told(self, hearer: Any) -> None:
        self.told = hearer

    def on_muster(self, follower: Any) -> None:
        pass

    def get(self, address: str) -> Any:
        return self.health.get(address)


class Topology:
    map = UNCHARTED

    def __init__(self) -> None:
        self.hints: list[str] = []

    def watch(self, callback: Any) -> None:
        pass

    def hint(self, why: str) -> None:
        self.hints.append(why)


class Healthy:
    @property
    def health(self) -> "Healthy":
        return self

    status = "healthy"


class Rig:
    def __init__(self) -> None:
        self.clock, self.fleet, self.topology = Clock(), Fleet(), Topology()
        self.sight = Sight(self.fleet, self.topology, self.clock)  # type: ignore[arg-type]
        self.changes = 0
        self.sight.watch(self.changed)

    def changed(self) -> None:
        self.changes += 1

    def ends(self, verdict: Verdict | None, purpose: Purpose = Purpose.QUERY, took: float = 0.01) -> None:
        self.sight.begun("a", purpose)
        self.clock.advance(took)
        self.sight.ended("a", purpose, verdict, took)


def test_an_alpha_that_cannot_be_reached_again_and_again_is_silent_before_the_probes_say_so() -> None:
    rig = Rig()
    for _ in range(FAULTS - 1):
        rig.ends(Verdict.NOT_REACHED)
    assert not rig.sight.silent("a")
    rig.ends(Verdict.NOT_REACHED)
    assert rig.sight.silent("a")
    assert rig.changes == 1


@pytest.mark.parametrize("verdict", [Verdict.FINE, Verdict.ERROR, Verdict.DRAINING])
def test_any_answer_is_a_sign_of_life(verdict: Verdict) -> None:
    rig = Rig()
    for _ in range(FAULTS):
        rig.ends(Verdict.LOST)
    assert rig.sight.heard_at("a") == 0.0
    rig.ends(verdict)
    assert not rig.sight.silent("a")
    assert rig.sight.heard_at("a") == rig.clock.seconds()


def test_a_good_probe_ends_the_silence() -> None:
    rig = Rig()
    for _ in range(FAULTS):
        rig.ends(Verdict.LOST)
    rig.fleet.health["a"] = Healthy()
    rig.fleet.told("a")
    assert not rig.sight.silent("a")


def test_the_last_sign_of_life_is_an_answer_or_a_good_probe() -> None:
    rig = Rig()
    assert rig.sight.alive_at("a") == 0.0
    rig.ends(Verdict.ERROR, took=1.0)
    rig.ends(Verdict.LOST, took=1.0)
    assert (rig.sight.heard_at("a"), rig.sight.alive_at("a")) == (0.0, 1.0)
    rig.ends(Verdict.TIMED_OUT, took=1.0)
    assert rig.sight.alive_at("a") == 1.0
    rig.fleet.health["a"] = Healthy()
    rig.fleet.told("a")
    assert rig.sight.alive_at("a") == 3.0


def test_a_draining_alpha_is_not_silent() -> None:
    rig = Rig()
    rig.fleet.ward.probed("a", 1.0, Probed(Verdict.DRAINING, "it is draining"))
    assert "a" not in rig.sight.usable
    assert not rig.sight.silent("a")
    assert rig.sight.why_not("a")


def test_an_alter_tells_nothing_of_how_fast_an_alpha_is() -> None:
    rig = Rig()
    rig.ends(Verdict.FINE, took=0.01)
    before = rig.sight.costs_of(("a",))[0]
    for _ in range(10):
        rig.ends(Verdict.FINE, Purpose.ALTER, took=30.0)
        rig.ends(Verdict.TIMED_OUT, Purpose.ALTER, took=60.0)
    rig.ends(Verdict.FINE, took=0.01)
    assert rig.sight.costs_of(("a",))[0] <= 2 * before
    assert "a" in rig.sight.usable


def test_who_is_given_up_counts_for_nothing_but_the_load() -> None:
    rig = Rig()
    for _ in range(10):
        rig.ends(None)
    assert rig.fleet.load.in_flight("a") == 0
    assert not rig.sight.silent("a")


def test_an_alpha_that_moves_a_tablet_is_known_by_its_own_word() -> None:
    rig = Rig()
    assert not rig.sight.moves_tablets("a")
    rig.fleet.ward.probed("a", 1.0, Probed(ongoing=("opRollup", "opPredMove")))
    assert rig.sight.moves_tablets("a")
    assert not rig.sight.moves_tablets("nobody")


def test_nothing_can_be_said_of_data_that_members_unknown_to_otter_may_know_better() -> None:
    rig = Rig()
    for address in ("a", "b"):
        rig.fleet.lag.told(address, 0.0, 5)
    members = tuple(Member(f"{name}-internal", 1, name) for name in ("a", "b"))
    strangers = tuple(Member(f"stranger{n}-internal", 1) for n in range(2))

    def chart(*known: Member) -> Map:
        return Map({1: Group(1, known, ("a", "b"))}, group_of={"a": 1, "b": 1})

    rig.topology.map = chart(*members, strangers[0])
    assert rig.sight.staleness("a") == 0.0
    rig.topology.map = chart(*members, *strangers)
    assert rig.sight.staleness("a") is None


def test_an_alpha_that_is_just_back_costs_ten_times_as_much() -> None:
    rig = Rig()
    even = rig.sight.costs_of(("a", "b"))
    assert even[0] == even[1]
    for _ in range(3):
        rig.fleet.ward.probed("a", 1.0, Probed(Verdict.LOST, "it broke"))
    for _ in range(3):
        rig.fleet.ward.probed("a", 2.0, Probed())
    rig.clock.advance(2.0)
    assert rig.sight.costs_of(("a", "b")) == pytest.approx([10 * even[0], even[1]])
    assert rig.sight.whole_costs_of(("a", "b")) == pytest.approx([10 * even[0], even[1]])
    rig.clock.advance(100.0)
    assert rig.sight.costs_of(("a", "b")) == pytest.approx(even)
