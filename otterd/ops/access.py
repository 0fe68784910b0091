"""Access lines: one for each request, encoded and written in batches, never waited for."""

from typing import Final

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from otterd.ops.instruments import Metrics
from otterd.ops.line import Line, encode_lines
from otterd.ops.stream import Stream

log = Logger(__name__)

BATCH: Final = 256
"""Lines that are written at once, without waiting for the turn's end."""

PAUSE: Final = 0.05
"""Longest that a line waits for company, in seconds."""

WARN_EVERY: Final = 60.0


class AccessLog:
    """Gathers lines and hands them to the log's stream in batches."""

    def __init__(self, clock: IReactorTime, stream: Stream, metrics: Metrics) -> None:
        self._clock = clock
        self._stream = stream
        self._dropped = metrics.dropped.cell()
        self._lines: list[Line] = []
        self._soon: IDelayedCall | None = None
        self._untold = 0
        self._warned = float("-inf")

    def add(self, line: Line) -> None:
        """Take one line."""
        self._lines.append(line)
        if len(self._lines) >= BATCH:
            self._write()
        elif self._soon is None:
            self._soon = self._clock.callLater(PAUSE, self._write_later)

    def flush(self) -> None:
        """Write what is gathered; for a stop."""
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        self._write()

    def _write_later(self) -> None:
        self._soon = None
        self._write()

    def _write(self) -> None:
        lines = self._lines
        if not lines:
            return
        if not self._stream.write(encode_lines(lines)):
            self._dropped[0] += len(lines)
            self._untold += len(lines)
        lines.clear()
        if self._untold and self._clock.seconds() - self._warned >= WARN_EVERY:
            self._warned = self._clock.seconds()
            log.warn("{count} access lines were dropped: the log's reader is too slow", count=self._untold)
            self._untold = 0
