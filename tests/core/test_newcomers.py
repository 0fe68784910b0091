"""Where predicates go that no group owns yet."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from otterd.core.balance.newcomers import Newcomers
from otterd.core.cluster import Map
from tests.core.views import chart, group

ALL = (1, 2, 3)


def sized(*sizes: int, owners: dict[str, int] | None = None) -> Map:
    return chart((group(n, "", tablets=2, size=size) for n, size in enumerate(sizes, 1)), owners)


def placed(newcomers: Newcomers, tablet: str, charted: Map, among: tuple[int, ...] = ALL) -> int:
    group = newcomers.find([tablet], charted, among)
    newcomers.place([tablet], group)
    return group


def test_the_group_with_least_bytes_has_it_then_the_one_with_fewest_tablets() -> None:
    assert Newcomers().find(["0-a"], sized(30, 10, 20), ALL) == 2
    even = chart([group(1, "", tablets=3), group(2, "", tablets=1), group(3, "", tablets=2)])
    assert Newcomers().find(["0-a"], even, ALL) == 2


def test_a_group_that_cannot_be_written_is_left_out() -> None:
    assert Newcomers().find(["0-a"], sized(30, 10, 20), (1, 3)) == 3
    assert Newcomers().find(["0-a"], sized(30, 10, 20), ()) == 0
    assert Newcomers().find(["0-a"], sized(30), (7,)) == 0


@given(st.integers(1, 60))
def test_new_ones_spread_evenly_over_groups_of_one_size(count: int) -> None:
    newcomers, charted = Newcomers(), sized(500, 500, 500)
    counts = Counter(placed(newcomers, f"0-{n}", charted) for n in range(count))
    assert max(counts.values()) - min(counts[number] for number in ALL) <= 1


def test_a_group_with_much_data_is_spared_until_the_others_have_caught_up() -> None:
    newcomers, charted = Newcomers(), sized(600, 200, 200)
    first = Counter(placed(newcomers, f"0-{n}", charted) for n in range(4))
    assert first == {2: 2, 3: 2}
    later = Counter(placed(newcomers, f"0-{n}", charted) for n in range(4, 13))
    assert 1 in later


def test_the_same_one_goes_to_the_same_group_until_a_map_tells() -> None:
    newcomers, charted = Newcomers(), sized(1, 1, 1)
    group = placed(newcomers, "0-a", charted)
    assert [placed(newcomers, f"0-{n}", charted) for n in range(2)] == [2, 3]
    assert placed(newcomers, "0-a", charted) == group
    assert newcomers.find(["0-a", "0-b"], charted, ALL) == group


def test_a_placement_outlives_one_map_that_does_not_know_it_yet() -> None:
    newcomers = Newcomers()
    assert placed(newcomers, "0-a", sized(2, 1, 2)) == 2
    assert newcomers.find(["0-a"], sized(1, 2, 2), ALL) == 2
    assert newcomers.find(["0-a"], sized(1, 2, 2), ALL) == 1


def test_it_goes_elsewhere_when_its_group_cannot_be_written_any_more() -> None:
    newcomers, charted = Newcomers(), sized(2, 1, 2)
    assert placed(newcomers, "0-a", charted) == 2
    assert placed(newcomers, "0-a", charted, (1, 3)) == 1
    assert placed(newcomers, "0-a", charted) == 1


@given(st.lists(st.lists(st.integers(0, 60), max_size=6), max_size=60))
def test_what_it_holds_is_bounded_and_counted_rightly(writes: list[list[int]]) -> None:
    newcomers, charted = Newcomers(most=20), sized(1, 1, 1)
    for number, write in enumerate(writes):
        tablets = {f"0-{n}" for n in write}
        if number % 7 == 6:
            charted = sized(1, 1, 1, owners={"0-1": 1})
        newcomers.place(tablets, newcomers.find(tablets, charted, ALL))
        held = newcomers._old | newcomers._young
        assert len(newcomers._old) + len(newcomers._young) <= 20
        counts = Counter(held.values())
        assert {n: count for n, count in newcomers._coming.items() if count} == counts
