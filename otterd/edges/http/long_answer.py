"""A long answer to `/query`, written in Dgraph's HTTP shape as it comes from the alpha."""

from collections.abc import Callable

from google.protobuf.message import DecodeError

from otterd.core.operation import Body, Sink
from otterd.edges.http.compress import packer
from otterd.wire import api_pb2 as api
from otterd.wire.response import BadResponse, ResponseReader

Tail = Callable[[api.Response], bytes]
"""Gives what stands behind the data, made of the other fields."""


class LongAnswer:
    """Body made of `body`, the bytes of an `api.Response`; compressed when `gzip`."""

    def __init__(self, body: Body, before: bytes, tail: Tail, *, gzip: bool) -> None:
        self._body = body
        self._before = before
        self._tail = tail
        self._packer = packer() if gzip else None
        self._reader = ResponseReader()
        self._sink: Sink | None = None

    def start(self, sink: Sink) -> None:
        """Begin to flow into `sink`."""
        self._sink = sink
        self._put(self._before)
        self._body.start(self)

    def pause(self) -> None:
        """Read no more from the alpha."""
        self._body.pause()

    def resume(self) -> None:
        """Read on."""
        self._body.resume()

    def stop(self) -> None:
        """Give up."""
        self._sink = None
        self._body.stop()

    def write(self, data: bytes) -> None:
        """Take bytes of the message, and pass on those of the data."""
        try:
            self._put(self._reader.feed(data))
        except BadResponse as bad:
            self._break(str(bad))

    def finish(self) -> None:
        """Write what stands behind the data."""
        try:
            tail = self._tail(api.Response.FromString(self._reader.rest))
        except (BadResponse, DecodeError) as bad:
            self._break(str(bad))
            return
        self._put(tail)
        if self._sink is not None:
            if self._packer is not None:
                self._sink.write(self._packer.flush())
            self._sink.finish()

    def fail(self, reason: str) -> None:
        """Break off, as the alpha did."""
        if self._sink is not None:
            self._sink.fail(reason)

    def _put(self, data: bytes) -> None:
        if self._packer is not None:
            data = self._packer.compress(data)
        if data and self._sink is not None:
            self._sink.write(data)

    def _break(self, reason: str) -> None:
        sink, self._sink = self._sink, None
        self._body.stop()
        if sink is not None:
            sink.fail(reason)
