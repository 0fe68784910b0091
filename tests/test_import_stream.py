"""`StreamExtSnapshot` through the running daemon, between gRPC's own client and gRPC's own server."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import grpc
import pytest
import pytest_twisted
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.task import deferLater

from otterd.alphas.grpcio import deferred_of
from otterd.config.schema import Config, Engine, Secret
from otterd.service import Otter, make_otter
from tests.test_grpc_door import UNLIMITED, Client

PATH = "/api.Dgraph/StreamExtSnapshot"
FIRST = b"\x08\x01"
LARGE = 24 << 20
WINDOW = 1 << 20


class Importer:
    """An alpha that takes nothing but a stream: a word for each message, and at the end what `end` says."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.metadata: dict[str, Any] = {}
        self.left: float | None = None
        self.over = False
        """Whether the caller said all, or gave up: gRPC's server tells both in the same way."""
        self.reads = asyncio.Event()
        self.reads.set()
        self.end: tuple[int, str, tuple[tuple[str, Any], ...]] = (0, "", ())
        self.server = grpc.aio.server(options=UNLIMITED)
        self.port = self.server.add_insecure_port("127.0.0.1:0")
        handlers = {"StreamExtSnapshot": grpc.stream_stream_rpc_method_handler(self._import)}
        self.server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("api.Dgraph", handlers),))

    async def _import(self, _: AsyncIterator[bytes], context: Any) -> None:
        self.metadata, self.left = dict(context.invocation_metadata()), context.time_remaining()
        await context.send_initial_metadata((("told", "first"),))
        while (message := await context.read()) is not grpc.aio.EOF:
            self.heard.append(message)
            await context.write(len(message).to_bytes(4))
            await self.reads.wait()
        self.over = True
        code, text, trailers = self.end
        context.set_trailing_metadata(trailers)
        if code:
            context.set_code({each.value[0]: each for each in grpc.StatusCode}[code])
            context.set_details(text)


class Desk:
    """The daemon, the alpha behind it, and a client of each."""

    def __init__(self, reactor: Any, otter: Otter, alpha: Importer, door: Client, direct: Client) -> None:
        self.reactor, self.otter, self.alpha, self.door, self.direct = reactor, otter, alpha, door, direct

    async def until(self, condition: Callable[[], object]) -> None:
        for _ in range(2000):
            if condition():
                return
            await deferLater(self.reactor, 0.01)
        raise AssertionError("it never came")


@asynccontextmanager
async def desk(reactor: AsyncioSelectorReactor, **keys: Any) -> AsyncIterator[Desk]:
    alpha = Importer()
    await deferred_of(alpha.server.start())
    config = Config(
        dgraph_endpoints=(f"127.0.0.1:{alpha.port}",),
        dgraph_http_endpoints={f"127.0.0.1:{alpha.port}": "127.0.0.1:1"},
        enable_http=False,
        enable_websocket=False,
        enable_grpc=True,
        grpc_port=0,
        bind_address="127.0.0.1",
        ws_token=Secret("token"),
        metrics_endpoint="",
        access_log=False,
        alpha_engine=Engine.H2,
        **keys,
    )
    otter = make_otter(config, reactor)
    otter.startService()
    address: Any = otter.listeners.doors[0].getHost()
    door, direct = Client(f"127.0.0.1:{address.port}"), Client(f"127.0.0.1:{alpha.port}")
    try:
        yield Desk(reactor, otter, alpha, door, direct)
    finally:
        await door.close()
        await direct.close()
        await otter.stopService()
        await deferred_of(alpha.server.stop(None))


