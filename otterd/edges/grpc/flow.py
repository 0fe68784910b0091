"""An answer that flows on to its caller as it comes, no faster than that reads it."""

from typing import Protocol

from otterd.core.operation import Answer, Body
from otterd.wire.h2 import QueueFull, ServerConnection, Stream
from otterd.wire.h2.messages import head


class Outlet(Protocol):
    """The call that the answer is for."""

    stream: Stream

    def flowed(self, answer: Answer, sent: int) -> None:
        """Be told that all of it went on."""

    def broke_off(self, reason: str, sent: int) -> None:
        """Be told that the rest of it will never come."""


class Flow:
    """The sink of `answer`'s body."""

    def __init__(self, call: Outlet, link: ServerConnection, answer: Answer, body: Body) -> None:
        self._call = call
        self._link = link
        self._answer = answer
        self._body = body
        self._paused = self._over = False
        self.sent = 0

    def start(self, begin: bytes) -> None:
        """Send the answer's head `begin`, and let the body flow."""
        self._link.head(self._call.stream, begin)
        self._body.start(self)

    def write(self, data: bytes) -> None:
        """Pass on the next piece; let no more come while it waits for the reader."""
        if self._over:
            return
        try:
            gone = self._link.send(self._call.stream, data)
        except QueueFull:
            self.fail("its connection holds too much")
            return
        self.sent += len(data)
        if not gone:
            self._paused = True
            self._body.pause()

    def finish(self) -> None:
        """End the answer as the alpha did."""
        if not self._over:
            self._over = True
            self._call.flowed(self._answer, self.sent)

    def fail(self, reason: str) -> None:
        """Tell the caller that the answer broke off."""
        if not self._over:
            self.stop()
            self._call.broke_off(reason, self.sent)

    def eased(self) -> None:
        """Go on: the caller has read what there was."""
        if self._paused and not self._over:
            self._paused = False
            self._body.resume()

    def stop(self) -> None:
        """Give up: nobody wants the rest."""
        self._over = True
        self._body.stop()


class LongMessage(Flow):
    """The same for an answer of one message, which has `length` bytes."""

    def __init__(self, call: Outlet, link: ServerConnection, answer: Answer, body: Body, length: int) -> None:
        super().__init__(call, link, answer, body)
        self._left = length

    def start(self, begin: bytes) -> None:
        """Send the answer's head `begin` and the message's, and let the body flow."""
        self._link.head(self._call.stream, begin)
        super().write(head(self._left))
        self._body.start(self)

    def write(self, data: bytes) -> None:
        """Pass on the next piece, if it is one of the message."""
        self._left -= len(data)
        if self._left < 0:
            self.fail("it is longer than announced")
        else:
            super().write(data)

    def finish(self) -> None:
        """End the answer as the alpha did, if all of it came."""
        if self._left:
            self.fail("it is shorter than announced")
        else:
            super().finish()
