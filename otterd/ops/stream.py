"""Where log and access lines go: a file descriptor that is never waited for.

Both kinds share one Stream, so that a line is never cut in two by another. The
descriptor's flags are left alone: they are shared with other processes, a terminal's shell
for one. Instead sockets are sent to with MSG_DONTWAIT, and pipes and terminals are asked
first and then given no more than a pipe takes at once.
"""

import os
import select
import socket
import stat
from collections import deque
from collections.abc import Callable
from typing import TextIO

from twisted.internet.interfaces import IDelayedCall, IReactorTime

LIMIT = 1 << 20
SPARE = 1 << 18
RETRY = 0.05
LAST_WAIT = 1.0

Put = Callable[[memoryview], int]
"""Writes some bytes at once and returns how many; raises BlockingIOError for none."""


class Stream:
    """Holds at most `limit` bytes for a slow reader, and `spare` more for log lines."""

    def __init__(self, fd: int, *, limit: int = LIMIT, spare: int = SPARE) -> None:
        self._fd = fd
        self._put = _way_to(fd)
        self._limit, self._spare = limit, spare
        self._held: deque[memoryview] = deque()
        self._size = 0
        self._path = ""
        self._clock: IReactorTime | None = None
        self._retry: IDelayedCall | None = None

    @classmethod
    def to(cls, file: TextIO) -> "Stream":
        """Return a Stream to the descriptor under `file`."""
        file.flush()
        return cls(os.dup(file.fileno()))

    @classmethod
    def at(cls, path: str) -> "Stream":
        """Return a Stream that appends to the file at `path`, which `reopen` opens anew."""
        stream = cls(_append_to(path))
        stream._path = os.path.abspath(path)
        return stream

    def attach(self, clock: IReactorTime) -> None:
        """Let `clock` try again while a reader is slow; without it each write tries."""
        self._clock = clock

    def write(self, lines: bytes, *, urgent: bool = False) -> bool:
        """Take whole `lines`; False when they were dropped, for the buffer is full.

        `urgent` lines may use the spare room.
        """
        room = self._limit + (self._spare if urgent else 0)
        if self._size + len(lines) > room and self._size:
            self.flush()
        if self._size + len(lines) > room:
            return False
        self._held.append(memoryview(lines))
        self._size += len(lines)
        if self._retry is None:
            self.flush()
        return True

    def flush(self) -> bool:
        """Write what can be written now; True when nothing is left."""
        while self._held:
            head = self._held[0]
            try:
                count = self._put(head)
            except BlockingIOError:
                self._later()
                return False
            except OSError:
                # The reader is gone or the disk is full: nobody is left to tell.
                self._held.clear()
                self._size = 0
                return True
            self._size -= count
            if count == len(head):
                self._held.popleft()
            else:
                self._held[0] = head[count:]
        return True

    def close(self, wait: float = LAST_WAIT) -> None:
        """Write what is left, waiting at most `wait` seconds in all for the reader."""
        self._clock = None
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        poll = select.poll()
        poll.register(self._fd, select.POLLOUT)
        tries = 20
        while not self.flush() and tries:
            tries -= 1
            poll.poll(wait * 1000 / 20)

    def reopen(self) -> None:
        """Open the file anew, after a rotation; a Stream without a path stays as it is."""
        if self._path:
            fd = _append_to(self._path)
            self.flush()
            os.dup2(fd, self._fd)
            os.close(fd)

    def _later(self) -> None:
        if self._clock is not None and self._retry is None:
            self._retry = self._clock.callLater(RETRY, self._again)

    def _again(self) -> None:
        self._retry = None
        self.flush()


def _append_to(path: str) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)


def _way_to(fd: int) -> Put:
    """Return how to write to `fd` without waiting."""
    kind = os.fstat(fd).st_mode
    if stat.S_ISSOCK(kind):
        return lambda data: _send(fd, data)
    if stat.S_ISREG(kind):
        return lambda data: os.write(fd, data)
    poll = select.poll()
    poll.register(fd, select.POLLOUT)

    def put(data: memoryview) -> int:
        if not poll.poll(0):
            raise BlockingIOError
        return os.write(fd, data[: select.PIPE_BUF])

    return put


def _send(fd: int, data: memoryview) -> int:
    peer = socket.socket(fileno=fd)
    try:
        return peer.send(data, socket.MSG_DONTWAIT)
    finally:
        peer.detach()
