"""The gRPC door of the running daemon, called by gRPC's own client, beside the same calls to an alpha."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_twisted
from twisted.internet.asyncioreactor import AsyncioSelectorReactor

from otterd.alphas.grpcio import deferred_of
from otterd.config.schema import Engine
from otterd.wire import api_pb2 as api
from tests.alphas.authority import Authority
from tests.house import NAMED, House, house

UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
SCHEMA = "name: string @index(exact) ."
IO = b'_:a <name> "Io" .'


@dataclass
class Told:
    """How a call ended: code and text, metadata before and after, the message."""

    code: int
    text: str
    headers: tuple[tuple[str, Any], ...]
    trailers: tuple[tuple[str, Any], ...]
    payload: bytes = b""


class Client:
    """gRPC's own client of `target`."""

    def __init__(self, target: str, *options: tuple[str, Any], roots: bytes | None = None) -> None:
        every = [*UNLIMITED, *options]
        if roots is None:
            self.channel = grpc.aio.insecure_channel(target, options=every)
        else:
            trusted = grpc.ssl_channel_credentials(roots)
            self.channel = grpc.aio.secure_channel(target, trusted, options=every)

    def begin(self, method: str, payload: bytes, **keys: Any) -> Any:
        path = method if method.startswith("/") else f"/api.Dgraph/{method}"
        return self.channel.unary_unary(path)(payload, **keys)

    async def call(self, method: str, message: Any = b"", **keys: Any) -> Told:
        payload = message if isinstance(message, bytes) else message.SerializeToString()
        return await deferred_of(self.told(self.begin(method, payload, **keys)))

    async def told(self, call: Any) -> Told:
        try:
            payload = await call
            code, text = 0, await call.details() or ""
        except grpc.aio.AioRpcError as error:
            payload, code, text = b"", error.code().value[0], error.details() or ""
        headers, trailers = await call.initial_metadata(), await call.trailing_metadata()
        return Told(code, text, tuple(headers), tuple(trailers), payload)

    async def close(self) -> None:
        await deferred_of(self.channel.close(None))


@dataclass
class Doors:
    """A house, a client of its gRPC door, and one of its first alpha."""

    house: House
    door: Client
    direct: Client


@asynccontextmanager
async def doors(
    reactor: AsyncioSelectorReactor, *options: tuple[str, Any], **keys: Any
) -> AsyncIterator[Doors]:
    async with house(reactor, enable_grpc=True, grpc_port=0, **keys) as h:
        await h.settled()
        door, direct = Client(f"127.0.0.1:{h.port(2)}", *options), Client(h.alpha(0))
        try:
            yield Doors(h, door, direct)
        finally:
            await door.close()
            await direct.close()


def ours(told: Told) -> dict[str, Any]:
    return dict(told.headers)


@pytest_twisted.ensureDeferred
async def test_a_transaction_from_schema_to_commit(reactor: AsyncioSelectorReactor) -> None:
    async with doors(reactor) as d:
        assert (await d.door.call("Alter", api.Operation(schema=SCHEMA))).code == 0
        change = api.Request(mutations=[api.Mutation(set_nquads=IO)])
        begun = api.Response.FromString((await d.door.call("Query", change)).payload)
        assert await d.house.names() == []
        own = api.Request(query=NAMED, start_ts=begun.txn.start_ts)
        seen = api.Response.FromString((await d.door.call("Query", own)).payload)
        assert b"Io" in seen.json
        txn = api.TxnContext(start_ts=begun.txn.start_ts, keys=begun.txn.keys, preds=begun.txn.preds)
        done = await d.door.call("CommitOrAbort", txn)
        assert api.TxnContext.FromString(done.payload).commit_ts > begun.txn.start_ts
        assert await d.house.names() == ["Io"]


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("engine", list(Engine))
async def test_every_unary_method_answers_as_an_alpha_does(
    reactor: AsyncioSelectorReactor, engine: Engine
) -> None:
    calls: list[tuple[str, Any]] = [
        ("Query", api.Request(query="{ q(func: uid(1)) { uid } }", best_effort=True, read_only=True)),
        ("Query", api.Request(query="{ broken")),
        ("CommitOrAbort", api.TxnContext(start_ts=1, aborted=True)),
        ("CheckVersion", api.Check()),
        ("RunDQL", api.RunDQLRequest(dql_query="{ q(func: uid(1)) { uid } }", read_only=True)),
        ("RunDQL", api.RunDQLRequest(dql_query="upsert { broken")),
        ("Alter", api.Operation(schema="name: nonsense .")),
        ("Login", api.LoginRequest(userid="groot", password="wrong")),
        ("CreateNamespace", api.CreateNamespaceRequest()),
        ("ListNamespaces", api.ListNamespacesRequest()),
        ("DropNamespace", api.DropNamespaceRequest(namespace=77)),
        ("AllocateIDs", api.AllocateIDsRequest(how_many=3, lease_type=1)),
        ("UpdateExtSnapshotStreamingState", b""),
    ]
    async with doors(reactor, alpha_engine=engine) as d:
        for method, message in calls:
            told, direct = await d.door.call(method, message), await d.direct.call(method, message)
            assert (told.code, told.text) == (direct.code, direct.text), method
            assert told.trailers == direct.trailers, method
            assert set(dict(direct.headers)) <= set(dict(told.headers)), method
            if method in ("CheckVersion", "ListNamespaces"):
                assert told.payload == direct.payload


