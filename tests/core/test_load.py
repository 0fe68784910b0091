"""How busy each alpha is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otterd.core.load import LEAST, MEMORY, STALE, Load
from otterd.core.operation import Purpose


def test_counts_what_is_in_flight_by_purpose() -> None:
    load = Load()
    load.begun("a")
    load.begun("a", Purpose.MUTATION)
    assert (load.in_flight("a"), load.in_flight("a", Purpose.MUTATION), load.in_flight("b")) == (2, 1, 0)
    load.ended("a", 1.0, 0.1, Purpose.MUTATION)
    assert (load.in_flight("a"), load.in_flight("a", Purpose.MUTATION)) == (1, 0)


def test_counting_out_too_often_does_no_harm() -> None:
    load = Load()
    load.ended("a", 1.0, 0.1)
    load.begun("a")
    load.ended("a", 1.0, 0.1)
    load.ended("a", 1.0, 0.1)
    assert load.in_flight("a") == 0


def test_the_busier_and_the_slower_cost_more() -> None:
    load = Load()
    for address, seconds in (("quick", 0.01), ("slow", 0.05)):
        load.begun(address)
        load.ended(address, 1.0, seconds)
    assert load.cost("quick", 1.0) < load.cost("slow", 1.0)
    for _ in range(9):
        load.begun("quick")
    assert load.cost("quick", 1.0) == pytest.approx(0.1)


def test_an_attempt_without_an_answer_makes_nobody_quick() -> None:
    load = Load()
    load.begun("a")
    load.ended("a", 1.0, 0.5)
    load.begun("a")
    load.ended("a", 2.0, None)
    assert load.latency("a") == 0.5


def test_new_answers_count_more_than_old_ones() -> None:
    load = Load()
    load.begun("a")
    load.ended("a", 1.0, 1.0)
    load.begun("a")
    load.ended("a", 1.0 + 10 * MEMORY, 0.1)
    assert load.latency("a") == pytest.approx(0.1, abs=0.01)


def test_an_idle_one_is_forgiven_its_slowness() -> None:
    load = Load()
    load.begun("a")
    load.ended("a", 1.0, 2.0)
    assert load.cost("a", 1.0) == pytest.approx(2.0)
    assert load.cost("a", 1.0 + 20 * MEMORY) == LEAST


def test_what_an_alpha_says_counts_while_it_is_new() -> None:
    load = Load()
    load.begun("a")
    load.ended("a", 1.0, 0.01)
    load.told("a", 1.0, 90, 9)
    assert load.whole_cost("a", 1.0) == pytest.approx(1.0)
    assert load.pending("a", 1.0 + STALE + 1) is None
    assert load.whole_cost("a", 1.0 + STALE + 1) == load.cost("a", 1.0 + STALE + 1)
    assert load.whole_cost("b", 1.0) == LEAST


def test_forgets_who_left_once_nothing_is_in_flight() -> None:
    load = Load()
    load.begun("a")
    load.told("b", 1.0, 5, 0)
    load.keep(frozenset())
    assert (load.in_flight("a"), load.pending("b", 1.0)) == (1, None)
    load.ended("a", 1.0, 0.1)
    load.keep(frozenset())
    assert load.latency("a") == 0.0


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 5), st.floats(0, 60))))
def test_costs_are_always_positive_and_rise_with_each_request(steps: list[tuple[bool, float, float]]) -> None:
    load, now = Load(), 1.0
    for begins, after, seconds in steps:
        now += after
        if begins:
            load.begun("a")
        else:
            load.ended("a", now, seconds)
        before = load.cost("a", now)
        assert before >= LEAST
        load.begun("a")
        assert load.cost("a", now) > before
        load.ended("a", now, None)
