"""Where the graph sends a request."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otterd.core.balance import Ask, StateBased
from otterd.core.balance.ground import MOST_NAMED
from otterd.core.operation import Purpose
from tests.core.views import NAMES, Sight, asks, chart, group, sights

OWNERS = {"0-name": 1, "0-age": 1, "0-friend": 2, "0-email": 2, "0-city": 3, "1-name": 3}
SHARDED = chart(
    [
        group(1, "ab", leader="a", tablets=2, size=300),
        group(2, "cd", leader="d", tablets=2, size=200),
        group(3, "e", leader="e", learners="f", tablets=2, size=100),
    ],
    OWNERS,
)
ALIKE = chart([group(1, "abc", leader="b")], dict.fromkeys(OWNERS, 1))


def policy(seed: int = 1) -> StateBased:
    return StateBased(NAMES, Random(seed).random)


def query(*reads: str) -> Ask:
    return Ask(Purpose.QUERY, frozenset(reads), frozenset())


def mutation(*writes: str) -> Ask:
    return Ask(Purpose.MUTATION, frozenset(), frozenset(writes))


def firsts(ask: Ask, sight: Sight, times: int = 40) -> set[str]:
    chooser = policy()
    return {chooser.order(ask, sight)[0] for _ in range(times)}


# --- reads ---


def test_a_read_goes_to_the_group_that_owns_most_of_it() -> None:
    assert firsts(query("0-name", "0-age", "0-friend"), Sight(SHARDED)) == {"a:1", "b:1"}
    assert firsts(query("0-friend", "0-nobody"), Sight(SHARDED)) == {"c:1", "d:1"}


def test_a_read_of_two_groups_alike_goes_to_the_cheaper_of_either() -> None:
    ask = query("0-name", "0-friend")
    assert firsts(ask, Sight(SHARDED)) == {"a:1", "b:1", "c:1", "d:1"}
    busy = dict.fromkeys(("a:1", "b:1", "c:1"), 1.0)
    chooser = policy()
    chosen = Counter(chooser.order(ask, Sight(SHARDED, costs=busy))[0] for _ in range(400))
    assert chosen["d:1"] > 150


def test_a_learner_serves_reads() -> None:
    assert firsts(query("0-city"), Sight(SHARDED)) == {"e:1", "f:1"}


def test_another_namespaces_predicate_is_another() -> None:
    assert firsts(query("1-name"), Sight(SHARDED)) == {"e:1", "f:1"}


def test_reserved_predicates_are_at_home_in_group_1() -> None:
    assert firsts(query("2a-dgraph.type"), Sight(SHARDED)) == {"a:1", "b:1"}
    assert firsts(mutation("0-dgraph.type"), Sight(SHARDED)) == {"a:1"}


@pytest.mark.parametrize("reads", [None, frozenset(), frozenset(("0-nobody",))])
def test_a_read_that_tells_nothing_may_go_anywhere(reads: frozenset[str] | None) -> None:
    assert firsts(Ask(Purpose.QUERY, reads), Sight(SHARDED), 200) == set(NAMES)


def test_the_cheaper_of_two_is_taken() -> None:
    sight = Sight(SHARDED, costs={"a:1": 0.2, "b:1": 0.1})
    assert firsts(query("0-name"), sight) == {"b:1"}


def test_the_rest_of_the_group_comes_next_then_the_others_by_cost() -> None:
    costs = {"a:1": 2.0, "b:1": 1.0, "c:1": 0.4, "d:1": 0.1, "e:1": 0.3, "f:1": 0.2}
    order = policy().order(query("0-name"), Sight(SHARDED, costs=costs))
    assert order == ("b:1", "a:1", "d:1", "f:1", "e:1", "c:1")


def test_a_read_of_a_group_without_a_usable_alpha_is_tried_on_the_others() -> None:
    usable = frozenset(("a:1", "e:1"))
    assert firsts(query("0-friend"), Sight(SHARDED, usable)) == {"a:1", "e:1"}


@given(st.integers(0, 2**32))
def test_equally_busy_members_share_the_reads(seed: int) -> None:
    chooser = policy(seed)
    sight = Sight(ALIKE)
    turns = Counter(chooser.order(query("0-name"), sight)[0] for _ in range(600))
    assert set(turns) == {"a:1", "b:1", "c:1"}
    # Six standard deviations from 200.
    assert all(131 <= count <= 269 for count in turns.values())


def test_the_busiest_of_a_group_is_spared() -> None:
    sight = Sight(ALIKE, costs={"a:1": 0.2, "b:1": 0.1, "c:1": 0.1})
    assert firsts(query("0-name"), sight) == {"b:1", "c:1"}


# --- writes ---


def test_a_write_goes_to_the_leader_of_the_group_that_owns_most_of_it() -> None:
    assert firsts(mutation("0-friend", "0-email", "0-name"), Sight(SHARDED)) == {"d:1"}


def test_behind_the_leader_come_its_group_then_the_others_then_learners() -> None:
    costs = {"a:1": 0.3, "b:1": 0.2, "c:1": 9.0, "d:1": 9.0, "e:1": 0.1}
    order = policy().order(mutation("0-friend"), Sight(SHARDED, costs=costs))
    assert order == ("d:1", "c:1", "e:1", "b:1", "a:1", "f:1")


def test_while_the_leader_is_not_usable_its_group_is() -> None:
    usable = frozenset(NAMES) - {"d:1"}
    assert firsts(mutation("0-friend"), Sight(SHARDED, usable)) == {"c:1"}


def test_a_learner_takes_a_write_only_when_nobody_else_can() -> None:
    assert policy().order(mutation("0-city"), Sight(SHARDED))[-1] == "f:1"
    assert firsts(mutation("0-city"), Sight(SHARDED, frozenset(("f:1",)))) == {"f:1"}


def test_an_upsert_goes_by_what_it_writes_then_by_what_it_reads() -> None:
    def upsert(reads: set[str], writes: set[str] | None) -> set[str]:
        known = None if writes is None else frozenset(writes)
        return firsts(Ask(Purpose.UPSERT, frozenset(reads), known), Sight(SHARDED))

    assert upsert({"0-friend", "0-email"}, {"0-name"}) == {"a:1"}
    assert upsert({"0-friend"}, {"0-name", "0-email"}) == {"d:1"}
    assert upsert({"0-city"}, {"0-name", "0-email"}) == {"a:1", "d:1"}
    assert upsert({"0-friend"}, None) == {"d:1"}


def test_a_write_of_what_cannot_be_told_goes_to_a_leader() -> None:
    assert firsts(Ask(Purpose.MUTATION), Sight(SHARDED)) == {"a:1", "d:1", "e:1"}
    busy = Sight(SHARDED, costs={"a:1": 1.0, "d:1": 1.0})
    chooser = policy()
    assert Counter(chooser.order(Ask(Purpose.MUTATION), busy)[0] for _ in range(300))["e:1"] > 150


def test_owned_predicates_decide_over_new_ones() -> None:
    assert firsts(mutation("0-name", "0-new", "0-newer"), Sight(SHARDED)) == {"a:1"}


def test_a_new_predicate_is_first_written_where_least_data_is() -> None:
    assert firsts(mutation("0-new"), Sight(SHARDED)) == {"e:1"}


def test_many_new_predicates_spread() -> None:
    chooser = policy()
    even = chart([group(1, "a", leader="a"), group(2, "b", leader="b"), group(3, "c", leader="c")])
    chosen = Counter(chooser.order(mutation(f"0-new{n}"), Sight(even))[0] for n in range(30))
    assert chosen == {"a:1": 10, "b:1": 10, "c:1": 10}


def test_an_alter_goes_where_least_data_is_for_there_its_new_predicates_will_live() -> None:
    assert firsts(Ask(Purpose.ALTER), Sight(SHARDED)) == {"e:1"}
    assert firsts(Ask(Purpose.ALTER, writes=frozenset(("0-friend",))), Sight(SHARDED)) == {"d:1"}


# --- all else ---


def test_admin_goes_to_the_first_groups_leader() -> None:
    assert firsts(Ask(Purpose.ADMIN), Sight(SHARDED)) == {"a:1"}


@pytest.mark.parametrize("purpose", [Purpose.COMMIT, Purpose.LOGIN, Purpose.GRAPHQL, Purpose.STATE])
def test_what_any_alpha_does_alike_goes_by_load(purpose: Purpose) -> None:
    busy = Sight(SHARDED, costs=dict.fromkeys(NAMES[1:], 1.0))
    assert firsts(Ask(purpose, pin="c:1"), Sight(SHARDED), 200) == set(NAMES)
    chooser = policy()
    chosen = Counter(chooser.order(Ask(purpose), busy)[0] for _ in range(600))
    # A third of all pairs holds the idle one; by chance alone it would be a sixth.
    assert chosen["a:1"] > 150


def test_graphql_goes_by_what_the_alphas_say_they_have_to_do() -> None:
    busy = Sight(SHARDED, pending=dict.fromkeys(NAMES[1:], 1.0))
    chooser = policy()
    chosen = Counter(chooser.order(Ask(Purpose.GRAPHQL), busy)[0] for _ in range(600))
    assert chosen["a:1"] > 150
    chosen = Counter(chooser.order(Ask(Purpose.LOGIN), busy)[0] for _ in range(600))
    assert chosen["a:1"] < 150


@pytest.mark.parametrize("ask", [query("0-name"), mutation("0-name"), mutation("0-new"), Ask(Purpose.ADMIN)])
def test_without_a_map_it_goes_by_load(ask: Ask) -> None:
    assert firsts(ask, Sight(), 200) == set(NAMES)
    assert "told" in policy().why(ask, Sight())


@given(asks, sights)
def test_it_sees_at_once_who_is_usable(ask: Ask, sight: Sight) -> None:
    chooser, fresh = policy(), policy()
    chooser.order(Ask(Purpose.QUERY), Sight(sight.map, frozenset(("a:1",))))
    assert set(chooser.order(ask, sight)) == set(fresh.order(ask, sight))


def test_it_sees_at_once_who_leads_and_owns() -> None:
    chooser, sight = policy(), Sight(SHARDED)
    asked = (query("0-friend"), mutation("0-friend"))
    assert {chooser.order(ask, sight)[0] for ask in asked} <= {"c:1", "d:1"}
    sight.map = chart([group(1, "ab", leader="b"), group(2, "cd", leader="c")], {"0-friend": 1})
    assert chooser.order(asked[0], sight)[0] in ("a:1", "b:1")
    assert chooser.order(asked[1], sight)[0] == "b:1"


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (query("0-friend"), "usable members of group 2, for most of what it reads is there"),
        (mutation("0-name", "0-email"), "usable leaders of groups 1, 2, for most of what it writes is there"),
        (mutation("0-new"), "usable leaders of group 3, for what it may make new will live there"),
        (Ask(Purpose.MUTATION), "usable leaders, for nothing tells which group owns"),
        (Ask(Purpose.QUERY), "usable alphas, for nothing tells which group owns"),
        (Ask(Purpose.COMMIT), "usable alphas, for any alpha may serve it"),
        (Ask(Purpose.QUERY, pin="c:1"), "the alpha that began the transaction"),
    ],
)
def test_it_says_why(ask: Ask, told: str) -> None:
    assert told in policy().why(ask, Sight(SHARDED))


def test_what_touches_very_many_tablets_is_not_remembered() -> None:
    policy = StateBased(("a", "b"), lambda: 0.0)
    sight = Sight(SHARDED)
    for count in (MOST_NAMED, MOST_NAMED + 1):
        tablets = frozenset(f"0-{at}" for at in range(count))
        policy.order(Ask(Purpose.QUERY, tablets, frozenset()), sight)
    assert [len(key) for key in policy._ground.known if isinstance(key, frozenset)] == [MOST_NAMED]
