"""`GET /metrics` on a port of its own: one request a connection, and nothing else is understood."""

from collections.abc import Callable
from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IDelayedCall, IReactorTime, ITCPTransport
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.task import Cooperator
from twisted.python.failure import Failure

from otterd.ops.metrics import Registry

SLICE = 0.001
"""Longest piece of rendering in one turn of the reactor, in seconds."""

CONNECTIONS = 64
HEAD = 8192
PATIENCE = 30.0

TEXT = b"text/plain; version=0.0.4; charset=utf-8"
PLAIN = b"text/plain; charset=utf-8"


class Exposition:
    """Renders the registry in slices; who asks meanwhile shares the rendering under way."""

    def __init__(self, clock: IReactorTime, registry: Registry) -> None:
        self._clock = clock
        self._registry = registry
        self._waiting: list[Deferred[bytes]] = []
        self._cooperator = Cooperator(
            terminationPredicateFactory=self._slice,
            scheduler=lambda call: clock.callLater(0, call),
        )

    def text(self) -> Deferred[bytes]:
        """Fire with the whole text."""
        asked: Deferred[bytes] = Deferred()
        self._waiting.append(asked)
        if len(self._waiting) == 1:
            parts: list[str] = []
            steps = map(parts.append, self._registry.pieces())
            rendered = self._cooperator.coiterate(steps)
            rendered.addCallback(lambda _: "".join(parts).encode()).addBoth(self._rendered)
        return asked

    def _rendered(self, result: Any) -> None:
        waiting, self._waiting = self._waiting, []
        for asked in waiting:
            asked.callback(result)

    def _slice(self) -> Callable[[], bool]:
        end = self._clock.seconds() + SLICE
        return lambda: self._clock.seconds() >= end


class Scrape(Protocol):
    """One connection: a request's head comes in, an answer goes out, and it ends."""

    def __init__(self, site: "MetricsFactory") -> None:
        self._site = site
        self._head = b""
        self._open = True
        self._end: IDelayedCall | None = None

    def connectionMade(self) -> None:
        """Give the client a limited time."""
        end = cast(ITCPTransport, self.transport).abortConnection
        self._end = self._site.clock.callLater(PATIENCE, end)

    def dataReceived(self, data: bytes) -> None:
        """Collect the head; what comes after it is ignored."""
        if self._head.endswith(b"\r\n\r\n"):
            return
        self._head += data
        head, found, _ = self._head.partition(b"\r\n\r\n")
        if found:
            self._head = head + found
            self._answer(head.split(b"\r\n", 1)[0].split(b" "))
        elif len(self._head) > HEAD:
            self._head = b"\r\n\r\n"
            self._reply(b"431 Request Header Fields Too Large", PLAIN, b"too large\n")

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Forget the connection."""
        self._open = False
        self._site.connections -= 1
        if self._end is not None and self._end.active():
            self._end.cancel()

    def _answer(self, line: list[bytes]) -> None:
        if len(line) != 3 or not line[2].startswith(b"HTTP/1."):
            self._reply(b"400 Bad Request", PLAIN, b"bad request\n")
            return
        method, target, _ = line
        bare = method == b"HEAD"
        if target.partition(b"?")[0] != b"/metrics":
            self._reply(b"404 Not Found", PLAIN, b"404 page not found\n", bare)
        elif method not in (b"GET", b"HEAD"):
            self._reply(
                b"405 Method Not Allowed", PLAIN, b"method not allowed\n", bare, b"Allow: GET, HEAD\r\n"
            )
        else:
            self._site.exposition.text().addCallback(lambda text: self._reply(b"200 OK", TEXT, text, bare))

    def _reply(self, status: bytes, kind: bytes, body: bytes, bare: bool = False, more: bytes = b"") -> None:
        if not self._open or self.transport is None:
            return
        head = b"HTTP/1.1 %b\r\nContent-Type: %b\r\nContent-Length: %d\r\n%bConnection: close\r\n\r\n"
        self.transport.write(head % (status, kind, len(body), more) + (b"" if bare else body))
        self.transport.loseConnection()


class MetricsFactory(Factory):
    """Listens for scrapers; at most `CONNECTIONS` at once."""

    noisy = False

    def __init__(self, clock: IReactorTime, registry: Registry) -> None:
        self.clock = clock
        self.exposition = Exposition(clock, registry)
        self.connections = 0

    def buildProtocol(self, addr: IAddress | None) -> Scrape | None:
        """Take the connection, unless there are too many."""
        if self.connections >= CONNECTIONS:
            return None
        self.connections += 1
        return Scrape(self)
