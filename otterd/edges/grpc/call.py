"""One unary call: its message comes in, goes through the corridor, and the answer goes out."""

from typing import TYPE_CHECKING

from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from otterd.core.judge import Verdict
from otterd.core.operation import Answer, Entry, Operation, Rpc
from otterd.edges.grpc import blocks
from otterd.edges.grpc.asked import Asked
from otterd.edges.grpc.methods import Method
from otterd.edges.grpc.packing import payload_of, too_large
from otterd.edges.http.refused import Refused
from otterd.errors import DeadlinePassed, OtterError, Overloaded
from otterd.wire.h2 import Code, Head, Lost, QueueFull, Stream, pack
from otterd.wire.h2.messages import HEAD_BYTES, head

if TYPE_CHECKING:
    from otterd.edges.grpc.connection import GrpcConnection

CANCELLED = 1
"""The code of what its caller gave up."""

SHORT = 4_096
"""Bytes of the longest message of a call that has no plan."""

JOINED = 65_536
"""Bytes of an answer up to which it is copied into one piece with its head."""

log = Logger()


class Call:
    """The receiver of one request. `line` is its connection; `since` is when its head came, in seconds."""

    __slots__ = (
        "_checked",
        "_closed",
        "_held",
        "_most",
        "_parts",
        "_pending",
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
        self._pending: Deferred[Answer] | None = None

    # What the connection calls.

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
        self.line.ready(self)

    def lost(self, lost: Lost) -> None:
        """Give up: nobody waits for the answer any more."""
        if self.over:
            # Said, and not all of it heard.
            self.entry.verdict = Verdict.LOST
            self._close()
            return
        self.over = True
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.cancel()
        self.entry.status = CANCELLED
        self.entry.verdict = self.entry.verdict or Verdict.LOST
        self._close()

    def drained(self) -> None:
        """Be told that the last byte of the answer is on its way."""
        if self.over:
            self._close()
        self.line.eased()

    def overdue(self, patience: float, now: float) -> None:
        """Refuse what is not whole within `patience` seconds, or within the caller's own time."""
        if self._whole or self.over:
            return
        own = self.asked.timeout
        if now - self.since > (patience if own is None else min(patience, own)):
            self.refuse(DeadlinePassed("the request did not come in in time"))

    def over_with(self, status: int) -> None:
        """Close the books on what was answered before it could begin."""
        self.over = True
        self.entry.status = status
        self._close()

    def lost_reader(self) -> None:
        """Be told that the caller left its answer unread for too long."""
        self.lost(Lost(Code.CANCEL, unprocessed=False, remote=False, text="the answer was not read"))

    # The way of the call.

    def begin(self) -> None:
        """Carry the request through the corridor."""
        if self.over:
            return
        parts, self._parts = self._parts, []
        try:
            data = parts[0] if len(parts) == 1 else b"".join(parts)
            self.perform(payload_of(data, self.asked.encoding, self._most))
        except OtterError as error:
            self.refuse(error)
        except Exception:
            log.failure("a call on {route} failed", route=self.entry.route)
            self.refuse(OtterError("internal error"))

    def perform(self, payload: bytes) -> None:
        """Do what the request asks for."""
        asked, method = self.asked, self.method
        assert method.plan is not None
        plan = method.plan(payload)
        timeout = asked.timeout
        if timeout is not None:
            timeout = max(0.0, timeout - (self.line.keeper.seconds() - self.since))
        operation = Operation(
            plan.purpose,
            Rpc(method.name, payload, asked.metadata),
            asked.caller,
            self.entry,
            plan.writes,
            timeout,
            plan.start_ts,
            plan.read_only,
            plan.best_effort,
            galaxy=asked.galaxy,
            commit_now=plan.commit_now,
            max_stale=asked.max_stale,
            settles=plan.settles,
        )
        pending = self._pending = self.line.keeper.gateway.perform(operation)
        # One callback, for every call comes through here.
        pending.addBoth(self._landed)

    def refuse(self, error: OtterError) -> None:
        """Tell a refusal of Otter's own."""
        self.entry.verdict = self.entry.verdict or error.word
        self.tell(error.grpc, blocks.head_of(self.entry, None), None, blocks.refusal(error))

    def tell(self, status: int, begin: bytes, payload: bytes | None, trailers: bytes) -> None:
        """Answer with at most one message."""
        if self.over:
            return
        self.over = True
        link, stream, entry = self.line.link, self.stream, self.entry
        entry.status = status
        gone = True
        try:
            if payload is None:
                link.head(stream, begin)
                link.finish(stream, trailers)
            elif len(payload) <= JOINED:
                entry.sent = len(payload) + HEAD_BYTES
                gone = link.answer(stream, begin, pack(payload), trailers)
            else:
                entry.sent = len(payload) + HEAD_BYTES
                link.head(stream, begin)
                link.send(stream, head(len(payload)))
                gone = link.send(stream, payload)
                link.finish(stream, trailers)
        except QueueFull:
            full = Overloaded("too many bytes wait for this connection's reader", retry_after=1)
            entry.status, entry.verdict, entry.sent = full.grpc, full.word, 0
            link.finish(stream, blocks.refusal(full))
        if gone:
            self._close()

    def _check(self) -> None:
        """Look at the message's head as soon as it is in: what will be refused need not be held."""
        if self._held < HEAD_BYTES:
            return
        self._checked = True
        start = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        length = int.from_bytes(start[1:HEAD_BYTES])
        if length > self._most:
            raise too_large(self._most)
        if length > JOINED:
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

    def _landed(self, result: Answer | Failure) -> None:
        self._pending = None
        if self.over:
            return
        try:
            if isinstance(result, Answer):
                assert isinstance(result.body, bytes)
                begin, trailers = blocks.head_of(self.entry, result), blocks.trailers_of(result)
                self.tell(result.status, begin, None if result.status else result.body, trailers)
            elif isinstance(result.value, OtterError):
                self.refuse(result.value)
            elif result.check(CancelledError):
                self.line.link.reset(self.stream, Code.CANCEL)
                self.lost(Lost(Code.CANCEL, unprocessed=False, remote=False, text="cancelled"))
            else:
                log.failure("a call on {route} failed", result, route=self.entry.route)
                self.refuse(OtterError("internal error"))
        except Exception:
            log.failure("an answer on {route} could not be sent", route=self.entry.route)
            self.line.link.reset(self.stream, Code.INTERNAL_ERROR)
            self.over = True
            self._close()

    def _close(self) -> None:
        """Close the books; safe to do twice."""
        if self._closed:
            return
        self._closed = True
        if self._held:
            self.line.keeper.store.give(self._held)
            self._held = 0
        self._parts = []
        self.line.keeper.ledger.close(self.entry)
