"""What a message becomes on its way to an alpha."""

from typing import Any

from otterd.core.operation import Caller, Door, Entry, Operation, Purpose
from otterd.edges.ws.message import decode
from otterd.edges.ws.request import operation_of
from otterd.wire import api_pb2

CALLER = Caller(Door.WEBSOCKET, "192.0.2.7", trusted=True)


def asked(text: bytes) -> tuple[Operation, api_pb2.Request]:
    entry = Entry(Door.WEBSOCKET, "ws query", "id", 0.0)
    operation = operation_of(decode(text), CALLER, (("accessjwt", "t"),), entry)
    rpc: Any = operation.request
    assert rpc.method == "Query"
    assert rpc.metadata == (("accessjwt", "t"),)
    assert operation.caller is CALLER
    assert operation.entry is entry
    return operation, api_pb2.Request.FromString(rpc.payload)


def test_a_query_is_always_read_only() -> None:
    operation, request = asked(
        b'{"type":"query","query":"{q}","variables":{"$a":"1"},"mutation":"x","set":{}}'
    )
    assert operation.purpose is Purpose.QUERY
    assert not operation.writes
    assert operation.read_only
    assert not operation.best_effort
    assert operation.commit_now
    assert request == api_pb2.Request(query="{q}", vars={"$a": "1"}, read_only=True)


def test_the_bytes_of_a_query_are_the_same_without_variables() -> None:
    for query in ("{q}", "é" * 100, "q" * 20_000):
        _, request = asked(b'{"type":"query","query":"%b","variables":{}}' % query.encode())
        assert request == api_pb2.Request(query=query, read_only=True)


def test_only_a_query_that_is_told_its_timestamp_may_be_followed_by_another() -> None:
    operation, _ = asked(b'{"type":"query","query":"{q}","shape":"http"}')
    assert not operation.commit_now


def test_a_mutation_sets_its_nquads() -> None:
    operation, request = asked('{"type":"mutation","mutation":"_:a <n> \\"é\\" .","commitNow":true}'.encode())
    assert operation.purpose is Purpose.MUTATION
    assert operation.writes
    assert not operation.read_only
    assert request == api_pb2.Request(
        mutations=[api_pb2.Mutation(set_nquads='_:a <n> "é" .'.encode())], commit_now=True
    )


def test_json_to_set_and_delete_keeps_its_bytes() -> None:
    _, request = asked(
        b'{"type":"mutation","set": {"n" : 18446744073709551617, "n":1.0} ,"delete":[ {"uid":"0x1"}],'
        b'"cond":"@if(eq(len(v),0))","commitNow":true}'
    )
    assert list(request.mutations) == [
        api_pb2.Mutation(
            set_json=b'{"n" : 18446744073709551617, "n":1.0}',
            delete_json=b'[ {"uid":"0x1"}]',
            cond="@if(eq(len(v),0))",
        )
    ]


def test_its_own_mutation_comes_before_those_of_the_list() -> None:
    _, request = asked(
        b'{"type":"mutation","commitNow":true,"mutation":"a","set":null,'
        b'"mutations":[null,{},{"set":null,"cond":"c"},{"delete":{"uid":"0x1"},"cond":"c"}]}'
    )
    assert list(request.mutations) == [
        api_pb2.Mutation(set_nquads=b"a"),
        api_pb2.Mutation(delete_json=b'{"uid":"0x1"}', cond="c"),
    ]


def test_an_upsert_asks_and_changes_in_one_request() -> None:
    operation, request = asked(
        b'{"type":"upsert","query":"{q}","variables":{"$a":"1"},"mutation":"m","cond":"c","commitNow":true}'
    )
    assert operation.purpose is Purpose.UPSERT
    assert operation.writes
    assert request == api_pb2.Request(
        query="{q}",
        vars={"$a": "1"},
        mutations=[api_pb2.Mutation(set_nquads=b"m", cond="c")],
        commit_now=True,
    )


def test_a_mutation_that_carries_a_query_is_an_upsert() -> None:
    operation, request = asked(b'{"type":"mutation","query":"{q}","mutation":"m","commitNow":true}')
    assert operation.purpose is Purpose.UPSERT
    assert request.query == "{q}"
