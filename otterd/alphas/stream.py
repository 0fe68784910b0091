"""The body of an alpha's HTTP answer on its way to a Sink, and the tunnel of an upgraded one."""

from collections.abc import Callable
from typing import Protocol

from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from otterd.core.operation import Sink


class Source(Protocol):
    """The connection that a body comes from."""

    def hold(self) -> None:
        """Stop reading."""

    def flow(self) -> None:
        """Read on."""

    def drop(self) -> None:
        """Close the connection at once."""

    def send(self, data: bytes) -> None:
        """Write to the alpha."""

    def end_sending(self) -> None:
        """Close the way to the alpha."""

    def press(self, producer: object) -> None:
        """Tell `producer` to pause when the alpha does not keep up."""


class Stream:
    """A Body fed by a connection, which reads nothing from the socket before `start` and while paused.

    What one read of the socket brought is held; no more.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._sink: Sink | None = None
        self._held: list[bytes] = []
        self._paused = False
        self._delivering = False
        self._end: str | None = None
        self._over = False

    @property
    def flowing(self) -> bool:
        """Whether bytes are wanted now."""
        return self._sink is not None and not self._paused and not self._over

    def start(self, sink: Sink) -> None:
        """Begin to flow into `sink`."""
        if self._sink is not None:
            raise RuntimeError("a body is started once")
        self._sink = sink
        self._deliver()
        if self.flowing:
            self._source.flow()

    def pause(self) -> None:
        """Stop reading from the alpha."""
        self._paused = True
        if not self._over:
            self._source.hold()

    def resume(self) -> None:
        """Read on."""
        self._paused = False
        self._deliver()
        if self.flowing:
            self._source.flow()

    def stop(self) -> None:
        """Close the connection; the sink hears nothing more."""
        if not self._over:
            self._over = True
            self._held.clear()
            self._source.drop()

    def feed(self, data: bytes) -> None:
        """Take `data` from the connection."""
        if not self._over and self._end is None:
            self._held.append(data)
            self._deliver()

    def end(self, reason: str = "") -> None:
        """Be told that the body is complete, or with a `reason` that it broke off."""
        if self._end is None:
            self._end = reason
            self._deliver()

    def _deliver(self) -> None:
        """Hand over what is held; the sink may pause, resume or stop while it takes a piece."""
        sink = self._sink
        if sink is None or self._delivering:
            return
        self._delivering = True
        try:
            while self._held and not self._paused and not self._over:
                sink.write(self._held.pop(0))
        finally:
            self._delivering = False
        if self._end is None or self._held or self._paused or self._over:
            return
        self._over = True
        if self._end:
            sink.fail(self._end)
        else:
            sink.finish()


@implementer(IPushProducer)
class _Pressure:
    """Turns the transport's wish for less or more into two calls."""

    def __init__(self, slower: Callable[[], None], faster: Callable[[], None]) -> None:
        self._slower, self._faster = slower, faster

    def pauseProducing(self) -> None:
        self._slower()

    def resumeProducing(self) -> None:
        self._faster()

    def stopProducing(self) -> None:
        """The connection is gone, which the body's end tells as well."""


class UpgradedStream(Stream):
    """A Tunnel: the two ways of an upgraded connection."""

    def send(self, data: bytes) -> None:
        """Write `data` to the alpha."""
        if not self._over and self._end is None:
            self._source.send(data)

    def send_end(self) -> None:
        """Close the way to the alpha, after what was sent."""
        if not self._over and self._end is None:
            self._source.end_sending()

    def on_pressure(self, slower: Callable[[], None], faster: Callable[[], None]) -> None:
        """Call `slower` when the alpha does not keep up and `faster` when it does again."""
        if not self._over and self._end is None:
            self._source.press(_Pressure(slower, faster))
