"""How much may be tried again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otterd.core.budget import WINDOW, Budget

times = st.lists(st.tuples(st.floats(0, 3), st.booleans()), max_size=200)


def test_a_few_at_once_are_free_then_a_share_of_the_load() -> None:
    budget = Budget(share=0.2, least=3)
    assert [budget.spend(0.0) for _ in range(4)] == [True, True, True, False]
    for _ in range(20):
        budget.request(0.5)
    assert [budget.spend(0.5) for _ in range(2)] == [True, False]


def test_the_few_come_back_with_the_next_second() -> None:
    budget = Budget(share=0.2, least=1)
    assert [budget.spend(now) for now in (0.0, 0.9, 1.0, 1.1)] == [True, False, True, False]


@pytest.mark.parametrize(("now", "allowed"), [(WINDOW - 0.1, True), (WINDOW, False), (1e9, False)])
def test_load_counts_for_the_window(now: float, allowed: bool) -> None:
    budget = Budget(share=0.05, least=0)
    for _ in range(20):
        budget.request(0.0)
    assert budget.spend(now) is allowed


def test_what_was_spent_counts_for_the_window_too() -> None:
    budget = Budget(share=0.05, least=0)
    for _ in range(20):
        budget.request(0.0)
    assert budget.spend(0.0)
    for _ in range(19):
        budget.request(5.0)
    assert not budget.spend(9.0)
    budget.request(10.0)
    assert budget.spend(10.0)


def test_a_clock_that_stands_still_or_starts_anywhere_will_do() -> None:
    budget = Budget(share=0.0, least=1)
    assert [budget.spend(1e6), budget.spend(1e6)] == [True, False]


@given(times, st.sampled_from([0.05, 0.2]), st.integers(0, 3))
def test_no_more_is_spent_than_the_share_and_the_few_of_each_second(
    script: list[tuple[float, bool]], share: float, least: int
) -> None:
    budget, now, asked = Budget(share, least), 0.0, 0
    spent: list[int] = []
    for passed, request in script:
        now += passed
        if request:
            budget.request(now)
            asked += 1
        elif budget.spend(now):
            spent.append(int(now))
    beyond = sum(max(0, spent.count(second) - least) for second in set(spent))
    assert beyond <= share * asked
    assert len(spent) <= share * asked + least * len(set(spent))


def test_what_was_asked_and_spent_of_late_can_be_seen() -> None:
    budget = Budget()
    budget.request(0.0)
    budget.spend(0.0)
    budget.request(5.0)
    assert budget.recent(9.0) == (2, 1)
    assert budget.recent(12.0) == (1, 0)
