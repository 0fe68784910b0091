"""A long answer on its way to a socket: one text message in many frames, no faster than it is read."""

from codecs import getincrementaldecoder
from collections.abc import Callable
from typing import Final

from otterd.edges.http.long_answer import LongAnswer
from otterd.edges.ws.seams import Line
from otterd.edges.ws.task import Task

HIGH: Final = 64 * 1024
"""Unsent bytes of a socket from which on the alpha is asked to wait."""

_decoder: Final = getincrementaldecoder("utf-8")


class Flow:
    """Sink of `answer`, the one to `task`; `sent` counts its bytes.

    `ended` is called once, unless it was stopped, and told whether all of it came.
    """

    def __init__(self, task: Task, answer: LongAnswer, line: Line, ended: Callable[[bool], None]) -> None:
        self.task = task
        self.sent = 0
        self._answer: LongAnswer | None = answer
        self._line = line
        self._ended = ended
        self._begun = self._paused = False
        # Clients end the socket on bytes that are not UTF-8.
        self._text = _decoder("replace")
        self._ascii = True
        """Whether the last piece ended with a whole character, as far as that is known without a look."""

    def start(self) -> None:
        """Let it flow."""
        assert self._answer is not None
        self._answer.start(self)

    def resume(self) -> None:
        """Let it flow again, if the socket's reader has caught up."""
        if self._paused and self._answer is not None and self._line.outbox.size <= HIGH:
            self._paused = False
            self._answer.resume()

    def stop(self) -> None:
        """Give it up: nobody is there to read it."""
        answer, self._answer = self._answer, None
        if answer is not None:
            answer.stop()

    def write(self, data: bytes) -> None:
        """Pass on a piece."""
        if self._answer is None:
            return
        if not self._line.open:
            # A close was said; the connection's end follows.
            self.stop()
            return
        text = self._clean(data)
        if text:
            self._send(text, last=False)
        if self._line.outbox.size > HIGH and not self._paused:
            self._paused = True
            self._answer.pause()

    def finish(self) -> None:
        """End the message."""
        if self._answer is None:
            return
        self._answer = None
        self._send(self._text.decode(b"", True).encode(), last=True)
        self._ended(True)

    def fail(self, reason: str) -> None:
        """Leave it as it is, for the rest will never come."""
        if self._answer is not None:
            self._answer = None
            self._ended(False)

    def _clean(self, data: bytes) -> bytes:
        """Return `data` with what is not UTF-8 replaced; the beginning of a character waits for its end."""
        if self._ascii and data.isascii():
            return data
        text = self._text.decode(data).encode()
        self._ascii = not self._text.getstate()[0]
        return text

    def _send(self, text: bytes, *, last: bool) -> None:
        self._line.send_part(text, first=not self._begun, last=last)
        self._begun = True
        self.sent += len(text)
