"""What the tests of the HTTP connection share: a socket, a site and a ledger in memory."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httptools
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from otterd.config.live import Live
from otterd.config.schema import Config
from otterd.core.operation import Door, Entry, Sink
from otterd.core.replaced import replaced
from otterd.edges.http.connection import HttpConnection
from otterd.edges.http.exchange import Ear, Reply, Request
from otterd.edges.http.factory import HttpFactory
from otterd.gateway.seams import Asked


class FakeLedger:
    """Keeps every entry, and insists that each is closed once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.opened: list[Entry] = []
        self.closed: list[Entry] = []

    def open(self, door: Door, route: str, offered: bytes | None = None) -> Entry:
        name = offered.decode() if offered is not None else f"id{len(self.opened)}"
        entry = Entry(door, route, name, self._clock.seconds())
        self.opened.append(entry)
        return entry

    def close(self, entry: Entry) -> None:
        assert not any(entry is closed for closed in self.closed), "an entry was closed twice"
        self.closed.append(entry)

    def statuses(self) -> list[int]:
        return [entry.status for entry in self.closed]


class FakeSite:
    """Answers at once with what was asked, or as `answers` says for a path."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answers: dict[bytes, Callable[[Request], Any]] = {}
        self.refusals: list[tuple[int, str]] = []

    def handle(self, request: Request, ear: Ear) -> Asked | Reply:
        self.requests.append(replaced(request))
        answer = self.answers.get(request.path)
        if answer is not None:
            made = answer(request)
            if isinstance(made, Deferred):
                made.addCallbacks(ear.callback, ear.errback)
            return made  # type: ignore[no-any-return]
        echo = b" ".join((request.method, request.target, request.body))
        return Reply(200, ((b"Content-Type", b"text/plain"),), echo)

    def landed(self, result: Any, request: Request) -> Reply:
        if isinstance(result, Failure):
            result.raiseException()
        return result  # type: ignore[no-any-return]

    def refuse(self, entry: Entry, status: int, message: str) -> Reply:
        self.refusals.append((status, message))
        return Reply(status, (), message.encode())


class FakeSocket(StringTransport):
    """A transport that can refuse to send: with `stuck` set, what is written stays in `dataBuffer`."""

    offset = 0

    def __init__(self) -> None:
        super().__init__(peerAddress=IPv4Address("TCP", "192.0.2.7", 40000), lenient=True)
        self.bufferSize = 65536
        self.stuck = False
        self.dataBuffer = b""
        self.most_held = 0
        self.half_closed = False
        self.aborted = False
        self.lost = False

    @property
    def ended(self) -> bool:
        return bool(self.disconnecting or self.aborted)

    def write(self, data: bytes) -> None:
        if self.lost:
            return
        if not self.stuck:
            super().write(data)
            return
        self.dataBuffer += data
        self.most_held = max(self.most_held, len(self.dataBuffer))
        if len(self.dataBuffer) > self.bufferSize and self.producer is not None:
            self.producer.pauseProducing()

    def writeSequence(self, data: Any) -> None:
        self.write(b"".join(data))

    def take(self, size: int) -> None:
        """Let the client read up to `size` of the bytes that are held."""
        super().write(self.dataBuffer[:size])
        self.dataBuffer = self.dataBuffer[size:]
        if not self.dataBuffer and self.producer is not None:
            self.producer.resumeProducing()

    def loseWriteConnection(self) -> None:
        self.half_closed = True

    def abortConnection(self) -> None:
        self.aborted = True


@dataclass
class Parsed:
    """One reply as a client sees it."""

    status: int = 0
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""
    complete: bool = False
    keep_alive: bool = False


class Replies:
    """Reads replies with llhttp."""

    def __init__(self) -> None:
        self.all: list[Parsed] = []
        self._parser = httptools.HttpResponseParser(self)

    def on_message_begin(self) -> None:
        self.all.append(Parsed())

    def on_header(self, name: bytes, value: bytes) -> None:
        assert name not in self.all[-1].headers, f"{name!r} came twice"
        self.all[-1].headers[name] = value

    def on_headers_complete(self) -> None:
        self.all[-1].status = self._parser.get_status_code()
        self.all[-1].keep_alive = self._parser.should_keep_alive()

    def on_body(self, data: bytes) -> None:
        self.all[-1].body += data

    def on_message_complete(self) -> None:
        self.all[-1].complete = True

    def feed(self, data: bytes) -> list[Parsed]:
        self._parser.feed_data(data)
        return self.all


class House:
    """A factory with its fakes; `config` holds keys that differ from the defaults."""

    def __init__(self, **config: Any) -> None:
        self.clock = Clock()
        self.live = Live(Config(**config))
        self.site = FakeSite()
        self.ledger = FakeLedger(self.clock)
        self.factory = HttpFactory(self.live, self.clock, self.site, self.ledger)
        self.clients: list[Client] = []

    def connect(self) -> "Client":
        client = Client(self)
        self.clients.append(client)
        return client

    def wait(self, seconds: float) -> None:
        """Let time pass, in steps as small as the sweep's."""
        self.clock.pump([0.25] * round(seconds * 4))

    def clear(self) -> None:
        """End every connection and insist that nothing is left of them."""
        for client in self.clients:
            client.lose()
        assert self.factory.connections == 0
        assert not self.clock.getDelayedCalls()
        assert self.factory.budget.held == 0
        unclosed = [e for e in self.ledger.opened if not any(e is c for c in self.ledger.closed)]
        assert not unclosed


