"""What a payload means to the corridor, told from its outermost fields."""

from typing import Any

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from otterd.core.operation import Purpose
from otterd.edges.grpc.methods import METHODS, Plan
from otterd.edges.grpc.toplevel import MOST_FIELDS, walk
from otterd.wire import api_pb2 as api

API_DGRAPH = [
    "Login", "Query", "Alter", "CommitOrAbort", "CheckVersion", "RunDQL", "AllocateIDs",
    "UpdateExtSnapshotStreamingState", "StreamExtSnapshot",
    "CreateNamespace", "DropNamespace", "ListNamespaces",
]  # fmt: skip
"""The service of v25.4.0, as dgo v250.0.0 has it."""

SET = api.Mutation(set_nquads=b'_:a <b> "c" .')


def plan(method: str, message: Any) -> Plan:
    payload = message if isinstance(message, bytes) else message.SerializeToString()
    found = METHODS[b"/api.Dgraph/" + method.encode()].plan
    assert found is not None
    return found(payload)


def test_the_whole_service_is_served_and_nothing_else_of_dgraphs() -> None:
    served = {path.decode() for path, method in METHODS.items() if not method.refused}
    health = {"/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"}
    assert served == {f"/api.Dgraph/{name}" for name in API_DGRAPH} | health


QUERIES = [
    (api.Request(query="{q}"), Plan(Purpose.QUERY)),
    (api.Request(query="{q}", vars={"$a": "1"}, read_only=True), Plan(Purpose.QUERY, read_only=True)),
    (
        api.Request(query="{q}", read_only=True, best_effort=True),
        Plan(Purpose.QUERY, read_only=True, best_effort=True),
    ),
    (api.Request(query="{q}", start_ts=2**64 - 1, read_only=True), Plan(Purpose.QUERY, start_ts=2**64 - 1)),
    (api.Request(query="{q}", commit_now=True), Plan(Purpose.QUERY)),
    (api.Request(mutations=[SET]), Plan(Purpose.MUTATION, writes=True)),
    (api.Request(query=" \n", mutations=[SET]), Plan(Purpose.MUTATION, writes=True)),
    (api.Request(mutations=[api.Mutation()]), Plan(Purpose.MUTATION, writes=True)),
    (
        api.Request(mutations=[SET, SET], commit_now=True, start_ts=7),
        Plan(Purpose.MUTATION, writes=True, commit_now=True, start_ts=7),
    ),
    (
        api.Request(query="{v as q}", mutations=[SET], commit_now=True),
        Plan(Purpose.UPSERT, writes=True, commit_now=True),
    ),
    (b"", Plan(Purpose.QUERY)),
    *((api.Request(query="q" * size), Plan(Purpose.QUERY)) for size in (1, 127, 128, 16_383, 16_384)),
    (api.Request(query="q" * 300, read_only=True), Plan(Purpose.QUERY, read_only=True)),
    (api.Request(query="{q}", best_effort=True), Plan(Purpose.QUERY, best_effort=True)),
    (api.Request(query="{q}").SerializeToString() * 2, Plan(Purpose.QUERY)),
]


@pytest.mark.parametrize(("message", "expected"), QUERIES, ids=range(len(QUERIES)))
def test_a_query_is_read_by_what_it_carries(message: Any, expected: Plan) -> None:
    assert plan("Query", message) == expected


@pytest.mark.parametrize(
    "broken",
    [
        b"\xff",
        b"\x22\x7f",
        b"\x22\x7fabc",
        b"\x22\x81",
        b"\x22\x81\x01a",
        b"\x62\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    ],
)
def test_what_cannot_be_read_goes_to_one_alpha_only(broken: bytes) -> None:
    for method in ("Query", "RunDQL"):
        assert plan(method, broken) == Plan(Purpose.MUTATION, writes=True)
    assert plan("CommitOrAbort", broken) == Plan(Purpose.COMMIT, writes=True)
    assert plan("Alter", broken) == Plan(Purpose.ALTER, writes=True)


def test_a_mutation_behind_very_many_fields_is_seen() -> None:
    many = b"\x30\x01" * (MOST_FIELDS + 1) + api.Request(mutations=[SET]).SerializeToString()
    assert plan("Query", many).writes


@pytest.mark.parametrize("length", [b"\x85\x00", b"\x85\x80\x00", b"\x85\x80\x80\x00"])
@pytest.mark.parametrize("whole", [135, 136, 137, 16_391, 16_392, 16_393])
def test_a_mutation_behind_a_length_that_is_written_oddly_is_seen(length: bytes, whole: int) -> None:
    begin = b"\x22" + length + b"{q(f)\x62"
    rest = whole - len(begin) - 2
    assert plan("Query", begin + bytes((rest & 127 | 128, rest >> 7)) + bytes(rest)).writes


def test_a_mutation_behind_a_group_is_seen() -> None:
    group = b"\xa3\x06\x08\x01\xa4\x06"
    assert plan("Query", group + api.Request(mutations=[SET]).SerializeToString()).writes


BLOCKS = [
    ("{ q(func: uid(1)) { uid } }", Plan(Purpose.QUERY)),
    ('{ set { _:a <b> "c" . } }', Plan(Purpose.MUTATION, writes=True, commit_now=True)),
    ("upsert { query { q(func: uid(1)) { v as uid } } mutation { delete { uid(v) * * . } } }",
     Plan(Purpose.UPSERT, writes=True, commit_now=True)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), BLOCKS, ids=["query", "mutation", "upsert"])
def test_a_block_is_read_by_its_text(text: str, expected: Plan) -> None:
    assert plan("RunDQL", api.RunDQLRequest(dql_query=text)) == expected


def test_a_block_may_be_read_only() -> None:
    asked = api.RunDQLRequest(dql_query="{q}", read_only=True, best_effort=True)
    assert plan("RunDQL", asked) == Plan(Purpose.QUERY, read_only=True, best_effort=True)


def test_a_commit_names_its_transaction() -> None:
    for aborted in (False, True):
        told = plan("CommitOrAbort", api.TxnContext(start_ts=9, aborted=aborted, keys=["a"]))
        assert told == Plan(Purpose.COMMIT, writes=True, start_ts=9)


def test_an_alter_settles_unless_it_runs_in_the_background() -> None:
    assert plan("Alter", api.Operation(schema="a: int .")).settles
    assert not plan("Alter", api.Operation(schema="a: int .", run_in_background=True)).settles


@given(
    st.builds(
        api.Request,
        start_ts=st.integers(0, 2**64 - 1),
        query=st.text(max_size=300),
        vars=st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
        read_only=st.booleans(),
        best_effort=st.booleans(),
        commit_now=st.booleans(),
        hash=st.text(max_size=9),
        mutations=st.lists(st.just(SET), max_size=2),
    ),
    st.binary(max_size=8),
)
def test_it_agrees_with_protobuf(message: api.Request, junk: bytes) -> None:
    found = plan("Query", message)
    assert found.writes == bool(message.mutations)
    assert found.start_ts == message.start_ts
    if not message.mutations and not message.start_ts:
        assert (found.read_only, found.best_effort) == (message.read_only, message.best_effort)
    payload = message.SerializeToString() + junk
    try:
        walk(payload)
        read = api.Request.FromString(payload)
    except (ValueError, DecodeError):
        return
    assert plan("Query", payload).writes == bool(read.mutations)
