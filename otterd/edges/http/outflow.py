"""A streamed body on its way to the client, no faster than the client reads."""

from typing import Protocol

from otterd.core.operation import Body
from otterd.edges.http.respond import Framing


class Outlet(Protocol):
    """The connection, as a stream sees it."""

    def put(self, pieces: list[bytes]) -> None:
        """Write `pieces` to the client."""

    def stream_ended(self, sent: int) -> None:
        """Be told that the reply is complete, with `sent` bytes of body."""

    def stream_broke(self, sent: int) -> None:
        """Be told that the rest of the reply will never come."""


class Flow:
    """What flows from an alpha to the client, until it is over; `sent` counts its bytes."""

    def __init__(self, outlet: Outlet, body: Body) -> None:
        self._outlet = outlet
        self._body = body
        self._over = False
        self.sent = 0

    def fail(self, reason: str) -> None:
        """Break the reply off, so that the client sees it was cut short."""
        if not self._over:
            self.stop()
            self._outlet.stream_broke(self.sent)

    def pause(self) -> None:
        """Hold the body back: the client does not keep up."""
        if not self._over:
            self._body.pause()

    def resume(self) -> None:
        """Let the body flow again."""
        if not self._over:
            self._body.resume()

    def stop(self) -> None:
        """Give the body up; nobody is there to read it."""
        self._over = True
        self._body.stop()


class Outflow(Flow):
    """Sink of `body`, framed as `framing` says; `length` is its length in bytes, if known."""

    def __init__(self, outlet: Outlet, body: Body, framing: Framing, length: int | None) -> None:
        super().__init__(outlet, body)
        self._chunked = framing.chunked
        self._length = length

    def start(self) -> None:
        """Let the body flow."""
        self._body.start(self)

    def write(self, data: bytes) -> None:
        """Pass on a piece of the body."""
        if self._over or not data:
            return
        self.sent += len(data)
        if self._length is not None and self.sent > self._length:
            self.fail("the body is longer than announced")
        elif self._chunked:
            self._outlet.put([b"%x\r\n" % len(data), data, b"\r\n"])
        else:
            self._outlet.put([data])

    def finish(self) -> None:
        """End the reply, if all of it came."""
        if self._over:
            return
        if self._length is not None and self.sent < self._length:
            self.fail("the body is shorter than announced")
            return
        self._over = True
        if self._chunked:
            self._outlet.put([b"0\r\n\r\n"])
        self._outlet.stream_ended(self.sent)