@pytest_twisted.ensureDeferred
async def test_a_conflict_is_aborted_in_dgraphs_words(reactor: AsyncioSelectorReactor) -> None:
    async with doors(reactor) as d:
        stored = await d.house.store("Io")
        [uid] = stored[1]["data"]["uids"].values()
        change = api.Mutation(set_nquads=f'<{uid}> <name> "Europa" .'.encode())
        begun = [
            api.Response.FromString((await d.door.call("Query", api.Request(mutations=[change]))).payload).txn
            for _ in range(2)
        ]
        first, second = [await d.door.call("CommitOrAbort", txn) for txn in begun]
        assert first.code == 0
        assert (second.code, second.text) == (10, "Transaction has been aborted. Please retry")


@pytest_twisted.ensureDeferred
async def test_the_answer_says_which_alpha_gave_it(reactor: AsyncioSelectorReactor) -> None:
    async with doors(reactor) as d:
        told = [
            await d.door.call("Query", api.Request(query=NAMED), metadata=(("x-request-id", "ask-1"),))
            for _ in range(3)
        ]
        assert {ours(each)["x-otter-alpha"] for each in told} == {d.house.alpha(n) for n in range(3)}
        assert {ours(each)["x-request-id"] for each in told} == {"ask-1"}
        assert all("dgraph-toucheduids" in ours(each) for each in told)


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
@pytest.mark.parametrize("engine", list(Engine))
async def test_large_messages_pass_both_ways(
    reactor: AsyncioSelectorReactor, engine: Engine, compression: grpc.Compression
) -> None:
    large = "x" * 3_000_000
    packing = ("grpc.default_compression_algorithm", compression.value)
    async with doors(reactor, packing, alpha_engine=engine) as d:
        change = api.Mutation(set_nquads=f'_:a <name> "{large}" .'.encode())
        stored = await d.door.call("Query", api.Request(mutations=[change], commit_now=True))
        assert stored.code == 0, stored.text
        told = await d.door.call("Query", api.Request(query=NAMED))
        assert large.encode() in api.Response.FromString(told.payload).json
        for _ in range(3):
            again = await d.door.call("Query", api.Request(query=NAMED))
            assert api.Response.FromString(again.payload).json == api.Response.FromString(told.payload).json


@pytest_twisted.ensureDeferred
async def test_a_deadline_passes_on_and_ends_the_call(reactor: AsyncioSelectorReactor) -> None:
    async with doors(reactor) as d:
        for number in range(3):
            d.house.trouble.freeze(number)
        told = await d.door.call("Query", api.Request(query=NAMED), timeout=0.2)
        assert told.code == 4
        await d.house.until(lambda: not d.house.otter.gateway.in_flight)
        for number in range(3):
            d.house.trouble.thaw(number)


@pytest_twisted.ensureDeferred
async def test_a_caller_that_gives_up_leaves_nothing_behind(reactor: AsyncioSelectorReactor) -> None:
    async with doors(reactor) as d:
        for number in range(3):
            d.house.trouble.freeze(number)
        call = d.door.begin("Query", api.Request(query=NAMED).SerializeToString())
        waiting = asyncio.ensure_future(d.door.told(call))
        await d.house.until(lambda: d.house.otter.gateway.in_flight)
        call.cancel()
        await d.house.until(lambda: not d.house.otter.gateway.in_flight)
        for number in range(3):
            d.house.trouble.thaw(number)
        waiting.cancel()


