"""Each key has a bucket of its own; the table of buckets has a limit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otterd.guard.rates import Rates


def test_a_burst_passes_and_then_one_request_each_gap() -> None:
    rates = Rates(10, 3)
    assert [rates.take("a", 0.0) for _ in range(3)] == [0.0] * 3
    assert rates.take("a", 0.0) == pytest.approx(0.1)
    assert rates.take("a", 0.09) == pytest.approx(0.01)
    assert rates.take("a", 0.1) == 0.0
    assert rates.take("a", 0.1) == pytest.approx(0.1)


def test_what_is_refused_costs_nothing() -> None:
    rates = Rates(1, 1)
    assert rates.take("a", 0.0) == 0.0
    assert [rates.take("a", 0.5) for _ in range(9)] == [pytest.approx(0.5)] * 9
    assert rates.take("a", 1.0) == 0.0


def test_a_clock_set_back_locks_nobody_out() -> None:
    rates = Rates(2, 2)
    rates.take("a", 5000.0)
    assert rates.take("a", 100.0) == pytest.approx(0.5)
    assert rates.take("a", 100.5) == 0.0


def test_keys_do_not_share() -> None:
    rates = Rates(1, 1)
    assert rates.take("a", 0.0) == rates.take("b", 0.0) == 0.0


@pytest.mark.parametrize(
    ("rps", "burst", "passed"), [(5, 0, 5), (0.5, 0, 1), (2.5, 0, 3), (5, 1, 1), (1, 7, 7)]
)
def test_an_unset_burst_is_one_second_of_requests(rps: float, burst: int, passed: int) -> None:
    rates = Rates(rps, burst)
    assert sum(not rates.take("a", 0.0) for _ in range(20)) == passed


def test_zero_is_no_limit() -> None:
    rates = Rates(0, 3)
    assert not any(rates.take("a", 0.0) for _ in range(100))
    assert len(rates) == 0


def test_a_full_bucket_is_forgotten_before_one_in_use() -> None:
    rates = Rates(1, 2, most=3)
    rates.take("spent", 0.0)
    rates.take("spent", 0.0)
    rates.take("full", 0.0)
    rates.take("late", 1.5)
    rates.take("new", 1.5)
    assert len(rates) == 3
    assert rates.take("spent", 1.5) == 0.0
    assert rates.take("spent", 1.5) == pytest.approx(0.5)


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.floats(0, 2)), max_size=60))
def test_the_table_keeps_its_limit_and_no_key_passes_its_rate(steps: list[tuple[str, float]]) -> None:
    wide, narrow, now = Rates(2, 3), Rates(2, 3, most=4), 0.0
    passed: dict[str, int] = {}
    for key, pause in steps:
        now += pause
        narrow.take(key, now)
        assert len(narrow) <= 4
        if not wide.take(key, now):
            passed[key] = passed.get(key, 0) + 1
            assert passed[key] <= 3 + 2 * now + 1e-6
