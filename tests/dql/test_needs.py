"""What indexes a query wants, as an alpha of v25.4 asked for them."""

import pytest

from otterd.dql.document import parse_query
from otterd.dql.needs import Stored, needs

SCHEMA = {
    "name": Stored("string"),
    "term": Stored("string", frozenset(("term",))),
    "exact": Stored("string", frozenset(("exact", "trigram"))),
    "age": Stored("int", frozenset(("int",))),
    "born": Stored("datetime"),
    "place": Stored("geo"),
    "knows": Stored("uid"),
    "likes": Stored("uid", count=True, reverse=True),
    "here": Stored("geo", frozenset(("geo",))),
    "good": Stored("bool", frozenset(("bool",))),
    "secret": Stored("password"),
    "old": Stored("default"),
    "vector": Stored("float32vector"),
    "like": Stored("float32vector", vectors=True),
}


@pytest.mark.parametrize(
    ("call", "at_root", "in_filter"),
    [
        ('eq(name, "a")', "`name` has no index for `eq`; add @index(exact)", ""),
        ('eq(term, "a")', "", ""),
        ('ge(term, "a")', "`term` has no index for `ge`; add @index(exact)", ""),
        ('ge(exact, "a")', "", ""),
        ("le(age, 3)", "", ""),
        ('between(born, "2001", "2002")', "`born` has no index for `between`; add @index(hour)", ""),
        ("eq(count(knows), 1)", "`knows` has no count index for `eq`; add @count", ""),
        ("eq(count(likes), 1)", "", ""),
        ("regexp(name, /abc/)", "`name` has no index for `regexp`; add @index(trigram)", ""),
        ("regexp(exact, /abc/)", "", ""),
        ('eq(unknown, "a")', "", ""),
        ("has(name)", "", ""),
        ("eq(good, true)", "", ""),
        ("ge(good, true)", "`good` has no index for `ge`; its type bool can have none", ""),
        ('eq(here, "{}")', "`here` has no index for `eq`; its type geo can have none", ""),
        ('eq(secret, "abcdef")', "`secret` has no index for `eq`; its type password can have none", ""),
        ('le(old, "a")', "`old` has no index for `le`; its type default can have none", ""),
        ("regexp(age, /abc/)", "`age` has no index for `regexp`; its type int can have none", ""),
        ("eq(knows, 1)", "`knows` has no index for `eq`; its type uid can have none", ""),
        ('similar_to(like, 3, "[1]")', "", ""),
    ],
)
def test_a_root_wants_more_than_a_filter(call: str, at_root: str, in_filter: str) -> None:
    root = needs(parse_query(f"{{ q(func: {call}) {{ uid }} }}"), SCHEMA)
    assert root == [at_root] * bool(at_root)
    inner = needs(parse_query(f"{{ q(func: uid(1)) {{ knows @filter({call}) {{ uid }} }} }}"), SCHEMA)
    assert inner == [in_filter] * bool(in_filter)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ('match(name, "a", 2)', "`name` has no index for `match`; add @index(trigram)"),
        ('anyofterms(age, "a")', "`age` has no index for `anyofterms`; its type int can have none"),
        (
            'similar_to(vector, 3, "[1]")',
            '`vector` has no index for `similar_to`; add @index(hnsw(metric:"euclidean"))',
        ),
        ('similar_to(age, 3, "[1]")', "`age` has no index for `similar_to`; its type int can have none"),
        ("near(place, [1.0, 1.0], 10)", "`place` has no index for `near`; add @index(geo)"),
    ],
)
def test_some_functions_want_their_own_index_everywhere(call: str, told: str) -> None:
    text = f"{{ q(func: {call}) @filter({call}) {{ ...f }} }} fragment f {{ a @filter({call}) {{ b }} }}"
    assert needs(parse_query(text), SCHEMA) == [told]


def test_a_way_back_wants_reverse_edges() -> None:
    text = "{ q(func: uid(1)) { knows { ~knows { uid } } ~likes { uid } } }"
    assert needs(parse_query(text), SCHEMA) == ["`knows` has no reverse edges for `~knows`; add @reverse"]
    text = "{ q(func: uid(1)) { ~name { uid } } }"
    told = "`name` has no reverse edges for `~name`; its type string can have none"
    assert needs(parse_query(text), SCHEMA) == [told]
