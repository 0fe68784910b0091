"""One HTTP/1.1 request to an alpha and its answer, on a connection of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httptools
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import (
    IDelayedCall,
    IHalfCloseableProtocol,
    IHandshakeListener,
    IProtocol,
    IReactorTime,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from otterd.alphas.endpoint import AlphaEndpoint
from otterd.alphas.fields import end_to_end
from otterd.alphas.stream import Stream, UpgradedStream
from otterd.core.operation import Answer
from otterd.errors import AlphaFailure, Lost, NotReached, TimedOut

log = Logger(__name__)

HEAD_LIMIT = 65536
"""Bytes that the head of an answer may have."""

SWITCHING = 101
BODILESS = frozenset((204, 304))


@dataclass(slots=True, frozen=True)
class Terms:
    """What an exchange may take, in seconds on its clock, and what it may become.

    `connected_by` and `head_by` are points in time; `progress()` is how long a wanted body may bring nothing.
    `head_only` is True for an answer to HEAD, `upgrade` where a 101 is welcome.
    """

    connected_by: float
    head_by: float
    progress: Callable[[], float]
    head_only: bool = False
    upgrade: bool = False


@implementer(IHandshakeListener, IHalfCloseableProtocol)
class Exchange(Protocol):
    """Sends `data` to an alpha; `done` fires with the head of its answer, `over` is called at the very end.

    Over TLS nothing is sent before the handshake succeeded, so that its failure is
    known to have sent nothing.
    """

    def __init__(
        self, data: bytes, clock: IReactorTime, terms: Terms, over: Callable[["Exchange"], None]
    ) -> None:
        self.done: Deferred[Answer] = Deferred(lambda _: self.drop())
        self._data = data
        self._clock = clock
        self._terms = terms
        self._over = over
        self._secure = False
        self._sent = self._dropped = self._gone = False
        self._connecting: Deferred[IProtocol] | None = None
        self._headers: list[tuple[bytes, bytes]] = []
        self._received = 0
        self._stream: Stream | None = None
        self._parser: Any = httptools.HttpResponseParser(self)
        self._timer: IDelayedCall | None = None
        self._last = clock.seconds()

    def begin(self, endpoint: AlphaEndpoint) -> None:
        """Connect to `endpoint` and send."""
        self._secure = endpoint.secure
        self._wait(min(self._terms.connected_by, self._terms.head_by), self._connect_late)
        factory = Factory.forProtocol(lambda: self)
        factory.noisy = False
        self._connecting = attempt = endpoint.connect(factory)
        attempt.addErrback(self._not_connected)

    def cut(self, why: str) -> None:
        """End it now; a body that still flows is told."""
        self._break(why)

    def connectionMade(self) -> None:
        if self._dropped:
            self.drop()
        elif not self._secure:
            self._send()

    def handshakeCompleted(self) -> None:
        if not self._dropped:
            self._send()

    def dataReceived(self, data: bytes) -> None:
        self._last = self._clock.seconds()
        self._received += len(data)
        try:
            if self._parser is None:
                self._tunnelled(data)
            else:
                self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as leap:
            self._parser = None
            self._tunnelled(data[leap.args[0] :])
        except httptools.HttpParserCallbackError:
            log.failure("taking an alpha's answer failed")
            self._break("internal error")
        except httptools.HttpParserError as error:
            self._break(f"not HTTP: {error}")
        if self._stream is None and self._received > HEAD_LIMIT:
            self._break(f"a head of over {HEAD_LIMIT} bytes")

    def readConnectionLost(self) -> None:
        if self._ends_with_connection():
            self._stream.end()  # type: ignore[union-attr]
        self._break("the alpha closed the connection before its answer was complete")

    def writeConnectionLost(self) -> None:
        """Take note of nothing: `end_sending` asked for it, and the alpha's way may go on."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._gone = True
        self._unwait()
        told = reason.getErrorMessage().rstrip(".") or type(reason.value).__name__
        if self._stream is None:
            self._fail(Lost(told) if self._sent else NotReached(f"TLS handshake failed: {told}"))
        elif reason.check(ConnectionDone) and self._ends_with_connection():
            self._stream.end()
        else:
            self._stream.end(told)
        self._over(self)

    def on_message_begin(self) -> None:
        """Forget the fields of an informational answer (the parser calls this for each)."""
        self._headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a field of the head; those after a chunked body are dropped."""
        if self._stream is None:
            self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Give the head to whoever waits, unless it is informational."""
        status = self._parser.get_status_code()
        if status == SWITCHING and not self._terms.upgrade:
            self._break("an upgrade that nobody asked for")
        elif not self._dropped and (status >= 200 or status == SWITCHING):
            self._head(status)

    def on_body(self, data: bytes) -> None:
        """Take a piece of the body, already without its chunks."""
        if self._stream is not None:
            self._stream.feed(data)

    def on_message_complete(self) -> None:
        """Take the proper end of the body."""
        if self._stream is not None and not isinstance(self._stream, UpgradedStream):
            self._complete()

    def hold(self) -> None:
        """Stop reading."""
        if not self._gone:
            self._transport.pauseProducing()

    def flow(self) -> None:
        """Read on; the time for progress begins anew."""
        self._last = self._clock.seconds()
        if not self._gone:
            self._transport.resumeProducing()

    def drop(self) -> None:
        """Close the connection, or give up connecting, at once."""
        self._dropped = True
        self._unwait()
        if self.transport is None and self._connecting is not None:
            self._connecting.cancel()
        elif self.transport is not None and not self._gone:
            self._transport.abortConnection()

    def send(self, data: bytes) -> None:
        """Write on an upgraded connection."""
        if not self._gone:
            self._transport.write(data)

    def end_sending(self) -> None:
        """Close the way to the alpha, after what was sent; TLS here has no half close."""
        if self._secure:
            self._transport.loseConnection()
        elif not self._gone:
            self._transport.loseWriteConnection()

    def press(self, producer: object) -> None:
        """Let `producer` be told when the alpha does not keep up."""
        if not self._gone:
            self._transport.registerProducer(producer, True)

    @property
    def _transport(self) -> Any:
        return self.transport

    def _send(self) -> None:
        self._sent = True
        self._wait(self._terms.head_by, self._head_late)
        data, self._data = self._data, b""
        self._transport.write(data)

    def _head(self, status: int) -> None:
        upgraded = status == SWITCHING
        self._stream = stream = UpgradedStream(self) if upgraded else Stream(self)
        headers = tuple(self._headers) if upgraded else end_to_end(self._headers)
        self._unwait()
        self.hold()
        if not upgraded and (self._terms.head_only or status in BODILESS):
            self._complete()
        elif not upgraded:
            self._wait(self._last + self._terms.progress(), self._body_late)
        self.done.callback(Answer(status, stream, headers))

    def _tunnelled(self, data: bytes) -> None:
        if self._stream is not None and data:
            self._stream.feed(data)

    def _complete(self) -> None:
        assert self._stream is not None
        self._stream.end()
        self.drop()

    def _ends_with_connection(self) -> bool:
        """Tell whether the body is complete when the connection closes."""
        if self._stream is None or isinstance(self._stream, UpgradedStream):
            return self._stream is not None
        return not any(name.lower() in (b"content-length", b"transfer-encoding") for name, _ in self._headers)

    def _not_connected(self, failure: Failure) -> None:
        known = isinstance(failure.value, NotReached)
        self._fail(failure.value if known else NotReached(type(failure.value).__name__))  # type: ignore[arg-type]
        self._dropped = self._gone = True
        self._unwait()
        self._over(self)

    def _break(self, why: str) -> None:
        """Give up on the answer; what was not sent was not lost."""
        if self._stream is not None:
            self._stream.end(why)
        else:
            self._fail(Lost(why) if self._sent else NotReached(why))
        self.drop()

    def _fail(self, failure: AlphaFailure) -> None:
        if not self._dropped and not self.done.called:
            self.done.errback(failure)

    def _wait(self, until: float, late: Callable[[], None]) -> None:
        self._unwait()
        self._timer = self._clock.callLater(max(0.0, until - self._clock.seconds()), late)

    def _unwait(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def _connect_late(self) -> None:
        self._fail(NotReached("connecting took too long"))
        self.drop()

    def _head_late(self) -> None:
        self._fail(TimedOut("no answer within the deadline"))
        self.drop()

    def _body_late(self) -> None:
        stream, now, limit = self._stream, self._clock.seconds(), self._terms.progress()
        assert stream is not None
        if not stream.flowing:
            self._last = now
        if now < self._last + limit:
            self._wait(self._last + limit, self._body_late)
            return
        stream.end("the alpha made no progress")
        self.drop()
