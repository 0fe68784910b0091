"""The message of a call as it comes in: checked as early as may be, held, and given back in the end."""

from typing import TYPE_CHECKING

from otterd.core.operation import Entry
from otterd.edges.grpc.asked import Asked
from otterd.edges.grpc.methods import Method
from otterd.edges.grpc.packing import too_large
from otterd.edges.http.refused import Refused
from otterd.errors import DeadlinePassed, OtterError, Overloaded
from otterd.wire.h2 import NOBODY, Head, Stream
from otterd.wire.h2.messages import HEAD_BYTES

if TYPE_CHECKING:
    from otterd.edges.grpc.connection import GrpcConnection

SHORT = 4_096
"""Bytes of the longest message of a call that has no plan."""

LONG = 65_536
"""Bytes of a message from which on its caller must show its right before the message is in."""


class Arriving:
    """The receiver of one request's message. `line` is its connection; `since` is when its head came.

    Whoever inherits begins when `ended` says that the message is whole.
    """

    __slots__ = (
        "_checked",
        "_closed",
        "_held",
        "_most",
        "_parts",
        "_whole",
        "asked",
        "entry",
        "line",
        "method",
        "over",
        "since",
        "stream",
    )

    def __init__(
        self, line: "GrpcConnection", stream: Stream, method: Method, asked: Asked, entry: Entry, since: float
    ) -> None:
        self.line = line
        self.stream = stream
        self.method = method
        self.asked = asked
        self.entry = entry
        self.since = since
        self.over = False
        """Whether nothing is owed any more: all was said, or nobody is there to hear it."""
        self._parts: list[bytes] = []
        self._held = 0
        # Nobody need show a token for what Otter answers itself, which also is short.
        self._most = line.keeper.live.config.grpc_max_message_bytes if method.plan else SHORT
        self._checked = self._whole = self._closed = False

    def refuse(self, error: OtterError) -> None:
        """Answer with a refusal of Otter's own."""
        raise NotImplementedError

    def whole(self) -> None:
        """Be told that the message is whole."""
        raise NotImplementedError

    def headers(self, head: Head) -> None:
        """Never called: a request's head comes with its stream."""

    def informed(self, head: Head) -> None:
        """Never called, for the same reason."""

    def data(self, data: bytes) -> None:
        """Take the next bytes of the message, and refuse them as soon as they are too many."""
        line = self.line
        line.link.consumed(self.stream, len(data))
        if self.over:
            return
        try:
            line.keeper.store.take(len(data))
            self._held += len(data)
            self._parts.append(data)
            if not self._checked:
                self._check()
            if self._held > self._most + HEAD_BYTES:
                raise too_large(self._most)
        except Refused:
            self.refuse(Overloaded("too many bytes of requests are held", retry_after=1))
        except OtterError as error:
            self.refuse(error)

    def ended(self, trailers: Head | None) -> None:
        """Begin, for the request is whole."""
        if self.over:
            return
        self._whole = True
        self.entry.received = self._held
        self.whole()

    def overdue(self, patience: float, now: float) -> None:
        """Refuse what is not whole within `patience` seconds, or within the caller's own time."""
        if self._whole or self.over:
            return
        own = self.asked.timeout
        if now - self.since > (patience if own is None else min(patience, own)):
            self.refuse(DeadlinePassed("the request did not come in in time"))

    def _check(self) -> None:
        """Look at the message's head as soon as it is in: what will be refused need not be held."""
        if self._held < HEAD_BYTES:
            return
        self._checked = True
        start = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        length = int.from_bytes(start[1:HEAD_BYTES])
        if length > self._most:
            raise too_large(self._most)
        if length > LONG:
            self._admit_early()

    def _admit_early(self) -> None:
        """Refuse a long message before it is held whole; who may send it is charged when it is."""
        guard, asked = self.line.keeper.guard, self.asked
        try:
            guard.admit_local(asked.caller, charge=False, admin=self.method.admin or asked.galaxy)
        except OtterError:
            # A guess at a token is to cost something.
            guard.charge(asked.caller)
            raise

    def _close(self) -> None:
        """Close the books; safe to do twice."""
        if self._closed:
            return
        self._closed = True
        # What refers to itself waits for a collection.
        self.stream.receiver = NOBODY
        if self._held:
            self.line.keeper.store.give(self._held)
            self._held = 0
        self._parts = []
        self.line.keeper.ledger.close(self.entry)