class Client:
    """The other end of one connection."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.socket = FakeSocket()
        self.protocol: HttpConnection = house.factory.buildProtocol(None)
        self.protocol.makeConnection(self.socket)

    def send(self, data: bytes) -> "Client":
        """Send `data`, unless the connection has ended."""
        if not self.socket.ended and not self.socket.lost:
            self.protocol.dataReceived(data)
        return self

    def finish(self) -> None:
        """Send nothing more, but still read."""
        self.protocol.readConnectionLost()

    def lose(self, *, clean: bool = True) -> None:
        """Let the connection be lost."""
        if not self.socket.lost:
            self.socket.lost = True
            self.protocol.connectionLost(Failure(ConnectionDone() if clean else ConnectionLost()))

    @property
    def raw(self) -> bytes:
        return self.socket.value()  # type: ignore[no-any-return]

    @property
    def replies(self) -> list[Parsed]:
        return Replies().feed(self.raw)

    @property
    def reply(self) -> Parsed:
        (only,) = self.replies
        return only

    @property
    def statuses(self) -> list[int]:
        return [reply.status for reply in self.replies]


class FakeBody:
    """A stream that a test pushes by hand."""

    def __init__(self) -> None:
        self.sink: Sink | None = None
        self.paused = False
        self.stopped = False

    def start(self, sink: Sink) -> None:
        assert self.sink is None
        self.sink = sink

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    def stop(self) -> None:
        self.stopped = True

    def push(self, *pieces: bytes) -> None:
        assert self.sink is not None
        for piece in pieces:
            self.sink.write(piece)

    def finish(self) -> None:
        assert self.sink is not None
        self.sink.finish()

    def fail(self) -> None:
        assert self.sink is not None
        self.sink.fail("broken")


class FakeTunnel(FakeBody):
    """A tunnel that keeps what the client sent."""

    def __init__(self) -> None:
        super().__init__()
        self.received = b""
        self.ended = False

    def send(self, data: bytes) -> None:
        self.received += data

    def send_end(self) -> None:
        self.ended = True

    def on_pressure(self, slower: Callable[[], None], faster: Callable[[], None]) -> None:
        self.slower, self.faster = slower, faster


def push_until_paused(body: FakeBody, piece: bytes) -> None:
    """Push `piece` again and again until `body` is paused; give up after 1 MB."""
    for _ in range(1_000_000 // len(piece)):
        if body.paused:
            return
        body.push(piece)
    raise AssertionError("the body was not paused")


def get(path: str = "/", *fields: str) -> bytes:
    """Return a GET request."""
    return "\r\n".join((f"GET {path} HTTP/1.1", "Host: otter", *fields, "", "")).encode()


def post(path: str, body: bytes, *fields: str) -> bytes:
    """Return a POST request with Content-Length."""
    lines = (f"POST {path} HTTP/1.1", "Host: otter", f"Content-Length: {len(body)}", *fields, "", "")
    return "\r\n".join(lines).encode() + body


def chunked(path: str, *pieces: bytes, trailers: bytes = b"") -> bytes:
    """Return a POST request with a chunked body."""
    head = f"POST {path} HTTP/1.1\r\nHost: otter\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    chunks = b"".join(b"%X\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return head + chunks + b"0\r\n" + trailers + b"\r\n"
