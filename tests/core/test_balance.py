"""What holds for every policy, and whose turn it is in those that take turns."""

from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otterd.config.schema import Balancer, Config
from otterd.core.balance import (
    Ask,
    AvoidLeaders,
    LeadersOnly,
    Policy,
    Purposeful,
    ReadsAndWrites,
    RoundRobin,
    RoundRobinHealthy,
    StateBased,
    policy_for,
)
from otterd.core.operation import Purpose
from tests.core.views import NAMES, Sight, addresses, asks, chances, chart, group, lists, sights

QUERY = Ask(Purpose.QUERY)
SIGHT = Sight()
COUNTED = (RoundRobin, RoundRobinHealthy, AvoidLeaders, LeadersOnly)
groups = st.dictionaries(st.sampled_from(["query", "mutation", "upsert"]), lists, min_size=1)


@st.composite
def policies(draw: st.DrawFn, *, blind: bool = True) -> Policy:
    """Draw a policy of each kind; `blind` allows the one that sees no health."""
    kinds = [each for each in Balancer if blind or each is not Balancer.ROUND_ROBIN]
    balancer = draw(st.sampled_from(kinds))
    by_purpose = draw(groups)
    if balancer is Balancer.READS_AND_WRITES:
        by_purpose = {"query": draw(lists), "mutation": draw(lists)}
    config = Config(balancer_type=balancer, dgraph_endpoints=tuple(draw(lists)), groups=by_purpose)  # type: ignore[arg-type]
    return policy_for(config, draw(chances).random)


@given(policies(), st.lists(st.tuples(asks, sights), min_size=1, max_size=6))
def test_an_order_is_never_empty_and_holds_each_alpha_once(
    policy: Policy, asked: list[tuple[Ask, Sight]]
) -> None:
    for ask, sight in asked:
        order = policy.order(ask, sight)
        assert order
        assert len(order) == len(set(order))
        assert set(order) <= set(policy.members(ask.purpose))


@given(policies(blind=False), st.lists(st.tuples(asks, sights), min_size=1, max_size=6))
def test_only_usable_alphas_are_tried_while_there_is_one(
    policy: Policy, asked: list[tuple[Ask, Sight]]
) -> None:
    for ask, sight in asked:
        members = set(policy.members(ask.purpose))
        order = set(policy.order(ask, sight))
        usable = members & sight.usable
        if not usable:
            assert order == members
        else:
            assert order <= usable
            assert order == usable or isinstance(policy, LeadersOnly)


@given(policies(), asks, sights)
def test_the_pin_comes_first_where_it_may_be_asked(policy: Policy, ask: Ask, sight: Sight) -> None:
    order = policy.order(ask, sight)
    if ask.purpose in (Purpose.QUERY, Purpose.MUTATION, Purpose.UPSERT) and ask.pin in order:
        assert order[0] == ask.pin
        assert sorted(order) == sorted(set(order))


@given(policies(), asks, sights)
def test_each_policy_says_why_in_words_of_its_own(policy: Policy, ask: Ask, sight: Sight) -> None:
    sentence = policy.why(ask, sight)
    assert sentence
    told = (*(ask.reads or ()), *(ask.writes or ()))
    assert not any(tablet in sentence for tablet in told)


@given(asks, sights)
def test_to_say_why_changes_no_order(ask: Ask, sight: Sight) -> None:
    policy, other = (StateBased(NAMES, Random(1).random) for _ in range(2))
    other.why(ask, sight)
    assert policy.order(ask, sight) == other.order(ask, sight)


@given(st.sampled_from(COUNTED), addresses, st.lists(st.tuples(addresses, addresses), max_size=25))
def test_of_two_that_may_always_have_the_turn_none_is_two_ahead(
    kind: type[Policy], always: frozenset[str], states: list[tuple[frozenset[str], frozenset[str]]]
) -> None:
    policy = kind(NAMES)  # type: ignore[call-arg]
    turns: Counter[str] = Counter()
    for usable, leaders in states:
        leaders = leaders | always if kind is LeadersOnly else leaders - always
        letters = [leader[0] for leader in leaders]
        sight = Sight(chart(group(n, at, leader=at) for n, at in enumerate(letters, 1)), usable | always)
        turns[policy.order(QUERY, sight)[0]] += 1
    counts = [turns[member] for member in always]
    assert not counts or max(counts) - min(counts) <= 1


