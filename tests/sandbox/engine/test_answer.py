"""What the pairs observed at an alpha do not show: variables for mutations, and limits."""

from __future__ import annotations

import pytest

from otterd.sandbox.asking import Question
from otterd.sandbox.engine.answer import answer
from otterd.sandbox.failures import Failed
from otterd.sandbox.values import Value
from tests.sandbox.engine.test_observed import graph

ADA, CHARLES = 0x841, 0x83C


def test_hands_out_the_variables_that_a_mutation_needs() -> None:
    text = '{ u as var(func: eq(eng.name, "Ada Lovelace")) { a as eng.age } }'
    result = answer(*graph(), Question(text, needed=frozenset(("u", "a"))))
    assert result.uids["u"] == [ADA]
    assert result.values["a"] == {ADA: Value("int", 36)}
    assert result.json == b"{}"


def test_hands_out_nothing_for_a_variable_that_found_nothing() -> None:
    text = '{ u as var(func: eq(eng.name, "nobody")) }'
    result = answer(*graph(), Question(text, needed=frozenset("u")))
    assert result.uids["u"] == []


@pytest.mark.parametrize(("name", "holds"), [("Ada Lovelace", False), ("nobody", True)])
def test_tells_whether_the_condition_of_an_upsert_holds(name: str, holds: bool) -> None:
    text = f'{{ u as var(func: eq(eng.name, "{name}")) c as var(func: uid(0)) @filter(eq(len(u), 0)) }}'
    result = answer(*graph(), Question(text, needed=frozenset(("u", "c"))))
    assert (result.uids["c"] == [0]) is holds


def test_says_what_is_wrong_as_an_alpha_does() -> None:
    with pytest.raises(Failed) as caught:
        answer(*graph(), Question("{ q(func: eq(eng.score, 7)) { uid } }"))
    assert caught.value.text == ": Predicate eng.score is not indexed"


@pytest.mark.parametrize("depth", [50, 90])
def test_goes_down_many_levels(depth: int) -> None:
    text = f"{{ q(func: uid({CHARLES})) {'{ eng.friend ' * depth}{{ uid }}{' }' * depth} }}"
    assert answer(*graph(), Question(text)).json.startswith(b'{"q":[')


def test_refuses_what_is_nested_too_deep() -> None:
    text = f"{{ q(func: uid({CHARLES})) {'{ eng.boss ' * 1000}{{ uid }}{' }' * 1000} }}"
    with pytest.raises(Failed, match="deep"):
        answer(*graph(), Question(text))


def test_groups_no_nodes_that_stand_in_another_order_than_their_uids() -> None:
    text = f"{{ q(func: uid({ADA}, {CHARLES}), %s: eng.age) @groupby(eng.age) {{ count(uid) }} }}"
    assert answer(*graph(), Question(text % "orderdesc")).json.count(b'"count":1') == 2
    with pytest.raises(Failed, match=r"sandbox: @groupby of nodes in another order .* is not supported"):
        answer(*graph(), Question(text % "orderasc"))


@pytest.mark.parametrize("order", ["", ", orderasc: eng.name"])
def test_counts_nothing_where_a_variable_holds_nothing(order: str) -> None:
    text = f"{{ var(func: uid(7)) {{ a as eng.age }} q(func: ge(val(a), 0){order}) {{ count(uid) }} }}"
    assert answer(*graph(), Question(text)).json == b'{"q":[]}'
