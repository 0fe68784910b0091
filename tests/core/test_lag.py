"""How old what an alpha knows may be."""

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from otterd.core.lag import GONE, KEPT, Lag


def lag(*told: tuple[str, float, int]) -> Lag:
    made = Lag()
    for address, asked, applied in told:
        made.told(address, asked, applied)
    return made


def test_nothing_can_be_said_of_a_silent_one() -> None:
    assert Lag().staleness("a", 1.0) is None
    assert lag(("a", 0.0, 5)).staleness("a", GONE + 1) is None
    assert Lag().behind("a", ("a", "b")) == 0.0


def test_alone_it_is_as_old_as_its_last_word() -> None:
    assert lag(("a", 1.0, 5)).staleness("a", 3.0) == 2.0


def test_it_has_caught_up_with_the_last_moment_at_which_each_other_knew_no_more() -> None:
    made = lag(("a", 1.0, 10), ("b", 1.5, 10), ("b", 2.5, 11), ("a", 3.0, 10), ("c", 2.0, 9))
    assert made.staleness("a", 4.0) == 2.5
    assert made.staleness("b", 4.0) == 2.0
    made.told("a", 4.5, 11)
    assert made.staleness("a", 5.0) == 3.0


def test_one_that_died_counts_until_an_election_is_over() -> None:
    made = lag(("a", 0.9, 99), ("b", 0.5, 10), ("c", 0.5, 10))
    for second in range(1, 30):
        for survivor in "bc":
            made.told(survivor, float(second), 10)
    assert made.staleness("b", GONE) is None
    assert made.staleness("b", 29.0) == 0.0


def test_one_that_is_cut_off_from_most_is_as_old_as_what_they_last_told() -> None:
    made = lag(("a", 1.0, 10), ("b", 1.0, 10), ("c", 1.0, 10))
    made.keep("abc")
    for second in range(2, 50):
        made.told("b", float(second), 10)
    assert made.staleness("b", 49.0) == 48.0
    made.told("a", 49.0, 10)
    assert made.staleness("b", 49.0) == 0.0


def test_nothing_can_be_said_while_half_of_all_never_told() -> None:
    made = lag(("a", 1.0, 10), ("b", 1.0, 10))
    made.keep("abcd")
    assert made.staleness("b", 1.0) is None
    made.keep("abc")
    made.told("b", 30.0, 10)
    assert made.staleness("b", 30.0) == 29.0


def test_who_is_further_behind_than_is_remembered_is_behind_without_measure() -> None:
    made = lag(("a", 0.0, 1), ("b", 0.0, 2))
    made.told("a", KEPT + 5, 1)
    made.told("b", KEPT + 5, 3)
    assert made.behind("a", ("a", "b")) == inf
    assert made.behind("b", ("a", "b")) == 0.0


def test_how_far_behind_does_not_depend_on_how_often_is_asked() -> None:
    made = lag(("a", 0.0, 1), ("b", 0.0, 1), ("b", 100.0, 1))
    assert made.behind("a", ("a", "b")) == 0.0


def test_those_who_left_are_forgotten() -> None:
    made = lag(("a", 0.0, 1), ("b", 1.0, 2))
    made.keep(("a",))
    assert made.staleness("a", 1.0) == 1.0
    assert made.staleness("b", 1.0) is None


def test_words_of_an_idle_cluster_take_no_room() -> None:
    made = Lag()
    for second in range(1000):
        made.told("a", float(second), 7)
    assert len(made._told["a"].words) == 1


@given(st.data())
def test_it_is_never_older_than_said(data: st.DataObject) -> None:
    """Replay a cluster whose every commit is known, and compare with what each alpha really had."""
    commits = sorted(data.draw(st.lists(st.floats(0, 20), max_size=30)))
    delays = {name: data.draw(st.lists(st.floats(0, 8), min_size=30, max_size=30)) for name in "ab"}

    def applied(name: str, moment: float) -> int:
        """Return how many commits it had applied, in order; the first, c, has each at once."""
        count = 0
        for at, delay in zip(commits, delays.get(name, [0.0] * 30), strict=False):
            if at + delay > moment:
                break
            count += 1
        return count

    made, now = Lag(), 0.0
    for asked in sorted(data.draw(st.lists(st.tuples(st.floats(0, 25), st.sampled_from("abc"))))):
        now = asked[0]
        made.told(asked[1], now, applied(asked[1], now))
        for name in "ab":
            said = made.staleness(name, now)
            others = [other for other in "abc" if other in made._told]
            if said is None or "c" not in others or now - made._told["c"].words[-1][0] > GONE:
                continue
            assert applied(name, now) >= applied("c", now - said)
