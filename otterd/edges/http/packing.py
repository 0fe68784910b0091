"""A large answer, compressed piece by piece on its way out, so that others are served in between."""

import zlib

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from otterd.core.operation import Body, Sink
from otterd.edges.http.compress import gzip, packer

SLICE = 1 << 18
"""Bytes compressed within one turn of the reactor: some 5 ms."""


def packed(data: bytes, clock: IReactorTime) -> bytes | Body:
    """Return `data` compressed, as a stream where that takes more than one turn."""
    return gzip(data) if len(data) <= SLICE else Packed(data, clock)


class Packed:
    """Body that compresses `data` as it goes."""

    def __init__(self, data: bytes, clock: IReactorTime) -> None:
        self._data = memoryview(data)
        self._clock = clock
        self._packer = packer()
        self._sink: Sink | None = None
        self._next: IDelayedCall | None = None

    def start(self, sink: Sink) -> None:
        """Begin to flow into `sink`."""
        self._sink = sink
        self.resume()

    def pause(self) -> None:
        """Compress no more for now."""
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def resume(self) -> None:
        """Go on."""
        if self._sink is not None and self._next is None:
            self._next = self._clock.callLater(0, self._turn)

    def stop(self) -> None:
        """Give up: nobody wants the rest."""
        self.pause()
        self._sink = None
        self._data = memoryview(b"")

    def _turn(self) -> None:
        """Compress one slice; the sink may pause or stop this body while it takes it."""
        self._next = None
        sink = self._sink
        assert sink is not None
        piece, self._data = self._data[:SLICE], self._data[SLICE:]
        if self._data:
            self.resume()
            sink.write(self._packer.compress(piece))
            return
        self._sink = None
        sink.write(self._packer.compress(piece) + self._packer.flush(zlib.Z_FINISH))
        sink.finish()
