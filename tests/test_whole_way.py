"""The whole way: a client's bytes, through the running daemon, to alphas of a sandbox on loopback, and back.

Here is what a client sees of the way itself; what becomes of the data is in `test_end_to_end`. The fakes of
`tests.fakes` are for what an alpha that behaves cannot show: broken HTTP, a connection that is lost between
two frames, an answer that is not one.
"""

import json
from typing import Any

import pytest_twisted
from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketClientProtocol
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.defer import Deferred, DeferredQueue
from twisted.internet.endpoints import HostnameEndpoint

from tests.house import JSON, NAMED, RDF, SOCKET_TOKEN, house

MUTATION = '{ set { _:a <name> "Io" . } }'


@pytest_twisted.ensureDeferred
async def test_a_query_is_answered_in_dgraphs_words(reactor: AsyncioSelectorReactor) -> None:
    async with house(reactor) as h:
        await h.store("Io")
        told = await h.post("/query", NAMED, X_Request_Id="ask-1")
        assert (told.status, told.json["data"]) == (200, {"q": [{"name": "Io"}]})
        assert told.field("X-Request-Id") == "ask-1"
        assert told.field("Dgraph-TouchedUids") == "1"
        assert told.field("X-Otter-Alpha") in [h.alpha(number) for number in range(3)]


@pytest_twisted.ensureDeferred
async def test_a_read_that_says_so_goes_read_only(reactor: AsyncioSelectorReactor) -> None:
    async with house(reactor) as h:
        await h.store("Io")
        stamps = [
            (await h.post(f"/query{options}", NAMED)).json["extensions"]["txn"]["start_ts"]
            for options in ("?ro=true", "?ro=true", "", "?ro=true", "?be=true")
        ]
        assert stamps[0] == stamps[1] < stamps[2] < stamps[3] == stamps[4]


@pytest_twisted.ensureDeferred
async def test_a_caller_s_token_goes_along(reactor: AsyncioSelectorReactor) -> None:
    async with house(reactor) as h:
        await h.store("Io")
        h.trouble.demand_tokens(60)
        assert "no accessJwt available" in (await h.post("/query", NAMED)).json["errors"][0]["message"]
        account = json.dumps({"userid": "groot", "password": "password"})
        token = (await h.post("/login", account, JSON)).json["data"]["accessJWT"]
        told = await h.post("/query", NAMED, X_Dgraph_AccessToken=token)
        assert told.json["data"] == {"q": [{"name": "Io"}]}


@pytest_twisted.ensureDeferred
async def test_a_draining_alpha_is_passed_by_for_reads_and_writes(reactor: AsyncioSelectorReactor) -> None:
    async with house(reactor) as h:
        h.trouble.fault(0, draining=True)
        for _ in range(3):
            for target, body, kind in (
                ("/query", NAMED, "application/dql"),
                ("/mutate?commitNow=true", MUTATION, RDF),
                ("/alter", "name: string .", "text/plain"),
            ):
                told = await h.post(target, body, kind)
                assert (told.status, "errors" in told.json) == (200, False)
                assert told.field("X-Otter-Alpha") != h.alpha(0)


@pytest_twisted.ensureDeferred
async def test_a_killed_alpha_is_passed_by_until_it_is_back(reactor: AsyncioSelectorReactor) -> None:
    async with house(reactor) as h:
        h.trouble.kill(0)
        for _ in range(4):
            told = await h.post("/mutate?commitNow=true", MUTATION, RDF)
            assert (told.status, told.json["data"]["code"]) == (200, "Success")
        h.trouble.restart(0)
        assert await h.names() == ["Io"] * 4


@pytest_twisted.ensureDeferred
async def test_a_write_whose_answer_is_lost_is_told_of(reactor: AsyncioSelectorReactor) -> None:
    async with house(reactor) as h:
        for number in range(3):
            h.trouble.fault(number, reset_after=True, only=["Query"])
        told = await h.post("/mutate?commitNow=true", MUTATION, RDF)
        assert told.status == 502
        [error] = told.json["errors"]
        assert error["message"].startswith("outcome unknown")
        assert error["extensions"]["code"] == "ErrorOutcomeUnknown"
        for number in range(3):
            h.trouble.heal(number)
        assert await h.names() == ["Io"]


@pytest_twisted.ensureDeferred
async def test_an_abort_passes_with_its_prefix(reactor: AsyncioSelectorReactor) -> None:
    async with house(reactor, (1, 1, 1)) as h:
        await h.post("/alter", "name: string .", "text/plain")
        h.sandbox.cluster.zero.begin_move(0, "name")
        told = await h.post("/mutate?commitNow=true", MUTATION, RDF)
        assert told.status == 200
        expected = "rpc error: code = Aborted desc = Transaction has been aborted. Please retry"
        assert told.json["errors"][0]["message"] == expected


class Client(WebSocketClientProtocol):  # type: ignore[misc]
    """Puts what it hears into its factory's queue."""

    def onOpen(self) -> None:
        self.factory.opened.callback(self)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        self.factory.heard.put(payload)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        self.factory.heard.put(code)


@pytest_twisted.ensureDeferred
async def test_a_socket_authenticates_asks_writes_and_is_closed_by_the_stop(
    reactor: AsyncioSelectorReactor,
) -> None:
    heard: DeferredQueue[Any] = DeferredQueue()
    async with house(reactor) as h:
        await h.store("Io")
        factory = WebSocketClientFactory(f"ws://127.0.0.1:{h.port(1)}/ws", reactor=reactor)
        factory.protocol = Client
        factory.noisy = False
        factory.heard, factory.opened = heard, Deferred()
        await HostnameEndpoint(reactor, "127.0.0.1", h.port(1)).connect(factory)
        client = await factory.opened
        for message in (
            {"type": "query", "query": NAMED},
            {"type": "auth", "token": SOCKET_TOKEN},
            {"type": "query", "query": NAMED},
        ):
            client.sendMessage(json.dumps(message).encode())
        told = [await heard.get() for _ in range(3)]
        found = b'{"q":[{"name":"Io"}]}'
        assert told == [b'{"error":"papers please!"}', b'{"status":"authenticated"}', found]
        mutation = {"type": "mutation", "mutation": '_:a <name> "Europa" .', "commitNow": True}
        client.sendMessage(json.dumps(mutation).encode())
        assert b"error" not in await heard.get()
        assert await h.names() == ["Europa", "Io"]
    assert await heard.get() == 1001


@pytest_twisted.ensureDeferred
async def test_an_operator_sees_the_cluster_and_how_a_request_was_decided(
    reactor: AsyncioSelectorReactor,
) -> None:
    async with house(reactor, groups=(2, 1)) as h:
        known: Deferred[None] = Deferred()
        h.otter.topology.watch(lambda old, new: None if known.called else known.callback(None))
        if not h.otter.topology.map.known:
            await known
        await h.store("Io")
        told = await h.post("/query", NAMED, X_Otter_Explain="1")
        why = json.loads(told.field("X-Otter-Explain") or "")
        assert (why["predicates"], why["verdict"]) == (["0-name"], "fine")
        assert sorted(why["candidates"]) == sorted(h.alpha(number) for number in range(3))
        assert why["attempts"][0]["alpha"] == told.field("X-Otter-Alpha")
        page = (await h.post("/cluster", "")).json
        assert why["policy"] == page["balancer"]
        assert [len(group["members"]) for group in page["map"]["groups"]] == [2, 1]
        assert [alpha["address"] for alpha in page["alphas"]] == [h.alpha(number) for number in range(3)]
