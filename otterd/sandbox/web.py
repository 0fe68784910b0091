"""A small HTTP server: one request a connection, as Dgraph's ports have it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httptools
from twisted.internet.protocol import Factory, Protocol
from twisted.logger import Logger

from otterd.core.operation import Headers
from otterd.sandbox.faults import Reset
from otterd.sandbox.port import Port, reset

log = Logger(__name__)

_LARGEST = 64 << 20
_REASONS = {200: b"OK", 400: b"Bad Request", 404: b"Not Found", 500: b"Internal Server Error",
            503: b"Service Unavailable"}  # fmt: skip


@dataclass(slots=True, frozen=True)
class Page:
    """An answer."""

    status: int
    headers: Headers
    body: bytes


@dataclass(slots=True, frozen=True)
class Visit:
    """A request, whole."""

    method: bytes
    target: bytes
    headers: Headers
    body: bytes

    @property
    def path(self) -> bytes:
        """The target without its query."""
        return self.target.partition(b"?")[0]

    @property
    def query(self) -> bytes:
        """The query of the target."""
        return self.target.partition(b"?")[2]


Visited = Callable[[Visit], Awaitable[Page]]
"""Answers a Visit, or raises Reset."""


class WebDoor:
    """Serves `answer` on 127.0.0.1; `port` 0 takes any."""

    def __init__(self, reactor: Any, answer: Visited, port: int = 0) -> None:
        self.listener = Port(reactor, _Connections(self, answer), port)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.listener.number


class _Connections(Factory):
    noisy = False

    def __init__(self, door: WebDoor, answer: Visited) -> None:
        self.door = door
        self.answer = answer

    def buildProtocol(self, addr: object) -> _Connection:  # noqa: N802
        return _Connection(self)


class _Connection(Protocol):
    """One request and its answer; a caller who hangs up ends the work on it."""

    def __init__(self, factory: _Connections) -> None:
        self.owner = factory
        self.transport: Any = None
        self._parser: Any = httptools.HttpRequestParser(self)
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._size = 0
        self._task: asyncio.Task[None] | None = None

    def connectionMade(self) -> None:  # noqa: N802
        """Be counted."""
        self.owner.door.listener.connections.add(self)
        if self.owner.door.listener.frozen:
            self.freeze()

    def connectionLost(self, reason: Any = None) -> None:  # noqa: N802
        """End the work."""
        self.owner.door.listener.connections.discard(self)
        if self._task is not None:
            self._task.cancel()

    def freeze(self) -> None:
        """Read nothing."""
        self.transport.pauseProducing()

    def thaw(self) -> None:
        """Go on."""
        self.transport.resumeProducing()

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """Parse what came."""
        self._size += len(data)
        try:
            if self._size > _LARGEST:
                raise httptools.HttpParserError("too large")
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.transport.abortConnection()

    def on_url(self, url: bytes) -> None:
        """Take a piece of the target."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header field."""
        self._headers.append((name, value))
        if name.lower() == b"expect":
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, data: bytes) -> None:
        """Take a piece of the body."""
        self._body.append(data)

    def on_message_complete(self) -> None:
        """Answer the request."""
        visit = Visit(self._parser.get_method(), self._target, tuple(self._headers), b"".join(self._body))
        self._task = asyncio.get_event_loop().create_task(self._serve(visit))

    async def _serve(self, visit: Visit) -> None:
        try:
            page = await self.owner.answer(visit)
        except Reset:
            reset(self.transport)
            return
        except Exception:
            log.failure("a request could not be answered")
            page = Page(500, (), b"sandbox: a request could not be answered\n")
        lines = [b"HTTP/1.1 %d %s" % (page.status, _REASONS.get(page.status, b"Answer"))]
        lines += [name + b": " + value for name, value in page.headers]
        lines += [b"Content-Length: %d" % len(page.body), b"Connection: close", b"", b""]
        self.transport.write(b"\r\n".join(lines) + page.body)
        self.transport.loseConnection()