@pytest_twisted.ensureDeferred
async def test_a_stop_fails_no_call(reactor: AsyncioSelectorReactor) -> None:
    async with doors(reactor) as d:
        for number in range(3):
            d.house.trouble.fault(number, delay=0.3)
        payload = api.Request(query=NAMED).SerializeToString()
        begun = [asyncio.ensure_future(d.door.told(d.door.begin("Query", payload))) for _ in range(20)]
        await d.house.until(lambda: d.house.otter.gateway.in_flight == 20)
        stopped = d.house.otter.stopService()
        assert stopped is not None
        told = await deferred_of(asyncio.gather(*begun))
        assert {each.code for each in told} == {0}
        await stopped


@pytest_twisted.ensureDeferred
async def test_health_is_otters_own(reactor: AsyncioSelectorReactor) -> None:
    async with doors(reactor) as d:
        told = await d.door.call("/grpc.health.v1.Health/Check")
        assert (told.code, told.payload) == (0, b"\x08\x01")
        watch = d.door.channel.unary_stream("/grpc.health.v1.Health/Watch")(b"")
        assert await deferred_of(watch.read()) == b"\x08\x01"
        for number in range(3):
            d.house.trouble.kill(number)
        assert await deferred_of(watch.read()) == b"\x08\x02"
        assert (await d.door.call("/grpc.health.v1.Health/Check")).payload == b"\x08\x02"
        assert (await d.door.call("/grpc.health.v1.Health/Check", b"\x0a\x01x")).code == 5
        watch.cancel()


@pytest_twisted.ensureDeferred
async def test_what_is_not_served_says_so(reactor: AsyncioSelectorReactor) -> None:
    async with doors(reactor) as d:
        for method in ("/api.Dgraph/Nope", "/pb.Zero/AssignIds", "/api.v25.Dgraph/Query"):
            told = await d.door.call(method)
            assert (told.code, "api.Dgraph and grpc.health" in told.text) == (12, True)


# Twisted's own use of pyOpenSSL.
@pytest.mark.filterwarnings("ignore:Passing pyOpenSSL:DeprecationWarning")
@pytest_twisted.ensureDeferred
async def test_tls_agrees_on_http_2(reactor: AsyncioSelectorReactor, tmp_path: Path) -> None:
    authority = Authority(tmp_path, "ca")
    cert, key = authority.issue("otter", "127.0.0.1")
    endpoint = f"ssl:0:interface=127.0.0.1:privateKey={key}:certKey={cert}"
    large = "x" * 2_000_000
    async with house(reactor, enable_grpc=True, grpc_endpoint=endpoint) as h:
        await h.settled()
        client = Client(f"127.0.0.1:{h.port(2)}", roots=authority.pem)
        change = api.Mutation(set_nquads=f'_:a <name> "{large}" .'.encode())
        stored = await client.call("Query", api.Request(mutations=[change], commit_now=True))
        assert stored.code == 0, stored.text
        told = await client.call("Query", api.Request(query=NAMED))
        assert large.encode() in api.Response.FromString(told.payload).json
        await client.close()


@pytest_twisted.ensureDeferred
async def test_only_the_grpc_door_may_be_open(reactor: AsyncioSelectorReactor) -> None:
    async with house(reactor, enable_grpc=True, grpc_port=0, enable_http=False, enable_websocket=False) as h:
        client = Client(f"127.0.0.1:{h.port(0)}")
        assert (await client.call("CheckVersion", api.Check())).code == 0
        assert "grpc" in dict(h.otter.listeners.standing)
        await client.close()


@pytest.mark.skipif(shutil.which("nghttp") is None, reason="no `nghttp` on the PATH")
@pytest_twisted.ensureDeferred
async def test_a_client_that_knows_nothing_of_grpc_reads_what_there_is(
    reactor: AsyncioSelectorReactor, tmp_path: Path
) -> None:
    asked = tmp_path / "asked"
    asked.write_bytes(bytes(5))
    async with doors(reactor) as d:
        url = f"http://127.0.0.1:{d.house.port(2)}/api.Dgraph/CheckVersion"
        kind = ("-H", "content-type: application/grpc")
        said = await deferred_of(_output("nghttp", "-nv", "-d", str(asked), *kind, url))
        for line in (b":status: 200", b"grpc-status: 0", b"content-type: application/grpc"):
            assert line in said
        assert b":status: 415" in await deferred_of(_output("nghttp", "-nv", "-d", str(asked), url))


async def _output(*command: str) -> bytes:
    """Return what a program prints."""
    program = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    said, _ = await program.communicate()
    return said
