"""A streamed answer that passes by while an ear hears which transaction it names."""

from collections.abc import Callable
from typing import Protocol

from otterd.core.operation import Body, Sink


class Ear(Protocol):
    """Hears a transaction's timestamp in bytes that come in pieces."""

    @property
    def found(self) -> int:
        """Return what was heard, once all came; 0 when there was none."""

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""


class Listening:
    """A Body that passes on another, and at its proper end tells the `start_ts` that `ear` heard, if any."""

    def __init__(self, body: Body, ear: Ear, tell: Callable[[int], None]) -> None:
        self._body = body
        self._ear = ear
        self._tell = tell
        self._sink: Sink | None = None

    def start(self, sink: Sink) -> None:
        """Begin to flow into `sink`."""
        self._sink = sink
        self._body.start(self)

    def pause(self) -> None:
        """Stop reading from the alpha."""
        self._body.pause()

    def resume(self) -> None:
        """Read on."""
        self._body.resume()

    def stop(self) -> None:
        """Give up."""
        self._body.stop()

    def write(self, data: bytes) -> None:
        """Pass the next piece on."""
        assert self._sink is not None
        self._ear.feed(data)
        self._sink.write(data)

    def finish(self) -> None:
        """Tell what was found, and that the body came to its end."""
        assert self._sink is not None
        start_ts = self._ear.found
        if start_ts:
            self._tell(start_ts)
        self._sink.finish()

    def fail(self, reason: str) -> None:
        """Pass on that the body broke off."""
        assert self._sink is not None
        self._sink.fail(reason)
