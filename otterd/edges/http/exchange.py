"""One HTTP request, whole, and the reply to it: what the connection and the routes share."""

from typing import Any, Protocol

import msgspec
from twisted.python.failure import Failure

from otterd.core.operation import Body, Entry, Headers
from otterd.edges.http.kept import Kept
from otterd.edges.http.plan import Call
from otterd.gateway.seams import Asked


class Request(msgspec.Struct):
    """A request as it came: `path` and `query` are raw, the body is still encoded.

    `headers` keep order and spelling; `lower` maps the lower-case name to the first
    value. `secure` is True over TLS. `upgrade` is True for a WebSocket upgrade. `kept` is what
    is kept of the head. `plan` is the site's: the call that it made in the place of the request.
    """

    method: bytes
    target: bytes
    path: bytes
    query: bytes
    headers: Headers
    lower: dict[bytes, bytes]
    body: bytes
    entry: Entry
    peer: str
    kept: Kept
    secure: bool = False
    upgrade: bool = False
    plan: Call | None = None

    def all(self, name: bytes) -> list[bytes]:
        """Return every value of the header `name` (lower case), in order."""
        return [v for k, v in self.headers if k.lower() == name]


class Reply(msgspec.Struct):
    """What goes back. The connection adds Date, Connection, lengths and `X-Request-Id`.

    `body` is bytes, or a Body that is streamed: with `length` as Content-Length when that is
    known, else chunked. `close` asks that the connection end after it. `tunnel` marks a
    101 whose body is a Tunnel. `start` is what `status` and `headers` are on the wire, where that is
    known. `lines` are further fields, as they are sent.
    """

    status: int
    headers: Headers = ()
    body: bytes | Body = b""
    length: int | None = None
    close: bool = False
    tunnel: bool = False
    start: bytes = b""
    lines: bytes = b""


class Ear(Protocol):
    """Who is told, once, what a request waited for."""

    def callback(self, result: Any, /) -> None:
        """Be told what came."""

    def errback(self, fail: Failure, /) -> None:
        """Be told why nothing did."""


class Site(Protocol):
    """Whoever answers requests; never raises, and every failure becomes a Reply.

    The connection cancels what is asked when the caller hangs up before the reply.
    """

    def handle(self, request: Request, ear: "Ear") -> "Asked | Reply":
        """Answer `request`, or return what was asked; `ear` is then told the result, perhaps before that.

        `landed` is to be called with it.
        """

    def landed(self, result: Any, request: Request) -> Reply:
        """Make the reply to `request` of the `result`, or Failure, that it waited for."""

    def refuse(self, entry: Entry, status: int, message: str) -> Reply:
        """Make the reply for a request that the connection itself refuses."""
