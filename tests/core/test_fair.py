"""The line in which callers take turns."""

from hypothesis import given
from hypothesis import strategies as st

from otterd.core.fair import Fair


def filled(*items: tuple[str, str]) -> Fair[str]:
    line: Fair[str] = Fair()
    for at, (caller, item) in enumerate(items):
        line.push(caller, item, float(at))
    return line


def test_callers_take_turns_whoever_asks_most() -> None:
    line = filled(("a", "a1"), ("a", "a2"), ("a", "a3"), ("b", "b1"), ("c", "c1"))
    assert [line.pop() for _ in range(5)] == ["a1", "b1", "c1", "a2", "a3"]
    assert line.pop() is None


def test_who_does_not_fit_is_passed_over_and_keeps_its_place() -> None:
    line = filled(("a", "a1"), ("b", "b1"))
    assert line.pop(lambda item: item == "b1") == "b1"
    assert line.pop(lambda item: False) is None
    assert len(line) == 1
    assert line.pop() == "a1"


def test_who_fits_one_place_alone_is_served_though_others_fit_every_place() -> None:
    line = filled(("few", "right"), *((caller, "left or right") for caller in ("two", "three") * 40))
    served = [
        line.pop(lambda item, place=place: place in item) for _ in range(3) for place in ("left", "right")
    ]
    assert served[1] == "right"


def test_sheds_the_youngest_of_the_longest_line() -> None:
    line = filled(("a", "a1"), ("b", "b1"), ("b", "b2"), ("b", "b3"))
    assert line.shed() == "b3"
    assert [line.shed() for _ in range(4)] == ["b2", "a1", "b1", None]


def test_tells_who_has_waited_longest() -> None:
    line = filled(("a", "a1"), ("b", "b1"))
    assert line.oldest() == 0.0
    assert line.remove("a", "a1")
    assert not line.remove("a", "a1")
    assert line.oldest() == 1.0
    line.pop()
    assert line.oldest() is None


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers()), max_size=60))
def test_nobody_is_lost_and_each_caller_is_served_in_order(pushed: list[tuple[str, int]]) -> None:
    line: Fair[tuple[str, int, int]] = Fair()
    for at, (caller, number) in enumerate(pushed):
        line.push(caller, (caller, number, at), float(at))
    assert len(line) == len(pushed)
    served = []
    while (item := line.pop()) is not None:
        served.append(item)
    assert sorted(served, key=lambda item: item[2]) == [(c, n, at) for at, (c, n) in enumerate(pushed)]
    for caller in "abcd":
        own = [at for c, _, at in served if c == caller]
        assert own == sorted(own)


@given(st.integers(1, 40), st.integers(1, 40))
def test_a_caller_that_asks_once_waits_for_one_turn_of_each_other(busy: int, others: int) -> None:
    line: Fair[str] = Fair()
    for at in range(busy):
        line.push("greedy", f"greedy{at}", 0.0)
    for at in range(others):
        line.push(f"other{at}", f"other{at}", 1.0)
    line.push("late", "late", 2.0)
    served = [line.pop() for _ in range(busy + others + 1)]
    assert served.index("late") <= others + 1


@given(st.lists(st.sampled_from("abcd"), max_size=20), st.sampled_from("abcde"))
def test_a_line_exceeds_whose_would_still_be_shorter_with_a_place_of_it(
    pushed: list[str], caller: str
) -> None:
    line = filled(*((each, each) for each in pushed))
    assert line.exceeds(caller) is any(pushed.count(each) > pushed.count(caller) + 1 for each in "abcd")
