"""The quick half of a socket: usual frames in, their tasks through the corridor, and the answers out.

Nearly every message is a short whole text, and nearly every answer finds room. Those pass here, in one
step each way, once one flag was looked at; the shell around Autobahn gets all the rest.
"""

from struct import pack
from typing import Any, Final, Protocol

from twisted.python.failure import Failure

from otterd.config.live import Live
from otterd.edges.ws.frames import FINAL, TEXT, TWO_BYTES, whole_text
from otterd.edges.ws.outbox import Outbox
from otterd.edges.ws.request import operation_of
from otterd.edges.ws.seams import Corridor, Hearer
from otterd.edges.ws.task import Task

JOINED: Final = 16 * 1024
"""Bytes up to which a frame's head and body are sent as one."""


class Shell(Protocol):
    """The protocol that Twisted and Autobahn know, as its line needs it."""

    def hear(self, data: bytes) -> None:
        """Take what is not for the line, which may be nothing, and what waits before it."""

    def authenticated(self) -> None:
        """Be told that the client showed the token."""

    def dismiss(self, code: int, reason: str, after: float) -> None:
        """Close in `after` seconds, once all is sent."""


class SocketLine:
    """The Line of one socket's session.

    It is `open` while text may be sent, and `held` while nothing is read. It is `plain` while the next
    frame may be taken here: it is open and not held, Autobahn is within no frame or message and keeps no
    bytes, and no ping waits for a pong.
    """

    def __init__(self, shell: Shell, transport: Any, outbox: Outbox, live: Live, corridor: Corridor) -> None:
        self.open = self.plain = self.held = False
        self.session: Hearer | None = None
        self.limit = 0
        """Bytes of the longest message."""
        self.outbox = outbox
        self._shell = shell
        self._transport = transport
        self._live = live
        self._corridor = corridor

    def received(self, data: bytes) -> None:
        """Take what arrived."""
        session = self.session
        if self.plain and session is not None:
            self.plain = False  # until all of `data` is gone
            while (taken := whole_text(data, self.limit)) is not None:
                text, end = taken
                data = data[end:]
                session.receive(text)
                if self.outbox.size:
                    self.pace()
                if self.held or not self.open:
                    break
                if not data:
                    self.plain = True
                    return
        self._shell.hear(data)

    def send(self, text: bytes) -> None:
        """Send one text frame."""
        self._frame(TEXT, text)

    def send_part(self, text: bytes, *, first: bool, last: bool) -> None:
        """Send one frame of a message that has many."""
        self._frame((FINAL if last else 0) | (TEXT & ~FINAL if first else 0), text)

    def _frame(self, kind: int, text: bytes) -> None:
        if not self.open:
            return
        size = len(text)
        if size < TWO_BYTES:
            head = bytes((kind, size))
        else:
            head = pack("!BBH", kind, 126, size) if size <= 0xFFFF else pack("!BBQ", kind, 127, size)
        if size <= JOINED:
            self.outbox.write(head + text)
        else:
            self.outbox.write(head)
            self.outbox.write(text)

    def pace(self) -> None:
        """Read on, or stop reading while the session is full or too much is unsent."""
        session = self.session
        over = self.outbox.size > self._live.config.ws_send_buffer_bytes
        hold = self.open and session is not None and (session.full or over)
        if hold == self.held:
            return
        self.held = hold
        if hold:
            self.plain = False
            self._transport.pauseProducing()
        else:
            self._transport.resumeProducing()
            self._shell.hear(b"")

    def authenticated(self) -> None:
        """Be told that the client showed the token."""
        self._shell.authenticated()

    def dismiss(self, code: int, reason: str, after: float) -> None:
        """Close in `after` seconds, once all is sent."""
        self._shell.dismiss(code, reason, after)

    def perform(self, task: Task) -> None:
        """Carry `task` through the corridor, which tells it what came of it, perhaps at once."""
        assert task.entry is not None
        try:
            operation = operation_of(task.message, task.caller, task.metadata, task.entry)
            task.call = self._corridor.ask(operation, task)
        except Exception:
            task.errback(Failure())
