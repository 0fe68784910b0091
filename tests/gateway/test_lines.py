"""The lines in front of full alphas."""

from typing import Any

import pytest
from twisted.internet.task import Clock

from otterd.config.live import Live
from otterd.config.schema import Config, Seconds
from otterd.core.slots import Lane
from otterd.errors import OtterError, Overloaded
from otterd.gateway.alarm import Alarm
from otterd.gateway.lines import Lines


class Asking:
    """A request that takes a slot as soon as it may."""

    def __init__(self, rig: "Rig", lane: Lane, order: tuple[str, ...], caller: str) -> None:
        self.rig, self.lane, self.order, self.caller = rig, lane, order, caller
        self.alpha: str | None = None
        self.error: OtterError | None = None
        self.go()

    def go(self) -> None:
        self.alpha = self.rig.lines.choose(self.lane, self.order)
        if self.alpha is None:
            self.rig.lines.enter(self, self.caller, self.rig.clock.seconds() + 60)

    def done(self) -> None:
        assert self.alpha is not None
        self.rig.lines.give(self.lane, self.alpha)

    def released(self) -> None:
        self.go()

    def refused(self, error: OtterError) -> None:
        assert self.error is None
        self.error = error

    def fits(self, address: str) -> bool:
        return address in self.order


class Rig:
    def __init__(self, **keys: Any) -> None:
        self.clock = Clock()
        keys.setdefault("max_alpha_reads", 1)
        self.live = Live(Config(dgraph_endpoints=("a:1",), **keys))
        self.lines = Lines(self.live, Alarm(self.clock, self.clock), self.clock)

    def ask(self, lane: Lane = Lane.READ, order: tuple[str, ...] = ("a", "b"), caller: str = "me") -> Asking:
        return Asking(self, lane, order, caller)


def test_what_finds_one_alpha_full_goes_to_the_next_and_then_waits() -> None:
    rig = Rig()
    first, second, third = rig.ask(), rig.ask(), rig.ask()
    assert (first.alpha, second.alpha, third.alpha) == ("a", "b", None)
    assert rig.lines.waiting(Lane.READ) == 1
    second.done()
    assert third.alpha == "b"
    assert len(rig.lines) == 0


def test_lanes_do_not_take_each_others_slots() -> None:
    rig = Rig()
    for _ in "ab":
        rig.ask()
    assert rig.ask(Lane.WRITE).alpha == "a"
    assert rig.ask(Lane.COMMIT).alpha == "a"


def test_alters_go_one_at_a_time_in_the_whole_cluster() -> None:
    rig = Rig()
    first, second = rig.ask(Lane.ALTER, ("a",)), rig.ask(Lane.ALTER, ("b",))
    assert (first.alpha, second.alpha) == ("a", None)
    first.done()
    assert second.alpha == "b"


def test_a_slot_goes_to_one_that_may_use_it() -> None:
    rig = Rig()
    on_a, on_b = rig.ask(order=("a",)), rig.ask(order=("b",))
    only_a, only_b = rig.ask(order=("a",), caller="x"), rig.ask(order=("b",), caller="y")
    on_b.done()
    assert (only_a.alpha, only_b.alpha) == (None, "b")
    on_a.done()
    assert only_a.alpha == "a"


def test_callers_take_turns() -> None:
    rig = Rig()
    busy = rig.ask(order=("a",), caller="greedy")
    many = [rig.ask(order=("a",), caller="greedy") for _ in range(5)]
    late = rig.ask(order=("a",), caller="modest")
    busy.done()
    many[0].done()
    assert late.alpha == "a"
    assert many[1].alpha is None


def test_who_waits_too_long_is_told() -> None:
    rig = Rig(queue_timeout=Seconds(5.0))
    rig.ask(order=("a",))
    waiting = rig.ask(order=("a",))
    rig.clock.pump([1.0] * 6)
    assert isinstance(waiting.error, Overloaded)
    assert waiting.error.retry_after
    assert len(rig.lines) == 0


def test_one_that_comes_back_into_the_line_has_its_whole_time_again() -> None:
    rig = Rig(queue_timeout=Seconds(5.0))
    holder = rig.ask(order=("a",), caller="x")
    waiting = rig.ask(order=("a",))
    rig.clock.pump([1.0] * 3)
    rig.lines.leave(waiting, "me")
    rig.lines.enter(waiting, "me", 60.0)
    rig.clock.pump([1.0] * 3)
    assert waiting.error is None
    holder.done()
    assert waiting.alpha == "a"


@pytest.mark.parametrize("lane", [Lane.READ, Lane.COMMIT])
def test_the_line_is_bounded_and_reads_give_way_to_commits(lane: Lane) -> None:
    rig = Rig(queue_limit=2, max_alpha_commits=1)
    rig.ask(order=("a",))
    rig.ask(Lane.COMMIT, ("a",))
    waiting = [rig.ask(order=("a",)) for _ in range(2)]
    last = rig.ask(lane, ("a",))
    if lane is Lane.COMMIT:
        assert last.error is None
        assert isinstance(waiting[1].error, Overloaded)
        assert waiting[0].error is None
    else:
        assert isinstance(last.error, Overloaded)
        assert not any(one.error for one in waiting)
    assert len(rig.lines) == 2
    assert sum(rig.lines.turned_away.values()) == 1


def test_tells_since_when_the_first_has_waited() -> None:
    rig = Rig()
    rig.ask(order=("a",))
    assert rig.lines.oldest(Lane.READ) is None
    rig.clock.advance(2.0)
    rig.ask(order=("a",))
    assert rig.lines.oldest(Lane.READ) == 2.0


def test_a_caller_that_fills_the_line_gives_way_to_another() -> None:
    rig = Rig(queue_limit=4)
    for _ in "ab":
        rig.ask()
    greedy = [rig.ask(caller="greedy") for _ in range(4)]
    modest = [rig.ask(caller="modest") for _ in range(3)]
    assert [bool(each.error) for each in greedy] == [False, False, True, True]
    assert [bool(each.error) for each in modest] == [False, False, True]
    assert len(rig.lines) == 4
