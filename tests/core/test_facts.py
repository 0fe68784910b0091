"""What is known of a request before it is sent."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otterd.core import facts as module
from otterd.core.facts import CAREFUL, Facts
from otterd.core.operation import Caller, Door, Entry, HttpCall, Operation, Purpose, Rpc
from otterd.dql.cache import Shapes
from otterd.dql.shape import LONGEST, Shape, request_shape, shape
from otterd.wire import api_pb2 as api

CALLER = Caller(Door.HTTP, "")
QUERY = '{ q(func: eq(name, "%s")) { age } }'


def operation(request: Rpc | HttpCall) -> Operation:
    return Operation(Purpose.QUERY, request, CALLER, Entry(Door.HTTP, "/query", "1", 0.0))


def of(message: Any, facts: Facts | None = None) -> Shape | None:
    method = "RunDQL" if isinstance(message, api.RunDQLRequest) else "Query"
    return (facts or fresh()).of(operation(Rpc(method, message.SerializeToString())))


def fresh() -> Facts:
    return Facts(Shapes(100))


def told(message: Any, facts: Facts | None = None) -> tuple[str, set[str] | None, set[str] | None]:
    found = of(message, facts)
    assert found is not None
    reads, writes = found.reads, found.writes
    return (
        found.purpose,
        set(reads) if reads is not None else None,
        set(writes) if writes is not None else None,
    )


def edit(quads: str = "", **keys: Any) -> api.Mutation:
    return api.Mutation(set_nquads=quads.encode(), **keys)


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give the list of queries that were parsed for an upsert."""
    parsed: list[str] = []

    def noted(query: str, *rest: Any) -> Shape:
        parsed.append(query)
        return request_shape(query, *rest)

    monkeypatch.setattr(module, "request_shape", noted)
    return parsed


def test_a_query_has_the_shape_of_its_text() -> None:
    assert of(api.Request(query=QUERY % "x")) == shape(QUERY % "x")
    assert of(api.RunDQLRequest(dql_query=QUERY % "x")) == shape(QUERY % "x")


def test_a_payload_seen_before_is_not_read_again() -> None:
    facts = fresh()
    first = of(api.Request(query=QUERY % "x", read_only=True), facts)
    assert of(api.Request(query=QUERY % "x", read_only=True), facts) is first
    assert of(api.Request(query=QUERY % "y", start_ts=7), facts) is first
    assert facts.unseen == 3
    assert of(api.Request(query=QUERY % "x", read_only=True), facts) is first
    assert facts.unseen == 3


def test_no_number_of_payloads_that_come_once_drives_out_one_that_comes_again() -> None:
    facts = Facts(Shapes(8), limit=8)
    hot = api.Request(query=QUERY % "hot")
    first = of(hot, facts)
    of(hot, facts)
    for number in range(1_000):
        assert of(api.Request(query=QUERY % number), facts) is first
    before = facts.unseen
    assert of(hot, facts) is first
    assert (facts.unseen, facts.parsed) == (before, 1)


def test_a_variable_may_name_a_predicate() -> None:
    query, facts = "query q($p: string!) { q(func: eq(<$p>, 5)) { uid } }", fresh()
    read = [told(api.Request(query=query, vars={"$p": name}), facts)[1] for name in ("age", "name", "age")]
    assert read == [{"age"}, {"name"}, {"age"}]


def test_a_mutation_tells_what_it_writes() -> None:
    both = [edit('<1> <name> "x" .'), edit(set_json=b'{"age":1}', delete_json=b'{"uid":"1","pet":null}')]
    assert told(api.Request(mutations=both)) == ("mutation", set(), {"name", "age", "pet"})
    assert told(api.Request(mutations=[edit("<1> * * .")])) == ("mutation", set(), None)


def test_triples_of_the_message_count_too() -> None:
    quad = api.NQuad(subject="1", predicate="name")
    assert told(api.Request(mutations=[edit('<1> <age> "2" .', set=[quad])]))[2] == {"name", "age"}
    star = api.Mutation()
    getattr(star, "del").add(subject="1", predicate="_STAR_ALL")
    assert told(api.Request(mutations=[star]))[2] is None


def test_an_upsert_tells_what_its_query_and_condition_read() -> None:
    change = edit('uid(v) <name> "x" .', cond="@if(eq(len(v), 0) and not type(Person))")
    message = api.Request(query='{ v as var(func: eq(email, "a")) }', mutations=[change])
    assert told(message) == ("upsert", {"email", "dgraph.type"}, {"name"})


