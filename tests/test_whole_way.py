"""The whole way: a client's bytes, through the running daemon, to two alphas on loopback, and back."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest_twisted
import treq
from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketClientProtocol
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.defer import Deferred, DeferredQueue
from twisted.internet.endpoints import HostnameEndpoint
from twisted.web.client import Agent

from otterd.config.schema import Config, Secret
from otterd.core.operation import Answer, Rpc
from otterd.service import Otter, make_otter
from otterd.wire import api_pb2 as api
from tests.fakes.loopback import APPLY_AND_BREAK, FakeAlpha, ok

DQL = {"Content-Type": ["application/dql"]}
RDF = {"Content-Type": ["application/rdf"]}
QUERY = b"{ q(func: has(name)) { name } }"
MUTATION = b'{ set { _:a <name> "A" . } }'
TOKEN = "the-token"


@dataclass
class House:
    """A daemon in front of two alphas."""

    otter: Otter
    a: FakeAlpha
    b: FakeAlpha
    reactor: Any

    def port(self, door: int) -> int:
        """Return the port of the HTTP (0) or WebSocket (1) door."""
        address: Any = self.otter.listeners.doors[door].getHost()
        return int(address.port)

    async def post(self, target: str, body: bytes, headers: dict[str, list[str]]) -> tuple[int, Any, Any]:
        """Return status, headers and parsed JSON."""
        agent = Agent(self.reactor)
        url = f"http://127.0.0.1:{self.port(0)}{target}"
        response = await treq.request("POST", url, headers=headers, data=body, agent=agent)
        return response.code, response.headers, json.loads(await response.content())


@asynccontextmanager
async def house(reactor: AsyncioSelectorReactor, **keys: Any) -> AsyncIterator[House]:
    """Start everything on ports of the system's choice, and stop it."""
    a, b = FakeAlpha(reactor), FakeAlpha(reactor)
    await a.start()
    await b.start()
    config = Config(
        dgraph_endpoints=(a.grpc_address, b.grpc_address),
        dgraph_http_endpoints={alpha.grpc_address: alpha.http_address for alpha in (a, b)},
        proxy_port=0,
        websocket_port=0,
        metrics_endpoint="",
        access_log=False,
        ws_token=Secret(TOKEN),
        **keys,
    )
    otter = make_otter(config, reactor)
    otter.startService()
    try:
        yield House(otter, a, b, reactor)
    finally:
        stopped = otter.stopService()
        assert stopped is not None
        await stopped
        await a.stop()
        await b.stop()


@pytest_twisted.ensureDeferred
async def test_a_query_is_answered_in_dgraphs_words(reactor: AsyncioSelectorReactor) -> None:
    async with house(reactor) as h:
        h.a.on("Query", ok('{"q":[{"name":"A"}]}'))
        headers = {**DQL, "X-Dgraph-AccessToken": ["mine"], "X-Request-Id": ["ask-1"]}
        status, fields, told = await h.post("/query?ro=true", QUERY, headers)
        assert (status, told["data"]) == (200, {"q": [{"name": "A"}]})
        assert fields.getRawHeaders("X-Request-Id") == ["ask-1"]
        assert fields.getRawHeaders("X-Otter-Alpha") == [h.a.grpc_address]
        [seen] = h.a.seen_rpcs("Query")
        assert api.Request.FromString(seen.payload).read_only
        assert ("accessjwt", "mine") in seen.metadata


@pytest_twisted.ensureDeferred
async def test_a_draining_alpha_is_passed_by_for_reads_and_writes(reactor: AsyncioSelectorReactor) -> None:
    async with house(reactor) as h:
        h.a.drain()
        for target, body, kind in (
            ("/query", QUERY, DQL),
            ("/mutate?commitNow=true", MUTATION, RDF),
            ("/alter", b"name: string .", {}),
        ):
            status, fields, told = await h.post(target, body, kind)
            assert (status, "errors" in told) == (200, False)
            assert fields.getRawHeaders("X-Otter-Alpha") == [h.b.grpc_address]


@pytest_twisted.ensureDeferred
async def test_a_killed_alpha_is_passed_by(reactor: AsyncioSelectorReactor) -> None:
    async with house(reactor) as h:
        await h.a.refuse()
        for _ in range(4):
            status, _, told = await h.post("/mutate?commitNow=true", MUTATION, RDF)
            assert (status, told["data"]["code"]) == (200, "Success")


@pytest_twisted.ensureDeferred
async def test_a_write_whose_answer_is_lost_is_not_sent_again(reactor: AsyncioSelectorReactor) -> None:
    async with house(reactor) as h:
        h.a.on("Query", APPLY_AND_BREAK)
        status, _, told = await h.post("/mutate?commitNow=true", MUTATION, RDF)
        assert status == 502
        [error] = told["errors"]
        assert error["message"].startswith("outcome unknown")
        assert error["extensions"]["code"] == "ErrorOutcomeUnknown"
        assert len([r for r in h.a.applied if isinstance(r, Rpc)]) == 1
        assert not h.b.seen_rpcs("Query")


@pytest_twisted.ensureDeferred
async def test_a_read_whose_answer_is_lost_is_asked_again(reactor: AsyncioSelectorReactor) -> None:
    async with house(reactor) as h:
        h.a.on("Query", APPLY_AND_BREAK)
        status, fields, _ = await h.post("/query", QUERY, DQL)
        assert status == 200
        assert fields.getRawHeaders("X-Otter-Alpha") == [h.b.grpc_address]


@pytest_twisted.ensureDeferred
async def test_an_abort_passes_with_its_prefix(reactor: AsyncioSelectorReactor) -> None:
    async with house(reactor) as h:
        h.a.on("Query", Answer(10, message="Transaction has been aborted. Please retry"))
        status, _, told = await h.post("/mutate?commitNow=true", MUTATION, RDF)
        assert status == 200
        expected = "rpc error: code = Aborted desc = Transaction has been aborted. Please retry"
        assert told["errors"][0]["message"] == expected


class Client(WebSocketClientProtocol):  # type: ignore[misc]
    """Puts what it hears into its factory's queue."""

    def onOpen(self) -> None:
        self.factory.opened.callback(self)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        self.factory.heard.put(payload)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        self.factory.heard.put(code)


@pytest_twisted.ensureDeferred
async def test_a_socket_authenticates_asks_and_is_closed_by_the_stop(reactor: AsyncioSelectorReactor) -> None:
    heard: DeferredQueue[Any] = DeferredQueue()
    async with house(reactor) as h:
        h.a.on("Query", ok('{"q":[{"name":"A"}]}'))
        factory = WebSocketClientFactory(f"ws://127.0.0.1:{h.port(1)}/ws", reactor=reactor)
        factory.protocol = Client
        factory.noisy = False
        factory.heard, factory.opened = heard, Deferred()
        await HostnameEndpoint(reactor, "127.0.0.1", h.port(1)).connect(factory)
        client = await factory.opened
        for message in (
            {"type": "query", "query": QUERY.decode()},
            {"type": "auth", "token": TOKEN},
            {"type": "query", "query": QUERY.decode()},
        ):
            client.sendMessage(json.dumps(message).encode())
        told = [await heard.get() for _ in range(3)]
        assert told == [b'{"error":"papers please!"}', b'{"status":"authenticated"}', b'{"q":[{"name":"A"}]}']
        [seen] = h.a.seen_rpcs("Query")
        assert isinstance(seen, Rpc)
        assert api.Request.FromString(seen.payload).read_only
    assert await heard.get() == 1001
