"""The gRPC door before real alphas: each call as Dgraph's clients make it, and the same one made directly."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import pytest

from otterd.wire import api_pb2 as api
from tests.cluster.ports import free_ports
from tests.live.conftest import OtterFactory

UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
ABORTED = "Transaction has been aborted. Please retry"


class Client:
    """gRPC's own client, blocking, with the methods of api.Dgraph by name."""

    def __init__(self, target: str) -> None:
        self.channel = grpc.insecure_channel(target, options=UNLIMITED)

    def call(self, method: str, message: Any, *metadata: tuple[str, str], timeout: float = 30.0) -> bytes:
        stub = self.channel.unary_unary(f"/api.Dgraph/{method}")
        answer: bytes = stub(message.SerializeToString(), timeout=timeout, metadata=metadata)
        return answer

    def query(self, *metadata: tuple[str, str], **fields: Any) -> api.Response:
        return api.Response.FromString(self.call("Query", api.Request(**fields), *metadata))

    def failure(self, method: str, message: Any, *metadata: tuple[str, str]) -> tuple[Any, ...]:
        """Return how a call fails: code, text and trailing metadata."""
        with pytest.raises(grpc.RpcError) as caught:
            self.call(method, message, *metadata)
        error: Any = caught.value
        return error.code(), error.details(), tuple(error.trailing_metadata() or ())


@contextmanager
def door(otter: OtterFactory, cluster: Any, **keys: Any) -> Iterator[Client]:
    [port] = free_ports(1)
    otter(cluster, enable_grpc=True, grpc_port=port, **keys)
    client = Client(f"127.0.0.1:{port}")
    try:
        yield client
    finally:
        client.channel.close()


@contextmanager
def direct(cluster: Any) -> Iterator[Client]:
    client = Client(cluster.addresses[0].grpc)
    try:
        yield client
    finally:
        client.channel.close()


@pytest.fixture
def clients(otter: OtterFactory, cluster: Any) -> Iterator[tuple[Client, Client]]:
    """Give a client of the door, and one of an alpha."""
    with door(otter, cluster) as through, direct(cluster) as straight:
        yield through, straight


def sets(nquads: str, **fields: Any) -> dict[str, Any]:
    return {"mutations": [api.Mutation(set_nquads=nquads.encode(), **fields)]}


def test_a_transaction_of_several_requests(clients: tuple[Client, Client], mark: str) -> None:
    client, _ = clients
    client.call("Alter", api.Operation(schema=f"{mark}_name: string @index(exact) @upsert ."))
    ask = f'{{ q(func: eq({mark}_name, "Io")) {{ {mark}_name }} }}'
    begun = client.query(**sets(f'_:a <{mark}_name> "Io" .'))
    assert json.loads(client.query(query=ask).json) == {"q": []}
    own = client.query(query=ask, start_ts=begun.txn.start_ts)
    assert json.loads(own.json) == {"q": [{f"{mark}_name": "Io"}]}
    txn = api.TxnContext(start_ts=begun.txn.start_ts, keys=begun.txn.keys, preds=begun.txn.preds)
    done = api.TxnContext.FromString(client.call("CommitOrAbort", txn))
    assert done.commit_ts > done.start_ts == begun.txn.start_ts
    for each in clients:
        assert json.loads(each.query(query=ask).json) == {"q": [{f"{mark}_name": "Io"}]}


def test_an_upsert_stores_once(clients: tuple[Client, Client], mark: str) -> None:
    client, straight = clients
    client.call("Alter", api.Operation(schema=f"{mark}_mail: string @index(exact) @upsert ."))
    query = f'{{ v as var(func: eq({mark}_mail, "a@b")) }}'
    for _ in range(3):
        client.query(
            query=query, commit_now=True, **sets(f'_:a <{mark}_mail> "a@b" .', cond="@if(eq(len(v), 0))")
        )
    found = straight.query(query=f"{{ q(func: has({mark}_mail)) {{ {mark}_mail }} }}")
    assert json.loads(found.json) == {"q": [{f"{mark}_mail": "a@b"}]}


def test_a_conflict_ends_as_it_does_directly(clients: tuple[Client, Client], mark: str) -> None:
    client, _ = clients
    stored = client.query(commit_now=True, **sets(f'_:a <{mark}_n> "1" .'))
    uid = stored.uids["a"]
    ends = []
    for each in clients:
        begun = [each.query(**sets(f'<{uid}> <{mark}_n> "{n}" .')).txn for n in range(2)]
        each.call("CommitOrAbort", begun[0])
        ends.append(each.failure("CommitOrAbort", begun[1]))
    assert ends[0] == ends[1]
    assert ends[0][:2] == (grpc.StatusCode.ABORTED, ABORTED)


def test_an_abort_leaves_nothing(clients: tuple[Client, Client], mark: str) -> None:
    client, straight = clients
    txn = client.query(**sets(f'_:a <{mark}_gone> "1" .')).txn
    txn.aborted = True
    client.call("CommitOrAbort", txn)
    assert json.loads(straight.query(query=f"{{ q(func: has({mark}_gone)) {{ uid }} }}").json) == {"q": []}