@given(st.lists(st.booleans(), max_size=30))
def test_a_pin_is_nobodys_turn(pinned: list[bool]) -> None:
    policy = RoundRobinHealthy(NAMES[:3])
    turns: Counter[str] = Counter()
    for pin in pinned:
        order = policy.order(Ask(Purpose.QUERY, pin="b:1" if pin else ""), SIGHT)
        turns[order[0]] += not pin
    assert max(turns.values(), default=0) - min(turns.get(name, 0) for name in NAMES[:3]) <= 1


def test_round_robin_is_blind_to_health() -> None:
    policy = RoundRobin(NAMES[:3])
    assert policy.order(QUERY, Sight(usable=frozenset(("a:1",)))) == ("a:1", "b:1", "c:1")
    assert policy.order(QUERY, Sight(usable=frozenset(("a:1",)))) == ("b:1", "c:1", "a:1")


def test_leaders_are_avoided_but_not_given_up() -> None:
    sight = Sight(chart([group(1, "abc", leader="a")]), frozenset(NAMES[:3]))
    policy = AvoidLeaders(NAMES[:3])
    assert [policy.order(QUERY, sight)[0] for _ in range(4)] == ["b:1", "c:1", "b:1", "c:1"]
    assert policy.order(QUERY, sight)[-1] == "a:1"
    sight.usable = frozenset(("a:1",))
    assert policy.order(QUERY, sight) == ("a:1",)


def test_only_leaders_are_asked_until_none_is_usable() -> None:
    sight = Sight(chart([group(1, "abc", leader="a"), group(2, "d", leader="d")]), frozenset(NAMES[:4]))
    policy = LeadersOnly(NAMES[:4])
    assert [policy.order(QUERY, sight) for _ in range(2)] == [("a:1", "d:1"), ("d:1", "a:1")]
    sight.usable = frozenset(("b:1", "d:1"))
    assert policy.order(QUERY, sight) == ("d:1",)
    sight.usable = frozenset(("b:1", "c:1"))
    assert sorted(policy.order(QUERY, sight)) == ["b:1", "c:1"]


@given(groups, st.sampled_from(Purpose))
def test_purposeful_keeps_to_the_list_of_the_purpose(by: Mapping[str, list[str]], purpose: Purpose) -> None:
    policy = Purposeful(by)
    order = policy.order(Ask(purpose), SIGHT)
    assert sorted(order) == sorted(policy.members(purpose))
    if purpose.value in by:
        assert set(order) == set(by[purpose.value])
    assert set(order) <= {member for members in by.values() for member in members}


def test_purposeful_asks_the_dead_of_its_list_before_the_well_of_another() -> None:
    policy = Purposeful({"query": ["a:1"], "mutation": ["b:1"]})
    assert policy.order(QUERY, Sight(usable=frozenset(("b:1",)))) == ("a:1",)
    assert policy.order(Ask(Purpose.QUERY, pin="b:1"), SIGHT) == ("a:1",)


def test_an_upsert_without_a_list_goes_where_mutations_go() -> None:
    policy = Purposeful({"query": ["a:1"], "mutation": ["b:1"]})
    assert policy.order(Ask(Purpose.UPSERT), SIGHT) == ("b:1",)


@pytest.mark.parametrize("purpose", Purpose)
def test_reads_and_writes_are_kept_apart(purpose: Purpose) -> None:
    policy = ReadsAndWrites({"query": ["a:1", "b:1"], "mutation": ["c:1"], "upsert": ["d:1"]})
    expected = {
        "query": {"a:1", "b:1"},
        "graphql": {"a:1", "b:1"},
        "state": {"a:1", "b:1"},
        "commit": {"a:1", "b:1", "c:1"},
        "login": {"a:1", "b:1", "c:1"},
    }
    assert set(policy.order(Ask(purpose), SIGHT)) == expected.get(purpose, {"c:1"})


@pytest.mark.parametrize("balancer", [each for each in Balancer if not each.by_groups])
def test_alphas_that_were_found_join_those_of_the_file(balancer: Balancer) -> None:
    config = Config(balancer_type=balancer, dgraph_endpoints=("a:1",))
    policy = policy_for(config, Random(1).random, ["b:1", "a:1"])
    assert policy.members(Purpose.QUERY) == ("a:1", "b:1")


@pytest.mark.parametrize("kind", [*COUNTED, lambda members: StateBased(members, Random(1).random)])
def test_no_alphas_is_refused(kind: Any) -> None:
    with pytest.raises(ValueError, match="at least one alpha"):
        kind([])
