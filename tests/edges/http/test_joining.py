"""Queries of several upserts become one, or are refused."""

import pytest

from otterd.edges.http.joining import Text, join
from otterd.errors import BadRequest


def joined(*queries: str) -> str:
    return join([Text(query, "") for query in queries])


def test_one_query_stays_as_it_is():
    odd = 'query q($a: int) { q(func: eq(n, $a)) { ...f } } fragment f { n # "'
    assert joined(f" {odd} ") == odd


def test_equal_queries_are_asked_once():
    assert (
        joined("{ v as var(func: has(n)) }", " { v as var(func: has(n)) }\n") == "{ v as var(func: has(n)) }"
    )


def test_blocks_stand_one_after_the_other():
    assert (
        joined(
            "{ a as var(func: has(n)) }",
            "query { b as var(func: has(m)) # }\n}",
            "query three{q(func: uid(1)){n}}",
        )
        == "{ a as var(func: has(n)) \n b as var(func: has(m)) # }\n\nq(func: uid(1)){n}\n}"
    )


@pytest.mark.parametrize(
    "query",
    [
        '{ q(func: eq(n, "}{\\"(")) { n } }',
        '{ q(func: regexp(n, /[})("]\\/#/i)) { n } }',
        '{ q(func: has(<p}#">)) { n } }'.replace('}#"', "p#p"),
        '{ q(func: has(n)) { n # } " (\n } }',
        "{ q(func: has(n)) @filter(eq(n, 1) AND (has(m) OR has(o))) @cascade(n) { n (first: 1) { m } } }",
        "{ q as var(func: has(n)) x(func: uid(q)) { c: math(1 / 2) } }",
    ],
)
def test_brackets_in_strings_and_the_like_do_not_count(query):
    assert (
        joined(query, "{ other(func: has(n)) { n } }")
        == f"{{{query[1:-1]}\n other(func: has(n)) {{ n }} \n}}"
    )


@pytest.mark.parametrize(
    "query",
    [
        "query q($a: int) { q(func: eq(n, $a)) { n } }",
        "{ q(func: has(n)) { ...f } } fragment f { n }",
        "{ q(func: has(n)) { n }",
        "{ q(func: has(n)) { n } } }",
        "{ q(func: has(n) { n } }",
        '{ q(func: eq(n, "x)) { n } }',
        "schema {}",
        "q(func: has(n)) { n }",
        "",
        "{ } { }",
    ],
)
def test_what_is_not_plain_blocks_is_refused(query):
    with pytest.raises(BadRequest, match="query 2 of the upsert list cannot be joined"):
        joined("{ other(func: has(n)) { n } }", query)


@pytest.mark.parametrize(
    ("one", "two", "name"),
    [
        ("{ q(func: has(n)) { n } }", "{ q(func: has(m)) { m } }", "q"),
        ("{ v as var(func: has(n)) }", "{ q(func: has(m)) { v AS uid } }", "v"),
        ("{ p as shortest(from: 1, to: 2) { n } }", "{ r as shortest(from: 1, to: 3) { n } }", "shortest"),
        (
            "{ q(func: has(n)) @filter(has(m)) { n } }",
            "{ a(func: has(m)) { n } q (func: has(n)) { n } }",
            "q",
        ),
        ("{ q(func: has(n)) { f @facets(w as since) } }", "{ w as var(func: has(n)) }", "w"),
    ],
)
def test_names_that_two_queries_define_are_refused(one, two, name):
    with pytest.raises(BadRequest, match=f"both define `{name}`"):
        joined(one, two)


def test_blocks_without_a_result_may_all_be_called_var():
    assert "b as" in joined("{ a as var(func: has(n)) }", "{ b as var(func: has(m)) }")


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (Text("{ v as var(func: has(n)) }", "uid(v) <n> <1> ."), Text("{ q(func: uid(v)) { n } }", "")),
        (Text("{ v as var(func: has(n)) }", ""), Text("{ q(func: has(n)) { n } }", "uid(v) <n> <1> .")),
        (Text("{ v as var(func: has(n)) }", ""), Text("{ q(func: has(n)) { n } }", "@if(eq(len(v), 0))\n")),
        (Text("{ q(func: has(n)) { c: math(v + 1) } }", ""), Text("{ q2(func: has(n)) { v as m } }", "")),
    ],
)
def test_a_variable_of_another_upsert_is_refused(one, two):
    with pytest.raises(BadRequest, match="names `v`"):
        join([one, two])


def test_hostile_text_costs_little():
    with pytest.raises(BadRequest):
        joined("{ a(func: has(n)) { n } }", "{" + '"' * 200_001)
    with pytest.raises(BadRequest):
        joined("{ a(func: has(n)) { n } }", "{" + "a" * 200_000)
    with pytest.raises(BadRequest):
        joined("{ a(func: has(n)) { n } }", "{" + "a(" * 100_000)
