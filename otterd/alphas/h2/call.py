"""One call, from its being asked to what its ear is told."""

from math import inf
from typing import Protocol

from otterd.alphas.awaited import tell_answer, tell_failure
from otterd.alphas.channel import Ear
from otterd.alphas.h2.answers import answer_of, failure_of
from otterd.alphas.h2.link import Link
from otterd.alphas.h2.long_answer import LONGER, LongAnswer
from otterd.core.operation import Answer, Rpc
from otterd.errors import AlphaFailure
from otterd.wire.h2 import Head, Lost, Stream
from otterd.wire.h2.messages import HEAD_BYTES


class Keeper(Protocol):
    """Who made a call and watches its deadline."""

    def left(self, call: "Call") -> float:
        """Return the seconds to the deadline of `call`."""

    def given_up(self, call: "Call") -> None:
        """Be told that `call`, which waits for a link, is over."""

    def expect(self, call: "Call", seconds: float | None, latest: float) -> None:
        """Let `call` fail in so many seconds, or wait for ever, but not beyond `latest`."""


class Call(Stream):
    """One call; its own stream, and the receiver of that. `link` is None while it waits for one.

    It is over when its connection no longer has it among its streams.
    """

    _head: Head | None = None
    _first: bytes | None = None
    """The first DATA, which is all of an answer as a rule."""
    _rest: list[bytes] | None = None
    """What came after it."""
    _long: LongAnswer | None = None
    _latest = inf
    link: Link | None = None

    def __init__(self, keeper: Keeper, rpc: Rpc, ear: Ear, deadline: float) -> None:
        # The rest of a Stream comes when it is opened.
        self.number = 0
        self._keeper = keeper
        self.rpc = rpc
        self._ear: Ear | None = ear
        self.deadline = deadline

    def cancel(self) -> None:
        """Give up, unless it has ended, or a long answer has begun."""
        if self._ear is not None:
            self._ear = None
            link = self.link
            if link is None:
                self._keeper.given_up(self)
            else:
                link.connection.reset(self)

    def fail(self, failure: AlphaFailure) -> None:
        """End the call without an answer, or in the middle of a long one."""
        if self.link is None:
            self._keeper.given_up(self)
        if self._long is not None:
            self._long.fail(failure)
        else:
            self._tell_failure(failure)

    def expect(self, seconds: float | None) -> None:
        """Let the call fail in so many seconds, or wait for ever."""
        self._keeper.expect(self, seconds, self._latest)

    def headers(self, head: Head) -> None:
        """Take the answer's head."""
        self._head = head

    def informed(self, head: Head) -> None:
        """Take no note of an informational head."""

    def data(self, data: bytes) -> bool | None:
        """Take a piece of the answer; return whether it is put together here."""
        if self._first is None:
            if (
                self.rpc.streams
                and data[1:HEAD_BYTES] > LONGER
                and len(data) >= HEAD_BYTES
                and not data[0]
                and self._flows(data)
            ):
                return False
            self._first = data
        elif self._rest is None:
            self._rest = [data]
        else:
            self._rest.append(data)
        return True

    def ended(self, trailers: Head | None) -> None:
        """Answer with what came."""
        try:
            answer = answer_of(self._head, trailers, self._first, self._rest)  # type: ignore[arg-type]
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
        if self.rpc.strict:
            self._latest = self.deadline
        try:
            self._long = long = LongAnswer(self, link, self, head, data)
        except AlphaFailure:
            return False
        self.receiver = long
        self._tell(long.answer)
        return True

    def _tell(self, answer: Answer) -> None:
        # Let go of first: it may refer to this call as well, and circles wait for a collection.
        ear, self._ear = self._ear, None
        if ear is not None:
            tell_answer(ear, answer)

    def _tell_failure(self, failure: AlphaFailure) -> None:
        ear, self._ear = self._ear, None
        if ear is not None:
            tell_failure(ear, failure)
