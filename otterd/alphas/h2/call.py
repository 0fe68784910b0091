"""One call, from its being asked to what its ear is told."""

from math import inf
from typing import Protocol

from otterd.alphas.awaited import tell_answer, tell_failure
from otterd.alphas.channel import Ear
from otterd.alphas.h2.answers import answer_of, failure_of
from otterd.alphas.h2.link import Link
from otterd.alphas.h2.long_answer import LongAnswer, is_long
from otterd.core.operation import Answer, Rpc
from otterd.errors import AlphaFailure
from otterd.wire.h2 import Head, Lost, Stream


class Keeper(Protocol):
    """Who made a call and watches its deadline."""

    def left(self, call: "Call") -> float:
        """Return the seconds to the deadline of `call`."""

    def landed(self, call: "Call") -> None:
        """Be told that `call` is over."""

    def cancelled(self, call: "Call") -> None:
        """Be told that nobody wants the answer of `call`."""

    def expect(self, call: "Call", seconds: float | None, latest: float) -> None:
        """Let `call` fail in so many seconds, or wait for ever, but not beyond `latest`."""


class Call:
    """One call; the receiver of its stream. `link` is None while it waits for one."""

    __slots__ = (
        "_ear",
        "_head",
        "_keeper",
        "_latest",
        "_long",
        "_parts",
        "deadline",
        "link",
        "rpc",
        "stream",
    )

    stream: Stream
    _latest: float

    def __init__(self, keeper: Keeper, rpc: Rpc, ear: Ear, deadline: float) -> None:
        self._keeper = keeper
        self.rpc = rpc
        self._ear: Ear | None = ear
        self.deadline = deadline
        self.link: Link | None = None
        self._head: Head | None = None
        self._long: LongAnswer | None = None
        self._parts: list[bytes] = []

    def cancel(self) -> None:
        """Give up, unless it has ended, or a long answer has begun."""
        if self._ear is not None:
            self._ear = None
            self._keeper.cancelled(self)

    def fail(self, failure: AlphaFailure) -> None:
        """End the call without an answer, or in the middle of a long one."""
        self._keeper.landed(self)
        if self._long is not None:
            self._long.fail(failure)
        else:
            self._tell_failure(failure)

    def expect(self, seconds: float | None) -> None:
        """Let the call fail in so many seconds, or wait for ever."""
        self._keeper.expect(self, seconds, self._latest)

    def over(self) -> None:
        """Note that nothing more will come."""
        self._keeper.landed(self)

    def headers(self, head: Head) -> None:
        """Take the answer's head."""
        self._head = head

    def informed(self, head: Head) -> None:
        """Take no note of an informational head."""

    def data(self, data: bytes) -> None:
        """Take a piece of the answer."""
        if self.rpc.streams and not self._parts and is_long(data) and self._flows(data):
            return
        self._parts.append(data)
        self.link.connection.consumed(self.stream, len(data))  # type: ignore[union-attr]

    def ended(self, trailers: Head | None) -> None:
        """Answer with what came."""
        self._keeper.landed(self)
        try:
            answer = answer_of(self._head, trailers, self._parts)  # type: ignore[arg-type]
        except AlphaFailure as failure:
            self._tell_failure(failure)
            return
        self._tell(answer)

    def lost(self, lost: Lost) -> None:
        """Fail as the stream did."""
        self.fail(failure_of(lost, self._keeper.left(self)))

    def drained(self) -> None:
        """Take no note: a request is sent whole."""

    def _flows(self, data: bytes) -> bool:
        """Answer with what comes as it comes; return whether that can be."""
        link, head = self.link, self._head
        assert link is not None
        assert head is not None
        if head.status != 200 or head.get(b"grpc-status") is not None:
            return False
        self._latest = self.deadline if self.rpc.strict else inf
        try:
            self._long = long = LongAnswer(self, link, self.stream, head, data)
        except AlphaFailure:
            return False
        self.stream.receiver = long
        self._tell(long.answer)
        return True

    def _tell(self, answer: Answer) -> None:
        """Let go of the ear, which may refer to this call as well: circles wait for a collection."""
        ear, self._ear = self._ear, None
        if ear is not None:
            tell_answer(ear, answer)

    def _tell_failure(self, failure: AlphaFailure) -> None:
        ear, self._ear = self._ear, None
        if ear is not None:
            tell_failure(ear, failure)
