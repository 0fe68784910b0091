"""One unary call: its message comes in, goes through the corridor, and the answer goes out."""

from typing import Any, Final

from twisted.internet.defer import CancelledError
from twisted.logger import Logger
from twisted.python.failure import Failure

from otterd.core.judge import Verdict
from otterd.core.operation import Answer, Operation, Purpose, Rpc
from otterd.edges.grpc import blocks
from otterd.edges.grpc.arriving import Arriving
from otterd.edges.grpc.flow import Flow, LongMessage
from otterd.edges.grpc.packing import payload_of
from otterd.errors import AlphaFailed, DeadlinePassed, OtterError, OutcomeUnknown, Overloaded
from otterd.wire.h2 import Code, Lost, QueueFull
from otterd.wire.h2.messages import HEAD_BYTES, head

CANCELLED: Final = 1
"""The code of what its caller gave up."""

JOINED: Final = 65_536
"""Bytes of an answer up to which it is copied into one piece with its head."""

log = Logger(__name__)


class Call(Arriving):
    """One call, from its message to its answer."""

    # Any: of an attribute whose type is a Protocol, compiled code leaves out a None that stands in the class.
    _pending: Any = None
    _told = False
    _flow: Flow | None = None

    # What the connection calls.

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
        if self._flow is not None:
            self._flow.stop()
            self.entry.sent = self._flow.sent
        self.entry.status = CANCELLED
        self.entry.verdict = self.entry.verdict or Verdict.LOST
        self._close()

    def drained(self) -> None:
        """Be told that the last byte of the answer is on its way."""
        if self.over:
            self._close()
        elif self._flow is not None:
            self._flow.eased()
        self.line.eased()

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
        try:
            payload = self._payload
            if payload is None:
                payload = payload_of(self._all(), self.asked.encoding, self._most)
            self.perform(payload)
        except OtterError as error:
            self.refuse(error)
        except Exception:
            log.failure("a call on {route} failed", route=self.entry.route)
            self.refuse(OtterError("internal error"))

    def perform(self, payload: bytes) -> None:
        """Do what the request asks for."""
        line, asked = self.line, self.asked
        method = asked.method
        assert method.plan is not None
        plan = method.plan(payload)
        timeout = asked.timeout
        timed = timeout is not None
        if timeout is not None:
            timeout -= line.seconds() - self.since
            if timeout < 0.0:
                timeout = 0.0
        operation = Operation(
            plan.purpose,
            # Of a write that breaks off, nobody would be told that its outcome is unknown.
            Rpc(method.name, payload, asked.metadata, method.flows and not plan.writes, timed),
            self.caller,
            self.entry,
            plan.writes,
            timeout,
            plan.start_ts,
            plan.read_only,
            plan.best_effort,
            "",
            asked.galaxy,
            False,
            plan.commit_now,
            asked.max_stale,
            plan.settles,
        )
        pending = line.gateway.ask(operation, self)
        if not self._told:
            self._pending = pending

    # What the corridor calls, once, perhaps before it was asked in full.

    def callback(self, result: Answer, /) -> None:
        """Pass on the alpha's answer."""
        self._pending, self._told = None, True
        if self.over:
            return
        try:
            self._answered(result)
        except Exception:
            self._unsent()

    def errback(self, fail: Failure, /) -> None:
        """Say why there is none."""
        self._pending, self._told = None, True
        if self.over:
            return
        try:
            if isinstance(fail.value, OtterError):
                self.refuse(fail.value)
            elif fail.check(CancelledError):
                self.line.link.reset(self.stream, Code.CANCEL)
                self.lost(Lost(Code.CANCEL, unprocessed=False, remote=False, text="cancelled"))
            else:
                log.failure("a call on {route} failed", fail, route=self.entry.route)
                self.refuse(OtterError("internal error"))
        except Exception:
            self._unsent()

    # The way of the answer.

    def flowed(self, answer: Answer, sent: int) -> None:
        """End an answer all of which went on, with the alpha's trailers."""
        self._end_flow(answer.status, blocks.trailers_of(answer), sent)

    def broke_off(self, reason: str, sent: int) -> None:
        """End an answer that broke off."""
        error: OtterError = AlphaFailed(f"the answer broke off: {reason}")
        own = self.asked.timeout
        if own is not None and self.line.seconds() - self.since >= own:
            error = DeadlinePassed("the answer was not through in time")
        self._refuse_rest(error, sent)

    def refuse(self, error: OtterError) -> None:
        """Tell a refusal of Otter's own."""
        entry = self.entry
        entry.verdict = entry.verdict or error.word
        entry.client = entry.client or self.line.guard.client(self.caller) or ""
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
                gone = link.reply(stream, begin, payload, trailers)
            else:
                entry.sent = len(payload) + HEAD_BYTES
                link.head(stream, begin)
                link.send(stream, head(len(payload)))
                gone = link.send(stream, payload)
                link.finish(stream, trailers)
        except QueueFull:
            full = self._untold()
            entry.status, entry.verdict, entry.sent = full.grpc, full.word, 0
            link.finish(stream, blocks.refusal(full))
        if not link.streams:
            # What is alone has no company to wait for, and the books can be closed behind it.
            self.line.flush()
        if gone:
            self._close()

    def _untold(self) -> OtterError:
        """Return what is said instead of an answer that cannot be held: a write is not to be sent again."""
        why = "too many bytes wait for this connection's reader"
        if self.entry.purpose == Purpose.QUERY:
            return Overloaded(why, retry_after=1)
        return OutcomeUnknown(f"outcome unknown: an alpha answered, but {why}")

    def _answered(self, answer: Answer) -> None:
        """Pass an alpha's answer on, whole or as it comes."""
        begin, body, status = blocks.head_of(self.entry, answer), answer.body, answer.status
        if isinstance(body, bytes):
            usual = not status and not answer.message and not answer.trailers
            trailers = blocks.OK if usual else blocks.trailers_of(answer)
            self.tell(status, begin, None if status else body, trailers)
            return
        assert answer.length is not None
        flow = self._flow = LongMessage(self, self.line.link, answer, body, answer.length)
        flow.start(begin)

    def _refuse_rest(self, error: OtterError, sent: int) -> None:
        self.entry.verdict = error.word
        self._end_flow(error.grpc, blocks.refusal(error), sent)

    def _end_flow(self, status: int, trailers: bytes, sent: int) -> None:
        if self.over:
            return
        self.over = True
        self.entry.status, self.entry.sent = status, sent
        waiting = self.stream.queue is not None
        self.line.link.finish(self.stream, trailers)
        if not waiting:
            self._close()

    def _unsent(self) -> None:
        """Break off what could not be said, by a mistake of our own."""
        log.failure("an answer on {route} could not be sent", route=self.entry.route)
        self.line.link.reset(self.stream, Code.INTERNAL_ERROR)
        self.over = True
        self._close()
