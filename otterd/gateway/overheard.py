"""Listens for a transaction's timestamp in a JSON answer that is streamed by."""

import re
from collections.abc import Callable

from otterd.core.operation import Body, Sink

# Quotes within a string are escaped, so no value can look like this; the last one is the alpha's own.
_START = re.compile(rb'"txn":\{"start_ts":(\d{1,20})[,}]').finditer
LONGEST = 40
"""Bytes that may be needed of one piece to understand the next."""


class Overheard:
    """A Body that passes on another, and at its proper end tells the `start_ts` that it named, if any."""

    def __init__(self, body: Body, tell: Callable[[int], None]) -> None:
        self._body = body
        self._tell = tell
        self._sink: Sink | None = None
        self._rest = b""
        self._found = 0

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
        # A piece may be large: only where the last one broke off are the two put together.
        for heard in (self._rest + data[:LONGEST], data):
            for match in _START(heard):
                self._found = int(match[1])
        self._rest = (self._rest + data)[-LONGEST:] if len(data) < LONGEST else data[-LONGEST:]
        self._sink.write(data)

    def finish(self) -> None:
        """Tell what was found, and that the body came to its end."""
        assert self._sink is not None
        if self._found:
            self._tell(self._found)
        self._sink.finish()

    def fail(self, reason: str) -> None:
        """Pass on that the body broke off."""
        assert self._sink is not None
        self._sink.fail(reason)
