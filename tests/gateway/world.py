"""Alphas that live by themselves: they lead, lag, freeze, drain and die, and apply what they are sent.

It is the truth that the model of the corridor is held against. Nothing waits here but on the fake clock.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from otterd.core import texts
from otterd.core.operation import Answer, HttpCall, Rpc
from otterd.errors import Lost, NotReached, TimedOut
from otterd.wire import api_pb2 as api
from tests.fakes.memory import HANG, Call, Delayed, FakeBody, FakeChannel, FakeHttpChannel, Outcome, Script

R = TypeVar("R", Rpc, HttpCall)
Payload = bytes

_MARK = re.compile(rb"\b[rw]\d+m\b")
_WORDS = {1: rb"name", 2: rb"other", 3: rb"third"}
BEST_EFFORT = (b"\x30\x01\x38\x01", b"best effort")

AWAY = "cannot retrieve predicate information: No connection exists"
CUT = f": {texts.CUT_OFF[0]}"
ODD: dict[str, tuple[Answer, bool]] = {
    # What an alpha says, and whether it did the work all the same.
    "aborted": (Answer(10, message="Transaction has been aborted. Please retry"), False),
    "lost link": (Answer(14, message="transport is closing"), False),
    "lost link, done": (Answer(14, message="transport is closing"), True),
    "handed on": (
        Answer(2, message="rpc error: code = Unavailable desc = error reading from server: EOF"),
        True,
    ),
    "too late, done": (Answer(4, message="context deadline exceeded"), True),
    "mistake": (Answer(2, message="while lexing"), False),
    "behind": (Answer(2, message=texts.NOT_SERVED), False),
    "other zero": (Answer(2, message=texts.ZERO_CHANGED[0]), False),
    "proposals": (Answer(2, message=texts.PENDING_PROPOSALS), False),
}


def mark_of(request: Rpc | HttpCall) -> bytes:
    """Return the name that a test gave a request."""
    found = _MARK.search(request.payload if isinstance(request, Rpc) else request.body)
    assert found
    return found[0]


@dataclass(eq=False)
class Parked:
    """A request that an alpha has, and works on when it can."""

    request: Rpc | HttpCall
    wire: Any
    call: Any


@dataclass(eq=False)
class Node:
    """One alpha: `refusing` is what it answers everything, `breaks` when it resets connections."""

    address: str
    group: int
    channel: "Wire" = field(init=False)
    http: "HttpWire" = field(init=False)
    in_flight: int = 0
    dead: bool = False
    frozen: bool = False
    refusing: str = ""
    breaks: str = ""
    odd: str = ""
    slow: float = 0.01
    behind_since: float | None = None
    parked: list[Parked] = field(default_factory=list)

    @property
    def stopped(self) -> bool:
        """Whether it does nothing."""
        return self.dead or self.frozen


class Wired(Script[R], Generic[R]):
    """A way to a node, on which the world sees what is sent and how it ends."""

    world: "World"
    node: Node

    def _play(self, method: str, call: Call[R]) -> Deferred[Answer]:
        self.world.sent(self.node, call.request)
        done = super()._play(method, call)
        return done.addBoth(self._ended, call.request)

    def _ended(self, result: Any, request: R) -> Any:
        self.world.ended(self.node, request, result)
        return result

    def _next(self, method: str) -> Outcome:
        return lambda request: self.world.serve(self.node, Parked(request, self, self.calls[-1]))


class Wire(Wired[Rpc], FakeChannel):
    """The way by gRPC."""


class HttpWire(Wired[HttpCall], FakeHttpChannel):
    """The way by HTTP."""


class World:
    """All nodes, and what became of what they were sent."""

    def __init__(self, clock: Clock, groups: dict[int, tuple[str, ...]]) -> None:
        self.clock = clock
        self.groups = groups
        self.nodes = {a: Node(a, group) for group, addresses in groups.items() for a in addresses}
        for address, node in self.nodes.items():
            node.channel, node.http = Wire(address, clock), HttpWire(address, clock)
            for wire in (node.channel, node.http):
                wire.world, wire.node = self, node
        self.leaders = {group: addresses[0] for group, addresses in groups.items()}
        self.drops: set[int] = set()
        self.stamp = 1_000
        self.applied: Counter[bytes] = Counter()
        self.unknown: set[bytes] = set()
        self.under_way: Counter[bytes] = Counter()
        self.watch: Callable[[Node, Rpc | HttpCall], None] = lambda node, request: None

    def leaderless(self, group: int) -> bool:
        """Tell whether nobody of the group's leads."""
        return self.nodes[self.leaders[group]].stopped

    def away(self, group: int) -> bool:
        """Tell whether nobody of the group's is left."""
        return all(self.nodes[address].stopped for address in self.groups[group])

    def sent(self, node: Node, request: Rpc | HttpCall) -> None:
        """See a request go out."""
        mark = mark_of(request)
        if mark.startswith(b"w"):
            assert mark not in self.unknown, f"{mark!r} was sent again, and might have been done"
            assert not self.under_way[mark], f"{mark!r} was sent to two alphas at once"
        self.under_way[mark] += 1
        self.watch(node, request)

    def ended(self, node: Node, request: Rpc | HttpCall, result: Any) -> None:
        """See how a call ended."""
        mark = mark_of(request)
        self.under_way[mark] -= 1
        lost = isinstance(result, Failure) and result.check(Lost, TimedOut, CancelledError)
        handed_on = isinstance(result, Answer) and (
            result.status in (4, 14) or result.message.startswith("rpc error: code = Unavailable")
        )
        if lost or handed_on:
            self.unknown.add(mark)

    def serve(self, node: Node, parked: Parked) -> Outcome:
        """Let a node do what it can for a request."""
        if node.dead:
            return NotReached("refused")
        if node.frozen:
            node.parked.append(parked)
            return HANG
        if node.breaks == "before":
            return Lost("reset")
        if node.refusing:
            return self._told(node, parked.request, Answer(2, message=node.refusing))
        if node.odd:
            odd, node.odd = node.odd, ""
            answer, done = ODD[odd]
            if done:
                self._apply(parked.request)
            return self._told(node, parked.request, Answer(answer.status, message=answer.message))
        return self._work(node, parked)

    def look(self) -> None:
        """Let every node go on with what it could not do before."""
        for node in self.nodes.values():
            parked, node.parked = node.parked, []
            for each in parked:
                outcome = Lost("killed") if node.dead else self.serve(node, each)
                each.wire.settle(each.call, outcome)

    def _work(self, node: Node, parked: Parked) -> Outcome:
        request = parked.request
        old = self._best_effort(request)
        writes = mark_of(request).startswith(b"w")
        touched = self._touched(request)
        for group in self.groups if touched and writes else touched:
            # Before any write an alpha asks the leader of each other group.
            if group != node.group and (self.away(group) or (writes and self.leaderless(group))):
                return self._told(node, request, Answer(2, message=AWAY if writes else CUT))
            if group in touched and self.leaderless(group) and not old:
                if group in self.drops and writes:
                    return self._told(node, request, Answer(2, message=texts.DROPPED))
                node.parked.append(parked)
                return HANG
        self._apply(request)
        if node.breaks == "after":
            return Lost("reset")
        self.stamp += 1
        body = api.Response(json=b"{}", txn=api.TxnContext(start_ts=self.stamp)).SerializeToString()
        age = self.clock.seconds() - node.behind_since if old and node.behind_since is not None else 0.0
        fine = Answer(0, body, trailers=((b"age", b"%f" % age),))
        return Delayed(node.slow, self._told(node, request, fine))

    def _told(self, node: Node, request: Rpc | HttpCall, answer: Answer) -> Answer:
        if isinstance(request, Rpc):
            return answer
        said = b"{}" if not answer.status else b'{"errors":[{"message":"%b"' % answer.message.encode()
        if answer.status:
            said += b',"extensions":{"code":"Error"}}]}'
        return Answer(200, FakeBody(said), ((b"Content-Length", b"%d" % len(said)),))

    def _apply(self, request: Rpc | HttpCall) -> None:
        mark = mark_of(request)
        if mark.startswith(b"w"):
            self.applied[mark] += 1

    def _touched(self, request: Rpc | HttpCall) -> list[int]:
        """Return the groups whose leaders a request needs: an alter all of them, a commit none."""
        if isinstance(request, HttpCall):
            return list(self.groups) if request.target == b"/alter" else []
        if request.method == "CommitOrAbort":
            return []
        return [group for group in self.groups if _WORDS[group] in request.payload]

    def _best_effort(self, request: Rpc | HttpCall) -> bool:
        return isinstance(request, Rpc) and request.payload.endswith(BEST_EFFORT)
