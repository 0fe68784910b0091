"""What surrounds the WebSocket door in its tests: a wire with a reader, guard, ledger, gateway, client."""

import json
import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from otterd.config.live import Live
from otterd.config.schema import Config
from otterd.core.operation import Answer, Caller, Door, Entry, Operation
from otterd.edges.ws.factory import OtterSocketFactory
from otterd.edges.ws.protocol import OtterSocket
from otterd.errors import OtterError
from otterd.gateway.seams import Asked, Ear
from otterd.wire import api_pb2

TOKEN = "the-token"
HEAD = (
    b"GET /ws HTTP/1.1\r\nHost: otter\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)
BUFFER = 65536


class Wire:
    """A transport whose reader takes everything at once, or nothing while `stalled`."""

    def __init__(self) -> None:
        self.received = b""
        self.dataBuffer = b""
        self.stalled = False
        self.reading = True
        self.closing: str | None = None
        self.protocol: Any = None
        self.producer: Any = None

    def write(self, data: bytes) -> None:
        assert isinstance(data, bytes)
        if self.closing:
            return
        if not self.stalled:
            self.received += data
            return
        self.dataBuffer += data
        if self.producer is not None and len(self.dataBuffer) > BUFFER:
            self.producer.pauseProducing()

    def take(self, size: int | None = None) -> None:
        """Let the reader take `size` bytes of what is held, or everything there is."""
        while self.dataBuffer:
            part = self.dataBuffer[:size]
            self.received += part
            self.dataBuffer = self.dataBuffer[len(part) :]
            if not self.dataBuffer and self.producer is not None:
                self.producer.resumeProducing()
            if size is not None:
                return
        if self.closing == "lose":
            self.gone()

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        assert self.producer is None
        assert streaming
        self.producer = producer

    def unregisterProducer(self) -> None:
        self.producer = None

    def pauseProducing(self) -> None:
        assert self.reading
        self.reading = False

    def resumeProducing(self) -> None:
        assert not self.reading
        self.reading = True

    def getPeer(self) -> IPv4Address:
        return IPv4Address("TCP", "192.0.2.7", 4321)

    def getHost(self) -> IPv4Address:
        return self.getPeer()

    def setTcpNoDelay(self, on: bool) -> None:
        pass

    def loseConnection(self) -> None:
        if self.closing is None:
            self.closing = "lose"
            if not self.dataBuffer:
                self.gone()

    def abortConnection(self) -> None:
        if self.protocol is not None:
            self.closing = "abort"
            self.gone()

    def gone(self) -> None:
        """End the connection, from whichever side."""
        self.closing = self.closing or "peer"
        protocol, self.protocol = self.protocol, None
        if protocol is not None:
            reason = ConnectionAborted() if self.closing == "abort" else ConnectionDone()
            protocol.connectionLost(Failure(reason))


class FakeGuard:
    """Knows `TOKEN` and refuses with `refusal` when that is set."""

    def __init__(self) -> None:
        self.refusal: OtterError | None = None
        self.admitted: list[Caller] = []

    def ws_token_matches(self, token: str) -> bool:
        return token == TOKEN

    def admit_socket(self, caller: Caller) -> None:
        self.admitted.append(caller)
        if self.refusal is not None:
            raise self.refusal

    def client(self, caller: Caller) -> str | None:
        return caller.peer


class FakeLedger:
    """Keeps every entry; asserts that each is closed once."""

    def __init__(self) -> None:
        self.opened: list[Entry] = []
        self.closed: list[Entry] = []

    def open(self, door: Door, route: str, offered: bytes | None = None) -> Entry:
        entry = Entry(door, route, (offered or b"made").decode(), 0.0)
        self.opened.append(entry)
        return entry

    def close(self, entry: Entry) -> None:
        assert not any(entry is closed for closed in self.closed)
        self.closed.append(entry)

    @property
    def lines(self) -> list[tuple[str, int]]:
        return [(entry.route, entry.status) for entry in self.closed]


class FakeGateway:
    """Answers with `answers`, in turn; leaves an operation waiting when there is none.

    It raises its `mistake`, when there is one, which no gateway may.
    """

    def __init__(self) -> None:
        self.mistake: Exception | None = None
        self.operations: list[Operation] = []
        self.calls: list[Deferred[Answer]] = []
        self.answers: list[Answer | Exception] = []
        self.cancelled: list[Deferred[Answer]] = []

    def ask(self, operation: Operation, ear: Ear) -> Asked:
        if self.mistake is not None:
            raise self.mistake
        call: Deferred[Answer] = Deferred(self.cancelled.append)
        self.operations.append(operation)
        self.calls.append(call)
        call.addCallbacks(ear.callback, ear.errback)
        if self.answers:
            self.answer(len(self.calls) - 1, self.answers.pop(0))
        return call

    def answer(self, index: int, result: Answer | Exception) -> None:
        if isinstance(result, Answer):
            self.calls[index].callback(result)
        else:
            self.calls[index].errback(result)

    def request(self, index: int) -> api_pb2.Request:
        rpc: Any = self.operations[index].request
        return api_pb2.Request.FromString(rpc.payload)

    @property
    def queries(self) -> list[str]:
        return [self.request(i).query for i in range(len(self.operations))]


def response(json: bytes = b"", **fields: Any) -> Answer:
    """Return an alpha's answer with these fields of `api.Response`."""
    return Answer(0, api_pb2.Response(json=json, **fields).SerializeToString())


def frame(
    opcode: int, payload: bytes, *, fin: bool = True, rsv: int = 0, mask: bytes | None = b"mask"
) -> bytes:
    """Return a frame as a client sends it."""
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    bit = 0 if mask is None else 0x80
    size = len(payload)
    if size < 126:
        head = bytes((first, bit | size))
    elif size < 65536:
        head = struct.pack("!BBH", first, bit | 126, size)
    else:
        head = struct.pack("!BBQ", first, bit | 127, size)
    if mask is None:
        return head + payload
    return head + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


def frames(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield opcode and payload of each whole frame that a server sent, none of them a part."""
    for opcode, last, payload in parts(data):
        assert last
        yield opcode, payload


def parts(data: bytes) -> Iterator[tuple[int, bool, bytes]]:
    """Yield opcode, whether it is its message's last, and payload of each whole frame that a server sent."""
    while len(data) >= 2:
        size, at = data[1], 2
        assert size < 128, "a server masks nothing"
        if size == 126:
            size, at = struct.unpack("!H", data[2:4])[0], 4
        elif size == 127:
            size, at = struct.unpack("!Q", data[2:10])[0], 10
        if len(data) < at + size:
            return
        assert not data[0] & 0x70
        yield data[0] & 0x0F, data[0] >= 0x80, data[at : at + size]
        data = data[at + size :]


class Client:
    """A client on a Wire; remembers what it was told."""

    def __init__(self, factory: OtterSocketFactory) -> None:
        self.wire = Wire()
        socket: Any = factory.buildProtocol(None)
        self.socket: OtterSocket = socket
        self.wire.protocol = self.socket
        self.socket.makeConnection(self.wire)

    def send(self, data: bytes) -> None:
        """Let raw bytes arrive, as far as anybody listens."""
        if self.wire.protocol is not None:
            self.wire.protocol.dataReceived(data)

    def open(self, more: bytes = b"") -> "Client":
        """Shake hands."""
        self.send(HEAD + more + b"\r\n")
        assert self.head.startswith(b"HTTP/1.1 101 "), self.head
        return self

    def authenticate(self, **members: Any) -> "Client":
        self.say(type="auth", token=TOKEN, **members)
        assert self.texts.pop() == b'{"status":"authenticated"}'
        self.forget()
        return self

    def say(self, **members: Any) -> None:
        self.send(frame(1, json.dumps(members).encode()))

    @property
    def unsent(self) -> int:
        """Bytes that wait in the door for this client to read."""
        return self.socket._outbox.size

    @property
    def head(self) -> bytes:
        return self.wire.received.partition(b"\r\n\r\n")[0]

    @property
    def body(self) -> bytes:
        return self.wire.received.partition(b"\r\n\r\n")[2]

    @property
    def heard(self) -> list[tuple[int, bytes]]:
        return list(frames(self.body))

    @property
    def texts(self) -> list[bytes]:
        return [payload for opcode, payload in self.heard if opcode == 1]

    @property
    def close(self) -> tuple[int, bytes] | None:
        """The close frame that came, as code and reason."""
        for opcode, payload in self.heard:
            if opcode == 8:
                return struct.unpack("!H", payload[:2])[0], payload[2:]
        return None

    def forget(self) -> None:
        """Forget the frames heard so far."""
        self.wire.received = self.head + b"\r\n\r\n"

    def hang_up(self) -> None:
        self.wire.gone()


class House:
    """A factory with all that surrounds it."""

    def __init__(self, config: Config | None = None, **keys: Any) -> None:
        self.clock = Clock()
        self.live = Live(config or Config(**keys))
        self.guard = FakeGuard()
        self.ledger = FakeLedger()
        self.gateway = FakeGateway()
        self.factory = OtterSocketFactory(self.live, self.clock, self.gateway, self.guard, self.ledger)

    def client(self) -> Client:
        return Client(self.factory)

    def reload(self, **keys: Any) -> None:
        self.live.replace(replace(self.live.config, **keys))

    def pass_time(self, seconds: float) -> None:
        """Advance in steps, as timers that set timers want it."""
        for _ in range(round(seconds * 10)):
            self.clock.advance(0.1)