async def carried(client: Client, *messages: bytes, **keys: Any) -> tuple[Any, ...]:
    """Send `messages`, each when the one before was answered; return all that came of it."""

    async def talk() -> tuple[Any, ...]:
        call = client.channel.stream_stream(PATH)(**keys)
        answers = []
        for message in messages:
            await call.write(message)
            answers.append(await call.read())
        await call.done_writing()
        with suppress(grpc.aio.AioRpcError):
            answers.append(await call.read())
        heads = [pair for pair in await call.initial_metadata() if not pair[0].startswith("x-")]
        return (
            answers,
            (await call.code()).value[0],
            await call.details(),
            heads,
            tuple(await call.trailing_metadata()),
        )

    return await deferred_of(talk())


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("packing", [None, grpc.Compression.Gzip])
async def test_it_is_as_if_it_went_straight(reactor: AsyncioSelectorReactor, packing: Any) -> None:
    async with desk(reactor, grpc_max_message_bytes=1 << 20) as d:
        d.alpha.end = (9, "no: 100 % é", (("t", "1"), ("t-bin", b"\xff\0")))
        messages = [FIRST, b"", b"x" * LARGE, b"last"]
        told, heard = [], []
        for client in (d.door, d.direct):
            more = (("accessjwt", "mine"), ("m-bin", b"\1\xff"))
            told.append(await carried(client, *messages, metadata=more, compression=packing))
            heard.append((d.alpha.heard, d.alpha.metadata["accessjwt"], d.alpha.metadata["m-bin"]))
            d.alpha.heard = []
        assert told[0] == told[1]
        assert told[0][0] == [len(each).to_bytes(4) for each in messages]
        assert told[0][1:3] == (9, "no: 100 % é")
        assert heard[0] == heard[1] == (messages, "mine", b"\1\xff")


@pytest_twisted.ensureDeferred
async def test_an_alpha_that_reads_nothing_is_not_buffered_for(reactor: AsyncioSelectorReactor) -> None:
    async with desk(reactor) as d:
        d.alpha.reads.clear()
        call = d.door.channel.stream_stream(PATH)()
        piece, sent = b"y" * 262_144, 0

        async def pour() -> None:
            nonlocal sent
            await call.write(FIRST)
            for _ in range(256):
                await call.write(piece)
                sent += len(piece)

        pouring = deferred_of(pour())
        # The window is renewed by halves: more than one is never left unread, unless nothing is read.
        await d.until(lambda: d.otter.http.budget.held > WINDOW // 2)
        assert sent < 16 << 20
        d.alpha.reads.set()
        reading = deferred_of(_read_all(call))
        await pouring
        await deferred_of(call.done_writing())
        assert await reading == 257
        assert sum(map(len, d.alpha.heard)) == len(FIRST) + 64 * (1 << 20)


async def _read_all(call: Any) -> int:
    count = 0
    while await call.read() is not grpc.aio.EOF:
        count += 1
    return count


@pytest_twisted.ensureDeferred
async def test_a_cancel_reaches_the_alpha(reactor: AsyncioSelectorReactor) -> None:
    async with desk(reactor) as d:
        call = d.door.channel.stream_stream(PATH)()
        await deferred_of(call.write(FIRST))
        await deferred_of(call.read())
        call.cancel()
        await d.until(lambda: d.alpha.over)


@pytest_twisted.ensureDeferred
async def test_a_deadline_passes_on_and_ends_it_at_both_ends(reactor: AsyncioSelectorReactor) -> None:
    async with desk(reactor) as d:
        call = d.door.channel.stream_stream(PATH)(timeout=1.0)
        await deferred_of(call.write(FIRST))
        await deferred_of(call.read())
        assert d.alpha.left is not None
        assert 0 < d.alpha.left <= 1.0
        assert await deferred_of(call.code()) is grpc.StatusCode.DEADLINE_EXCEEDED
        await d.until(lambda: d.alpha.over)


@pytest_twisted.ensureDeferred
async def test_a_stop_lets_it_end(reactor: AsyncioSelectorReactor) -> None:
    async with desk(reactor) as d:
        call = d.door.channel.stream_stream(PATH)()
        await deferred_of(call.write(FIRST))
        await deferred_of(call.read())
        stopping = d.otter.stopService()
        await deferred_of(call.write(b"more"))
        assert await deferred_of(call.read()) == (4).to_bytes(4)
        await deferred_of(call.done_writing())
        assert await deferred_of(call.code()) is grpc.StatusCode.OK
        await stopping
        assert d.alpha.heard == [FIRST, b"more"]
