"""An alpha on loopback sockets: gRPC and HTTP, played from a script, with faults.

It is for tests of the channels, which must see what an alpha that behaves cannot show: half an answer, bytes
that are no HTTP, a status of one's choice. For all else there is the sandbox (`tests.house`).
Outcomes are as in `tests.fakes.memory`, and also `BREAK` (the connection is reset before anything
was applied), `APPLY_AND_BREAK` (after), `Half(answer, n)` (HTTP: the answer breaks off after n bytes of
its body) and `Raw(data)` (HTTP: exactly these bytes, then the connection is closed).
"""

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import grpc
import httptools
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.protocol import Factory, Protocol
from twisted.protocols.portforward import ProxyFactory, ProxyServer

from otterd.alphas.grpcio import deferred_of
from otterd.core.operation import Answer, Headers, HttpCall, Metadata, Rpc
from otterd.core.texts import DRAINING, NOT_READY
from otterd.wire import api_pb2 as api
from tests.fakes.memory import HANG, Delayed, Outcome

CODES = {code.value[0]: code for code in grpc.StatusCode}


class Fault:
    """A way for a connection to end."""


BREAK = Fault()
APPLY_AND_BREAK = Fault()


@dataclass(slots=True, frozen=True)
class Half:
    """An HTTP answer of which only `size` bytes of the body come before the connection is closed."""

    answer: Answer
    size: int


@dataclass(slots=True, frozen=True)
class Raw:
    """Bytes to send as they are."""

    data: bytes


def ok(text: str = '{"q":[]}') -> Answer:
    """Return the answer to a Query whose JSON is `text`."""
    return Answer(0, api.Response(json=text.encode()).SerializeToString())


class FakeAlpha:
    """One alpha.

    `seen` holds every request, `applied` those that were carried out; `given_up` counts the hanging gRPC
    calls that the caller ended, and `time_left` is the deadline of the last call, in seconds.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._outcomes: dict[str, list[Outcome]] = {}
        self._refusal = ""
        self._frozen = False
        self._server: grpc.aio.Server | None = None
        self._inner = 0
        self._ports: list[Any] = []
        self._addresses = [0, 0]
        self.connections: set[Any] = set()
        self.seen: list[Rpc | HttpCall] = []
        self.applied: list[Rpc | HttpCall] = []
        self.given_up = 0
        self.time_left: float | None = None

    @property
    def grpc_address(self) -> str:
        """Where gRPC is spoken."""
        return f"127.0.0.1:{self._addresses[0]}"

    @property
    def http_address(self) -> str:
        """Where HTTP is spoken."""
        return f"127.0.0.1:{self._addresses[1]}"

    def on(self, name: str, *outcomes: Outcome) -> None:
        """Answer `name`, a gRPC method or an HTTP path, with `outcomes` in turn; the last one stays."""
        self._outcomes[name] = list(outcomes)

    def healthy(self) -> None:
        """Take work (again)."""
        self._refusal = ""

    def drain(self) -> None:
        """Refuse everything as a draining alpha does."""
        self._refusal = DRAINING

    def unready(self) -> None:
        """Refuse everything as a starting alpha does."""
        self._refusal = NOT_READY

    async def start(self) -> None:
        """Listen."""
        self._server = server = grpc.aio.server(options=(("grpc.so_reuseport", 0),))
        server.add_generic_rpc_handlers((_Methods(self._call),))
        self._inner = server.add_insecure_port("127.0.0.1:0")
        await deferred_of(server.start())
        self.accept()

    async def stop(self) -> None:
        """Close everything."""
        await self.refuse()
        if self._server is not None:
            await deferred_of(self._server.stop(None))

    def accept(self) -> None:
        """Listen (again), on the same ports."""
        for at, factory in enumerate((_Relay(self, self._inner), _Web(self))):
            port = self._reactor.listenTCP(self._addresses[at], factory, interface="127.0.0.1")
            self._addresses[at] = port.getHost().port
            self._ports.append(port)

    def refuse(self) -> Deferred[Any]:
        """Reset every connection and take no new ones, as a killed alpha."""
        ports, self._ports = self._ports, []
        self._frozen = False
        gone = gatherResults([port.stopListening() for port in ports])
        self.cut()
        return gone

    def freeze(self) -> None:
        """Accept connections and read nothing, as a stopped process."""
        self._frozen = True
        for connection in self.connections:
            connection.transport.pauseProducing()

    def thaw(self) -> None:
        """Go on after `freeze`."""
        self._frozen = False
        for connection in self.connections:
            connection.thawed()

    def cut(self) -> None:
        """Reset every connection."""
        for connection in list(self.connections):
            reset(connection.transport)

    def joined(self, connection: Any) -> bool:
        """Take note of a connection; returns whether it may be served now."""
        self.connections.add(connection)
        if self._frozen:
            connection.transport.pauseProducing()
        return not self._frozen

    def outcome(self, name: str, request: Rpc | HttpCall) -> Outcome:
        """Take the next outcome for `request`."""
        self.seen.append(request)
        queue = self._outcomes.get(name) or [_default(name)]
        outcome = queue[0] if len(queue) == 1 else queue.pop(0)
        if self._refusal:
            outcome = self._refused(request)
        while callable(outcome):
            outcome = outcome(request)
        return outcome

    def _refused(self, request: Rpc | HttpCall) -> Answer:
        if isinstance(request, Rpc):
            return Answer(2, message=self._refusal)
        if request.target.startswith(b"/health"):
            return Answer(503, self._refusal.encode())
        error = {"message": self._refusal, "extensions": {"code": "ErrorInvalidRequest"}}
        return Answer(200, json.dumps({"errors": [error], "data": None}, separators=(",", ":")).encode())

    async def _call(self, method: str, payload: bytes, context: Any) -> bytes:
        metadata: Metadata = tuple((key, value) for key, value in context.invocation_metadata())
        request = Rpc(method, payload, metadata)
        self.time_left = context.time_remaining()
        outcome = self.outcome(method, request)
        while isinstance(outcome, Delayed):
            await asyncio.sleep(outcome.seconds)
            outcome = outcome.outcome
        if outcome is not BREAK and not (isinstance(outcome, Answer) and outcome.status):
            self.applied.append(request)
        if isinstance(outcome, Fault):
            self.cut()
            outcome = HANG
        if outcome is HANG:
            try:
                await asyncio.Event().wait()
            finally:
                self.given_up += 1
        await context.send_initial_metadata(_texts(outcome.headers))
        if outcome.status:
            await context.abort(CODES[outcome.status], outcome.message, _texts(outcome.trailers))
        context.set_trailing_metadata(_texts(outcome.trailers))
        return bytes(outcome.body)


def _default(name: str) -> Answer:
    if name == "/health":
        return Answer(200, b'[{"instance":"alpha","status":"healthy","group":"1","version":"v25.4.0"}]')
    if name.startswith("/"):
        return Answer(200, b'{"data":{"code":"Success","message":"Done"}}')
    return ok() if name == "Query" else Answer(0, b"")


def _texts(fields: Headers) -> tuple[tuple[str, str | bytes], ...]:
    return tuple((k.decode(), v if k.endswith(b"-bin") else v.decode()) for k, v in fields)


def reset(transport: Any) -> None:
    """Close the socket of `transport` with a RST."""
    handle = transport.getHandle()
    if handle is not None and handle.fileno() >= 0:
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abortConnection()


class _Methods(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Every unary method of api.Dgraph."""

    def __init__(self, call: Callable[[str, bytes, Any], Awaitable[bytes]]) -> None:
        self._call = call

    def service(self, details: Any) -> Any:
        service, _, method = details.method.lstrip("/").partition("/")
        if service != "api.Dgraph":
            return None

        async def answer(payload: bytes, context: Any) -> bytes:
            return await self._call(method, payload, context)

        return grpc.unary_unary_rpc_method_handler(answer)


