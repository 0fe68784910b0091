"""A large answer to a slow reader over a real socket costs little memory."""

import gc
import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from otterd.core.operation import Sink
from otterd.edges.http.exchange import Reply
from otterd.edges.http.factory import HttpFactory
from tests.edges.http.wirerig import FakeLedger, FakeSite, House, get

MIB = 1048576
SIZE = 200 * MIB
PIECE = 65536


class Spring:
    """A body that produces as fast as it is let, a piece in each turn of the reactor."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._piece = bytes(PIECE)
        self.running = False
        self._left = SIZE
        self.sink: Sink | None = None
        self.pauses = 0

    @property
    def produced(self) -> int:
        return SIZE - self._left

    def start(self, sink: Sink) -> None:
        self.sink = sink
        self.resume()

    def pause(self) -> None:
        self.running = False
        self.pauses += 1

    def resume(self) -> None:
        self.running = True
        self._reactor.callLater(0, self._flow)

    def stop(self) -> None:
        self.running = False

    def _flow(self) -> None:
        if not self.running:
            return
        assert self.sink is not None
        if not self._left:
            self.running = False
            self.sink.finish()
            return
        self._left -= PIECE
        self._reactor.callLater(0, self._flow)
        self.sink.write(self._piece)


def resident() -> int:
    """Return the resident memory of this process in bytes."""
    with open("/proc/self/statm", "rb") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture
def factory(reactor: Any) -> Iterator[HttpFactory]:
    site = FakeSite()
    factory = HttpFactory(House().live, reactor, site, FakeLedger(reactor))
    yield factory
    assert factory.connections == 0


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs Linux")
@pytest_twisted.ensureDeferred
async def test_a_large_answer_to_a_slow_reader_stays_small(reactor: Any, factory: HttpFactory) -> None:
    springs: list[Spring] = []

    def spring(request: object) -> Reply:
        springs.append(Spring(reactor))
        return Reply(200, (), springs[-1], length=SIZE)

    site: Any = factory.keeper.site
    site.answers[b"/big"] = spring
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    client.connect(("127.0.0.1", port.getHost().port))
    client.setblocking(False)
    client.sendall(get("/big"))

    def turn() -> "Deferred[None]":
        return deferLater(reactor, 0.001, lambda: None)

    while not (springs and (springs[0].pauses or springs[0].produced > 32 * MIB)):
        await turn()
    assert springs[0].pauses
    gc.collect()
    before = most = resident()
    read, ahead, step = 0, 0, 10 * MIB
    sink = bytearray(PIECE)
    while read < SIZE:
        if read >= step:
            # Read nothing until the source is held back again.
            step += 10 * MIB
            while springs[0].running and springs[0].produced < SIZE:
                await turn()
        try:
            got = client.recv_into(sink)
        except BlockingIOError:
            await turn()
            continue
        assert got, "the connection ended early"
        read += got
        ahead = max(ahead, springs[0].produced - read)
        most = max(most, resident())
    while factory.keeper.ledger.closed == []:  # type: ignore[attr-defined]
        await turn()
    assert most - before < 2 * MIB
    # What Otter and both kernel buffers hold together; the latter are some 4 MiB at most.
    assert ahead < 8 * MIB
    assert springs[0].pauses > 10
    client.close()
    await port.stopListening()
    await factory.closed()
