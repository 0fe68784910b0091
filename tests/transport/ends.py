"""One end of a connection under test, with a plain socket as its peer, on Twisted's own transport or ours."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import ClientFactory, Protocol
from twisted.internet.task import deferLater
from zope.interface import implementer

from otterd.transport.eager import Dialler, hasten

KINDS = ("twisted", "eager")
SIDES = ("server", "client", "unix")
PATIENCE = 20
"""Seconds after which a connection is taken to hang."""
SMALL = 4096
"""Bytes of kernel buffers, as asked for, where the kernel is to take little."""


class Recorder(Protocol):
    """Notes what the transport calls; `on_data` is called with what came."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.data = b""
        self.ended: Deferred[None] = Deferred()
        self.on_data: Callable[[bytes], None] = lambda data: None
        self.on_made: Callable[[Any], None] = lambda transport: None

    def connectionMade(self) -> None:
        self.on_made(self.transport)

    def dataReceived(self, data: bytes) -> None:
        self.data += data
        self.on_data(data)

    def echo(self, data: bytes) -> None:
        self.transport.write(data)

    def connectionLost(self, reason: Any) -> None:
        self.transport.write(b"to nobody")
        self.transport.writeSequence([b"to", b"nobody"])
        self.transport.loseConnection()
        self.transport.abortConnection()
        self.events.append(reason.type.__name__)
        self.ended.callback(None)


@implementer(IHalfCloseableProtocol)
class Halves(Recorder):
    """A Recorder that goes on when one direction has ended."""

    def readConnectionLost(self) -> None:
        self.events.append("read")

    def writeConnectionLost(self) -> None:
        self.events.append("write")


class End:
    """The `protocol` with its `transport`, and the `peer`, a socket that does not block."""

    def __init__(self, reactor: Any, protocol: Any, peer: socket.socket) -> None:
        self.reactor = reactor
        self.protocol = protocol
        self.transport = protocol.transport
        self.peer = peer
        self.loop = reactor._asyncioEventloop

    async def turn(self, times: int = 1) -> None:
        """Let the reactor go round."""
        for _ in range(times):
            await deferLater(self.reactor, 0)

    async def read(self, size: int = 65536) -> bytes:
        """Return what the peer reads next, b"" at the end and b"RESET" after a reset."""
        try:
            data: bytes = await _future(self.loop.sock_recv(self.peer, size))
        except ConnectionResetError:
            return b"RESET"
        return data

    async def read_all(self, size: int = 65536) -> bytes:
        """Return all that the peer reads up to the end, or the reset."""
        pieces = []
        while (piece := await self.read(size)) not in (b"", b"RESET"):
            pieces.append(piece)
        return b"".join([*pieces, piece])

    async def read_exactly(self, size: int) -> bytes:
        pieces = []
        while size:
            pieces.append(await self.read(min(size, 65536)))
            assert pieces[-1]
            size -= len(pieces[-1])
        return b"".join(pieces)

    async def send(self, data: bytes) -> None:
        await _future(self.loop.sock_sendall(self.peer, data))

    async def until(self, true: Callable[[], bool]) -> None:
        """Go round until `true`."""
        for _ in range(100_000):
            if true():
                return
            await self.turn()
        raise AssertionError("it never came to be")

    def reset(self) -> None:
        """Let the peer break the connection off."""
        with suppress(OSError):
            self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.peer.close()


def _future(waiting: Any) -> Deferred[Any]:
    return Deferred.fromFuture(asyncio.ensure_future(waiting))


def within(reactor: Any, work: Any) -> Deferred[Any]:
    """Return a Deferred for `work` that fails when it takes too long."""
    return Deferred.fromCoroutine(work).addTimeout(PATIENCE, reactor)


class Once(ClientFactory):
    """Gives the one protocol."""

    noisy = False

    def __init__(self, protocol: Any) -> None:
        self.protocol_given = protocol
        self.failed: Deferred[None] = Deferred()

    def buildProtocol(self, addr: Any) -> Any:
        return self.protocol_given

    def clientConnectionFailed(self, connector: Any, reason: Any) -> None:
        self.failed.errback(reason)


def dialler(reactor: Any, kind: str) -> Any:
    return Dialler(reactor) if kind == "eager" else reactor


async def joined(
    reactor: Any, kind: str, side: str, protocol: Any, folder: Path, scenario: Callable[[End], Awaitable[Any]]
) -> Any:
    """Connect `protocol` on a transport of the `kind` and return what `scenario` does; all is closed then."""
    loop = reactor._asyncioEventloop
    family = socket.AF_UNIX if side == "unix" else socket.AF_INET
    if side == "client":
        listening = socket.create_server(("127.0.0.1", 0))
        listening.setblocking(False)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        port = listening.getsockname()[1]
        dialler(reactor, kind).connectTCP("127.0.0.1", port, Once(protocol))
        peer, _ = await _future(loop.sock_accept(listening))
        listening.close()
    else:
        if side == "unix":
            at: Any = str(folder / f"{kind}.sock")
            door = reactor.listenUNIX(at, Once(protocol))
        else:
            door = reactor.listenTCP(0, Once(protocol), interface="127.0.0.1")
            at = ("127.0.0.1", door.getHost().port)
        if kind == "eager":
            hasten(door)
        peer = socket.socket(family)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        peer.setblocking(False)
        await _future(loop.sock_connect(peer, at))
    while protocol.transport is None or not protocol.transport.connected:
        await deferLater(reactor, 0)
    if side != "client":
        await door.stopListening()
    end = End(reactor, protocol, peer)
    try:
        return await scenario(end)
    finally:
        if not protocol.ended.called:
            protocol.transport.abortConnection()
            await protocol.ended
        peer.close()
