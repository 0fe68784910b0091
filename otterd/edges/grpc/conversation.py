"""A call with messages both ways: the first opens it, and then bytes pass as fast as either side reads."""

from math import inf
from typing import TYPE_CHECKING, cast

from twisted.logger import Logger

from otterd.config.schema import Engine
from otterd.core.judge import Verdict
from otterd.core.operation import Answer, Caller, Duplex, Entry, Operation, Purpose, Tunnel
from otterd.edges.grpc import blocks
from otterd.edges.grpc.asked import Asked
from otterd.edges.grpc.call import Call
from otterd.edges.grpc.flow import Flow
from otterd.edges.grpc.packing import payload_of
from otterd.edges.grpc.toplevel import walk
from otterd.edges.http.refused import Refused
from otterd.errors import NotBuilt, OtterError, OutcomeUnknown, Overloaded
from otterd.wire.h2 import Head, Stream, field
from otterd.wire.h2.messages import HEAD_BYTES

if TYPE_CHECKING:
    from otterd.edges.grpc.line import Line

FIRST = 4_096
"""Bytes of the first message that are waited for, to see the group that it names."""

_GROUP = 1 << 3
_ENCODING = b"grpc-encoding"

log = Logger(__name__)


class Conversation(Call):
    """Holds no more of the caller's messages than its stream's window, whatever their length."""

    def __init__(self, line: "Line", stream: Stream, asked: Asked, caller: Caller, entry: Entry) -> None:
        super().__init__(line, stream, asked, caller, entry)
        self._tunnel: Tunnel | None = None
        self._pressed = self._said_all = False
        self._moved = (0, 0)
        self._moved_at = self.since

    # What the connection calls.

    def data(self, data: bytes) -> bool | None:
        """Take what the caller sent; it may send more when the alpha has taken this."""
        if self.over:
            return True
        try:
            self.line.store.take(len(data))
        except Refused:
            self._give_up("too many bytes of requests are held")
            return None
        self._held += len(data)
        self.entry.received += len(data)
        if self._tunnel is not None:
            self._tunnel.send(data)
            self._passed_on()
            return None
        parts = self._parts
        if parts is None:
            parts = self._parts = []
        parts.append(data)
        if not self._whole and _has_first(b"".join(parts)):
            self._whole = True
            self.line.ready(self)
        return None

    def ended(self, trailers: Head | None) -> None:
        """Take the caller's word that it sends nothing more."""
        if self.over:
            return
        self._said_all = True
        if self._tunnel is not None:
            self._tunnel.send_end()
        elif not self._whole:
            self._whole = True
            self.line.ready(self)

    def overdue(self, patience: float, now: float) -> None:
        """Give up what does not begin, or, without a deadline of the caller's, does not move any more."""
        if not self._whole or self.over:
            super().overdue(patience, now)
            return
        moved = (self.entry.received, self._flow.sent if self._flow is not None else 0)
        limit = self.line.live.config.slow_answer_timeout
        if moved != self._moved or self.asked.timeout is not None:
            self._moved, self._moved_at = moved, now
        elif now - self._moved_at > limit:
            self._give_up(f"nothing was sent either way for {limit:g} s")

    # The way of the call.

    def begin(self) -> None:
        """Carry the call through the corridor, with what came so far."""
        if self.over:
            return
        try:
            self._begin()
        except OtterError as error:
            self.refuse(error)
        except Exception:
            log.failure("a call on {route} failed", route=self.entry.route)
            self.refuse(OtterError("internal error"))

    def flowed(self, answer: Answer, sent: int) -> None:
        """End as the alpha did."""
        if answer.status:
            self.entry.verdict = Verdict.ERROR
        super().flowed(answer, sent)

    def broke_off(self, reason: str, sent: int) -> None:
        """End what broke off: how far the alpha came is not known."""
        self._refuse_rest(_unknown(reason), sent)

    def _begin(self) -> None:
        asked, config = self.asked, self.line.live.config
        if config.alpha_engine is not Engine.H2:
            raise NotBuilt(f"{asked.method.name} needs `alpha_engine: h2`")
        begun = self._all()
        beyond, within = inf, asked.timeout
        if within is not None:
            left = max(0.0, within - (self.line.seconds() - self.since))
            within = min(left, config.slow_answer_timeout, config.max_caller_timeout)
            beyond = left - within
        encoding = b"" if asked.encoding == b"identity" else asked.encoding
        request = Duplex(
            asked.method.name, begun, asked.metadata, encoding=encoding, ended=self._said_all, beyond=beyond
        )
        operation = Operation(
            Purpose.ADMIN,
            request,
            self.caller,
            self.entry,
            writes=True,
            timeout=within,
            galaxy=asked.galaxy,
            group=_group_of(begun, encoding),
        )
        pending = self.line.gateway.ask(operation, self)
        if not self._told:
            self._pending = pending

    def _answered(self, answer: Answer) -> None:
        """Let messages pass both ways, unless the alpha refused."""
        begin, body = blocks.head_of(self.entry, answer), answer.body
        if isinstance(body, bytes):
            self.tell(answer.status, begin, None, blocks.trailers_of(answer))
            return
        begin += b"".join([field(*each) for each in answer.headers if each[0] == _ENCODING])
        tunnel = self._tunnel = cast(Tunnel, body)
        tunnel.on_pressure(self._slower, self._faster)
        flow = self._flow = Flow(self, self.line.link, answer, body)
        flow.start(begin)
        later = self._all()
        if later:
            tunnel.send(later)
        if self._said_all:
            tunnel.send_end()
        self._passed_on()

    def _slower(self) -> None:
        self._pressed = True

    def _faster(self) -> None:
        self._pressed = False
        self._passed_on()

    def _passed_on(self) -> None:
        """Let the caller send on, unless the alpha does not keep up."""
        held = self._held
        if held and not self._pressed and not self.over:
            self._held = 0
            self.line.store.give(held)
            self.line.link.consumed(self.stream, held)

    def _give_up(self, reason: str) -> None:
        """End from this side what cannot go on."""
        pending, self._pending = self._pending, None
        if self._flow is not None:
            self._flow.fail(reason)
        elif pending is not None:
            self.refuse(_unknown(reason))
            pending.cancel()
        else:
            self.refuse(Overloaded(reason, retry_after=1))


def _unknown(reason: str) -> OutcomeUnknown:
    told = f"outcome unknown: the stream broke off: {reason}; what was sent on it may or may not be stored"
    return OutcomeUnknown(told)


def _has_first(data: bytes) -> bool:
    """Tell whether `data` holds a whole message, or as much of one as is waited for."""
    if len(data) < HEAD_BYTES:
        return False
    return len(data) >= min(HEAD_BYTES + int.from_bytes(data[1:HEAD_BYTES]), FIRST)


def _group_of(data: bytes, encoding: bytes) -> int:
    """Return the group that the first message in `data` names, 0 when it names none or is not whole."""
    stop = HEAD_BYTES + int.from_bytes(data[1:HEAD_BYTES])
    try:
        return walk(payload_of(data[:stop], encoding, FIRST)).get(_GROUP, 0)
    except (OtterError, ValueError):
        return 0
