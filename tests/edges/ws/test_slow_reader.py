"""A reader that stops, on real sockets: what it costs and when it is cut."""

import json
from typing import Any

import pytest_twisted
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from otterd.config.live import Live
from otterd.config.schema import Config, Seconds
from otterd.edges.ws.factory import OtterSocketFactory
from tests.edges.ws.fakes import HEAD, TOKEN, FakeGateway, FakeGuard, FakeLedger, frame, frames, response

MB = 1 << 20
SIZE = 3 * MB // 2
COUNT = 16


class Reader(Protocol):
    """Asks `COUNT` times at once and reads nothing before `read_on`."""

    transport: Any

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.size = 0
        self.got: Deferred[None] = Deferred()
        self.gone: Deferred[None] = Deferred()

    def connectionMade(self) -> None:
        queries = [
            frame(1, json.dumps({"type": "query", "query": "q", "id": str(n)}).encode()) for n in range(COUNT)
        ]
        auth = frame(1, json.dumps({"type": "auth", "token": TOKEN}).encode())
        self.transport.pauseProducing()
        self.transport.write(HEAD + b"\r\n" + auth + b"".join(queries))

    def read_on(self) -> None:
        self.transport.resumeProducing()

    def dataReceived(self, data: bytes) -> None:
        self.pieces.append(data)
        self.size += len(data)
        if self.size >= COUNT * SIZE and not self.got.called and len(self.texts) == COUNT:
            self.got.callback(None)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.gone.callback(None)

    @property
    def texts(self) -> list[bytes]:
        """The answers that came whole, without that to `auth`."""
        return [text for _, text in frames(b"".join(self.pieces).partition(b"\r\n\r\n")[2])][1:]

    async def leave(self) -> None:
        self.transport.abortConnection()
        await self.gone


class Asked(FakeGateway):
    """Answers in megabytes; tells when `COUNT` operations came."""

    def __init__(self) -> None:
        super().__init__()
        self.all: Deferred[None] = Deferred()

    def ask(self, operation: Any, ear: Any) -> Any:
        call = super().ask(operation, ear)
        if len(self.calls) == COUNT:
            self.all.callback(None)
        elif len(self.calls) > COUNT:
            self.answer(len(self.calls) - 1, response(b"x" * SIZE))
        return call


@pytest_twisted.ensureDeferred  # type: ignore[untyped-decorator]
async def test_one_who_stops_reading_costs_one_answer_and_a_little_and_is_cut(
    reactor: AsyncioSelectorReactor,
) -> None:
    gateway = Asked()
    live = Live(Config(progress_timeout=Seconds(0.6)))
    factory = OtterSocketFactory(live, reactor, gateway, FakeGuard(), FakeLedger())
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    point = TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port)
    reader: Any = await point.connect(Factory.forProtocol(Reader))
    try:
        await gateway.all
        for n in range(COUNT):
            gateway.answer(n, response(b"x" * SIZE))
        (socket,) = factory._sockets
        assert MB < socket._outbox.size <= SIZE + MB
        await factory.closed().addTimeout(10, reactor)
    finally:
        await port.stopListening()
        factory.abort()
        await reader.leave()
        await factory.closed()


@pytest_twisted.ensureDeferred  # type: ignore[untyped-decorator]
async def test_one_who_reads_on_gets_every_answer_whole(reactor: AsyncioSelectorReactor) -> None:
    gateway = Asked()
    factory = OtterSocketFactory(Live(Config()), reactor, gateway, FakeGuard(), FakeLedger())
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    point = TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port)
    reader: Any = await point.connect(Factory.forProtocol(Reader))
    try:
        await gateway.all
        for n in range(COUNT):
            gateway.answer(n, response(b"x" * SIZE))
        reader.read_on()
        await reader.got.addTimeout(20, reactor)
    finally:
        await port.stopListening()
        factory.abort()
        await reader.leave()
        await factory.closed()
    texts = reader.texts
    assert sorted(int(text[7:].partition(b'"')[0]) for text in texts) == list(range(COUNT))
    assert {text.count(b"x") for text in texts} == {SIZE}