class _Server(ProxyServer):  # type: ignore[misc]
    """The outer end of a relayed gRPC connection."""

    held = False

    def connectionMade(self) -> None:
        self.reactor = self.factory.alpha._reactor
        self.held = not self.factory.alpha.joined(self)
        if not self.held:
            super().connectionMade()

    def thawed(self) -> None:
        """Go on after a freeze."""
        if self.held:
            self.held = False
            super().connectionMade()
        else:
            self.transport.resumeProducing()

    def connectionLost(self, reason: Any = None) -> None:
        self.factory.alpha.connections.discard(self)
        super().connectionLost(reason)


class _Relay(ProxyFactory):  # type: ignore[misc]
    """Relays connections to the inner gRPC server, so that they can be broken at will."""

    protocol = _Server
    noisy = False

    def __init__(self, alpha: FakeAlpha, port: int) -> None:
        super().__init__("127.0.0.1", port)
        self.alpha = alpha


class _Web(Factory):  # type: ignore[misc]
    """The HTTP port."""

    noisy = False

    def __init__(self, alpha: FakeAlpha) -> None:
        self.alpha = alpha

    def buildProtocol(self, addr: object) -> "_Page":
        return _Page(self.alpha)


class _Page(Protocol):  # type: ignore[misc]
    """One HTTP request and its answer; then the connection is closed, as alphas do."""

    def __init__(self, alpha: FakeAlpha) -> None:
        self._alpha = alpha
        self._parser: Any = httptools.HttpRequestParser(self)
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._body = b""
        self.tunnelled = b""

    def connectionMade(self) -> None:
        self._alpha.joined(self)

    def thawed(self) -> None:
        """Go on after a freeze."""
        self.transport.resumeProducing()

    def connectionLost(self, reason: Any = None) -> None:
        self._alpha.connections.discard(self)

    def dataReceived(self, data: bytes) -> None:
        if self._parser is None:
            self.tunnelled += data
            self.transport.write(data)
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._parser = None

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_body(self, data: bytes) -> None:
        self._body += data

    def on_message_complete(self) -> None:
        call = HttpCall(self._parser.get_method(), self._target, tuple(self._headers), self._body)
        name = self._target.partition(b"?")[0].decode("latin-1")
        self._play(self._alpha.outcome(name, call), call)

    def _play(self, outcome: Outcome, call: HttpCall) -> None:
        if isinstance(outcome, Delayed):
            self._alpha._reactor.callLater(outcome.seconds, self._play, outcome.outcome, call)
            return
        if outcome is not BREAK:
            self._alpha.applied.append(call)
        if isinstance(outcome, Fault):
            reset(self.transport)
        elif isinstance(outcome, Raw):
            self.transport.write(outcome.data)
            self.transport.loseConnection()
        elif isinstance(outcome, Half):
            self.transport.write(_page(outcome.answer, outcome.size))
            self.transport.loseConnection()
        elif outcome is not HANG:
            self.transport.write(_page(outcome, None))
            if outcome.status != 101:
                self.transport.loseConnection()


def _page(answer: Answer, size: int | None) -> bytes:
    body = bytes(answer.body)  # type: ignore[arg-type]
    lines = [b"HTTP/1.1 %d Answer" % answer.status]
    lines += [name + b": " + value for name, value in answer.headers]
    if answer.status != 101:
        lines += [b"Content-Length: %d" % len(body), b"Connection: close"]
    return b"\r\n".join(lines) + b"\r\n\r\n" + (body if size is None else body[:size])
