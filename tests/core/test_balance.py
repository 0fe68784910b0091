"""The policies, as properties."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otterd.core.balance import Ask, Purposeful, RoundRobin
from otterd.core.operation import Purpose
from otterd.gateway.corridor import Everyone

VIEW = Everyone(())

names = st.lists(st.sampled_from(["a:1", "b:1", "c:1", "d:1", "e:1"]), min_size=1, max_size=8)
groups = st.dictionaries(st.sampled_from(["query", "mutation", "upsert"]), names, min_size=1)


@given(names, st.integers(1, 50))
def test_round_robin_differs_by_one_turn_at_most(members: list[str], asked: int) -> None:
    policy = RoundRobin(members)
    turns = Counter(policy.order(Ask(Purpose.QUERY), VIEW)[0] for _ in range(asked))
    counts = [turns[member] for member in set(members)]
    assert max(counts) - min(counts) <= 1


@given(names)
def test_round_robin_offers_every_alpha_once(members: list[str]) -> None:
    policy = RoundRobin(members)
    for _ in members:
        assert sorted(policy.order(Ask(Purpose.QUERY), VIEW)) == sorted(set(members))


@given(groups, st.sampled_from(Purpose))
def test_purposeful_keeps_to_the_list_of_the_purpose(lists: dict[str, list[str]], purpose: Purpose) -> None:
    policy = Purposeful(lists)
    order = policy.order(Ask(purpose), VIEW)
    assert sorted(order) == sorted(policy.members(purpose))
    if purpose.value in lists:
        assert set(order) == set(lists[purpose.value])
    assert set(order) <= {member for members in lists.values() for member in members}


def test_an_upsert_without_a_list_goes_where_mutations_go() -> None:
    policy = Purposeful({"query": ["a:1"], "mutation": ["b:1"]})
    assert policy.order(Ask(Purpose.UPSERT), VIEW) == ("b:1",)


def test_no_alphas_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one alpha"):
        RoundRobin([])
