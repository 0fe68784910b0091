"""The message of a call as it comes in: checked as early as may be, held, and given back in the end."""

from typing import TYPE_CHECKING, Final

from otterd.core.operation import Caller, Entry
from otterd.edges.grpc.asked import Asked
from otterd.edges.grpc.packing import too_large
from otterd.edges.http.refused import Refused
from otterd.errors import DeadlinePassed, OtterError, Overloaded
from otterd.wire.h2 import NOBODY, Head, Stream
from otterd.wire.h2.messages import HEAD_BYTES, only

if TYPE_CHECKING:
    from otterd.edges.grpc.line import Line

SHORT: Final = 4_096
"""Bytes of the longest message of a call that has no plan."""

LONG: Final = 65_536
"""Bytes of a message from which on its caller must show its right before the message is in."""


class Arriving:
    """The receiver of one request's message. `line` is its connection; `since` is when its head came.

    Whoever inherits begins when `ended` says that the message is whole. Rare state is in the class, so
    that an ordinary call sets few attributes.
    """

    over = False
    """Whether nothing is owed any more: all was said, or nobody is there to hear it."""
    _payload: bytes | None = None
    """What the message holds, when it came in one piece that is as it should be."""
    _parts: list[bytes] | None = None
    """The pieces of a message that came in another way."""
    _held = 0
    _checked = False
    _whole = False
    _closed = False

    def __init__(self, line: "Line", stream: Stream, asked: Asked, caller: Caller, entry: Entry) -> None:
        self.line = line
        self.stream = stream
        self.asked = asked
        self.caller = caller
        self.entry = entry
        self.since = line.link.now
        # Nobody need show a token for what Otter answers itself, which also is short.
        self._most = line.most if asked.method.plan is not None else SHORT

    def refuse(self, error: OtterError) -> None:
        """Answer with a refusal of Otter's own."""
        raise NotImplementedError

    def begin(self) -> None:
        """Be told that the message is whole, and that there is room for its answer."""
        raise NotImplementedError

    def headers(self, head: Head) -> None:
        """Never called: a request's head comes with its stream."""

    def informed(self, head: Head) -> None:
        """Never called, for the same reason."""

    def data(self, data: bytes) -> bool | None:
        """Take the next bytes of the message, and refuse them as soon as they are too many."""
        if self.over:
            return True
        line, size = self.line, len(data)
        try:
            line.store.take(size)
        except Refused:
            self.refuse(Overloaded("too many bytes of requests are held", retry_after=1))
            return True
        self._held += size
        if not self.stream.remote_open and size <= LONG and size - HEAD_BYTES <= self._most:
            # The whole request in one frame, as it mostly is.
            self._payload = only(data)
            if self._payload is not None:
                return True
        try:
            self._keep(data)
        except OtterError as error:
            self.refuse(error)
        return True

    def ended(self, trailers: Head | None) -> None:
        """Begin, for the request is whole."""
        if self.over:
            return
        self._whole = True
        self.entry.received = self._held
        line = self.line
        if line.waiting or line.link.queued:
            line.ready(self)
        else:
            self.begin()

    def overdue(self, patience: float, now: float) -> None:
        """Refuse what is not whole within `patience` seconds, or within the caller's own time."""
        if self._whole or self.over:
            return
        own = self.asked.timeout
        if now - self.since > (patience if own is None else min(patience, own)):
            self.refuse(DeadlinePassed("the request did not come in in time"))

    def _keep(self, data: bytes) -> None:
        """Keep a piece; look at the message's head once it is in: what will be refused need not be held."""
        parts = self._parts
        if parts is None:
            parts = self._parts = []
        parts.append(data)
        if not self._checked and self._held >= HEAD_BYTES:
            self._checked = True
            start = data if len(parts) == 1 else b"".join(parts)
            length = int.from_bytes(start[1:HEAD_BYTES])
            if length > self._most:
                raise too_large(self._most)
            if length > LONG:
                self._admit_early()
        if self._held > self._most + HEAD_BYTES:
            raise too_large(self._most)

    def _all(self) -> bytes:
        """Return all that came in pieces, which are then kept no longer."""
        parts, self._parts = self._parts, None
        return b"".join(parts) if parts else b""

    def _admit_early(self) -> None:
        """Refuse a long message before it is held whole; who may send it is charged when it is."""
        guard, asked = self.line.guard, self.asked
        try:
            guard.admit_local(self.caller, charge=False, admin=asked.method.admin or asked.galaxy)
        except OtterError:
            # A guess at a token is to cost something.
            guard.charge(self.caller)
            raise

    def _close(self) -> None:
        """Close the books; safe to do twice."""
        if self._closed:
            return
        self._closed = True
        # What refers to itself waits for a collection.
        self.stream.receiver = NOBODY
        line = self.line
        if self._held:
            line.store.give(self._held)
            self._held = 0
        self._parts = self._payload = None
        line.ledger.close(self.entry)