def test_upserts_that_differ_in_literals_share_a_parse(parses: list[str]) -> None:
    facts = fresh()
    for number in range(20):
        query = f'{{ v as var(func: eq(email, "{number}")) }}'
        message = api.Request(query=query, mutations=[edit(f'uid(v) <name> "{number}" .')])
        assert told(message, facts) == ("upsert", {"email"}, {"name"})
    assert len(parses) == 2


def test_a_literal_that_is_a_name_is_not_overlooked() -> None:
    query, change, facts = (
        '{ v as var(func: has(name), orderasc: "%s") }',
        edit('uid(v) <name> "x" .'),
        fresh(),
    )
    orders = [api.Request(query=query % name, mutations=[change]) for name in ("age", "pet", "age")]
    assert [told(order, facts) for order in orders] == [told(order) for order in orders]
    assert told(orders[0], facts) != told(orders[1], facts)


def test_the_same_query_with_other_uses_of_it_is_another(parses: list[str]) -> None:
    facts, query = fresh(), "{ v as var(func: has(email)) w as var(func: has(age)) }"
    assert told(api.Request(query=query, mutations=[edit("uid(v) <a> uid(w) .")]), facts)[1] == {
        "email",
        "age",
    }
    assert told(api.Request(query=query, mutations=[edit("uid(v) <a> <1> .")]), facts)[1] is None


def test_blocks_tell_the_same_as_messages() -> None:
    block = (
        'upsert { query { v as var(func: eq(email, "a")) }'
        ' mutation @if(gt(len(v), 0)) { set { uid(v) <p> "x" . } } }'
    )
    assert told(api.RunDQLRequest(dql_query=block)) == ("upsert", {"email"}, {"p"})
    assert told(api.RunDQLRequest(dql_query="{ delete { <1> <p> * . } }")) == ("mutation", set(), {"p"})


def test_what_a_glance_does_not_understand_is_parsed_while_it_is_short() -> None:
    odd = "<1> <p\\u0041> <2> .\n"
    assert told(api.Request(mutations=[edit(odd)]))[2] == {"p\\u0041"}
    assert told(api.Request(mutations=[edit(odd * CAREFUL)]))[2] is None


@pytest.mark.parametrize(
    ("message", "purpose"),
    [
        (api.Request(query="{" + " " * LONGEST), "query"),
        (api.Request(mutations=[edit('<1> <p> "x" .\n' * LONGEST)]), "mutation"),
        (api.Request(query=QUERY, mutations=[edit('<1> <p> "x" .\n' * LONGEST)]), "upsert"),
        (api.RunDQLRequest(dql_query="upsert {" + " " * LONGEST), "upsert"),
    ],
)
def test_of_a_long_text_only_the_purpose_is_told(message: Any, purpose: str) -> None:
    found = of(message)
    assert found is not None
    assert (found.purpose, found.reads, found.parsed) == (purpose, None, False)


@pytest.mark.parametrize(
    "request_",
    [
        HttpCall(b"POST", b"/query", (), b"{}"),
        Rpc("Alter", b""),
        Rpc("Login", b""),
        Rpc("Query", b"\xff\xff"),
        Rpc("RunDQL", b"\x0a\x01\xff"),
        Rpc("RunDQL", api.RunDQLRequest(dql_query="{ set { <1> }").SerializeToString()),
    ],
)
def test_what_is_no_dql_has_no_facts(request_: Rpc | HttpCall) -> None:
    assert fresh().of(operation(request_)) is None


def test_a_parser_that_stumbles_fails_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(*_: Any) -> Shape:
        raise RecursionError

    monkeypatch.setattr(module, "request_shape", stumble)
    assert of(api.Request(query=QUERY, mutations=[edit('<1> <p> "x" .')])) is None


words = st.lists(
    st.sampled_from(
        ["{", "}", "(", ")",
         '"', "<", ">", "upsert", "mutation", "set", "query", "@if", "uid(v)", "v as", "#",
         "func:", "eq", "name", ",", "1", "\n", "*", ".", "_:a", "\\", "$a", "<$p>", "\x00", "é", "[", ":"]
    ),
    max_size=30,
).map(" ".join)  # fmt: skip


@given(words, words, words, st.binary(max_size=20), st.booleans())
def test_it_never_raises(query: str, quads: str, cond: str, data: bytes, block: bool) -> None:
    facts = fresh()
    mutation = api.Mutation(set_nquads=quads.encode(), delete_json=data, cond=cond)
    message = api.RunDQLRequest(dql_query=query) if block else api.Request(query=query, mutations=[mutation])
    assert of(message, facts) == of(message, facts)
    of(api.Request(query=query, vars={"$a": quads}), facts)
    facts.of(operation(Rpc("Query", data)))