FAILING: list[tuple[str, Any]] = [
    ("Query", api.Request(query="{ broken")),
    ("Query", api.Request(query='{ q(func: é("100 %")) { uid } }')),
    ("Query", api.Request(query="{ q(func: uid(1)) { uid } }", best_effort=True)),
    ("Query", api.Request()),
    ("Query", api.Request(mutations=[api.Mutation(set_nquads=b"no triple")], commit_now=True)),
    ("Query", api.Request(query="query q($a: int) { q(func: uid($a)) { uid } }", vars={"$b": "é"})),
    ("RunDQL", api.RunDQLRequest(dql_query="upsert { broken")),
    ("Alter", api.Operation(schema="name: nonsense .")),
    ("Alter", api.Operation(drop_attr="dgraph.type")),
    ("CommitOrAbort", api.TxnContext()),
    ("Login", api.LoginRequest(userid="groot", password="wrong")),
    ("AllocateIDs", api.AllocateIDsRequest()),
    ("DropNamespace", api.DropNamespaceRequest(namespace=0)),
]


def test_failures_are_told_as_they_are_directly(clients: tuple[Client, Client]) -> None:
    for method, message in FAILING:
        through, straight = (each.failure(method, message) for each in clients)
        assert through == straight, message


def test_answers_are_the_bytes_that_an_alpha_gives(clients: tuple[Client, Client], mark: str) -> None:
    client, _ = clients
    client.query(commit_now=True, **sets(f'_:a <{mark}_b> "<&> é \\u2028" .'))
    asked = {"query": f"{{ q(func: has({mark}_b)) {{ uid {mark}_b }} }}", "read_only": True}
    for more in ({}, {"resp_format": api.Request.RDF}, {"best_effort": True}):
        told = [each.query(**asked, **more) for each in clients]
        assert (told[0].json, told[0].rdf) == (told[1].json, told[1].rdf)
        assert told[0].metrics == told[1].metrics
    debug = [each.query(("debug", "true"), **asked).json for each in clients]
    assert debug[0] == debug[1]
    stub = [each.channel.unary_unary("/api.Dgraph/Query") for each in clients]
    heads = [
        dict(each.with_call(api.Request(**asked).SerializeToString())[1].initial_metadata()) for each in stub
    ]
    assert heads[0]["dgraph-toucheduids"] == heads[1]["dgraph-toucheduids"]


def test_rundql_and_version(clients: tuple[Client, Client], mark: str) -> None:
    client, straight = clients
    block = f'{{ set {{ _:a <{mark}_r> "1" . }} }}'
    client.call("RunDQL", api.RunDQLRequest(dql_query=block))
    found = client.call("RunDQL", api.RunDQLRequest(dql_query=f"{{ q(func: has({mark}_r)) {{ {mark}_r }} }}"))
    assert json.loads(api.Response.FromString(found).json) == {"q": [{f"{mark}_r": "1"}]}
    assert client.call("CheckVersion", api.Check()) == straight.call("CheckVersion", api.Check())


def test_a_large_answer_and_a_large_message(clients: tuple[Client, Client], mark: str) -> None:
    client, _ = clients
    rows = "\n".join(f'_:a{n} <{mark}_l> "{"x" * 1000}" .' for n in range(8_000))
    client.query(commit_now=True, **sets(rows))
    asked = {"query": f"{{ q(func: has({mark}_l)) {{ {mark}_l }} }}", "read_only": True}
    told = [each.query(**asked).json for each in clients]
    assert told[0] == told[1]
    assert len(told[0]) > 8_000_000


def test_a_query_that_waits_ends_at_its_deadline(clients: tuple[Client, Client], mark: str) -> None:
    client, _ = clients
    client.query(commit_now=True, **sets(f'_:a <{mark}_w> "1" .'))
    waits = api.Request(query=f"{{ q(func: has({mark}_w)) {{ uid }} }}", start_ts=2**50)
    with pytest.raises(grpc.RpcError) as caught:
        client.call("Query", waits, timeout=0.5)
    error: Any = caught.value
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED


class TestAcl:
    """A cluster that wants tokens."""

    @pytest.fixture
    def clients(self, otter: OtterFactory, acl_cluster: Any) -> Iterator[tuple[Client, Client]]:
        with door(otter, acl_cluster) as through, direct(acl_cluster) as straight:
            yield through, straight

    def test_the_token_of_a_login_opens_what_it_may(self, clients: tuple[Client, Client]) -> None:
        client, straight = clients
        login = api.LoginRequest(userid="groot", password="password")
        jwt = api.Jwt.FromString(api.Response.FromString(client.call("Login", login)).json)
        token = ("accessjwt", jwt.access_jwt)
        client.call("Alter", api.Operation(schema="acl_door: string ."), token)
        client.query(token, commit_now=True, **sets('_:a <acl_door> "1" .'))
        begun = client.query(token, **sets('_:a <acl_door> "2" .')).txn
        assert begun.hash
        client.call("CommitOrAbort", begun, token)
        asked = {"query": "{ q(func: has(acl_door)) { acl_door } }"}
        assert client.query(token, **asked).json == straight.query(token, **asked).json
        assert client.call("ListNamespaces", api.ListNamespacesRequest(), token)

    def test_without_it_refusals_are_as_directly(self, clients: tuple[Client, Client]) -> None:
        calls: list[tuple[str, Any]] = [
            ("Query", api.Request(query="{ q(func: uid(1)) { uid } }")),
            ("Query", api.Request(commit_now=True, **sets('_:a <acl_door> "1" .'))),
            ("Alter", api.Operation(schema="acl_door: string .")),
            ("CommitOrAbort", api.TxnContext(start_ts=5)),
            ("ListNamespaces", api.ListNamespacesRequest()),
            ("Login", api.LoginRequest(userid="groot", password="wrong")),
        ]
        for token in ((), (("accessjwt", "nonsense"),)):
            for method, message in calls:
                through, straight = (each.failure(method, message, *token) for each in clients)
                assert through == straight, method
