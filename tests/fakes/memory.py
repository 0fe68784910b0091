"""Alphas in memory: channels that answer from a script, for tests without sockets.

An *outcome* is an Answer, an AlphaFailure (or any exception), `HANG`, `Delayed(seconds, outcome)`,
or a function from the request to one of these. Each method has a queue of outcomes; the last one
in it stays, so a script of one answers for ever. `default` serves methods without a script.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from otterd.alphas.channel import Asked, Ear
from otterd.core.operation import Answer, HttpCall, Rpc, Sink
from otterd.errors import Lost, TimedOut

Outcome = Any
"""See the module's docstring."""

R = TypeVar("R", Rpc, HttpCall)


class Hang:
    """Never answer; the call ends by its timeout, by cancelling, or by the test's own hand."""

    def __repr__(self) -> str:
        return "HANG"


HANG = Hang()


@dataclass(slots=True, frozen=True)
class Delayed:
    """Give `outcome` after `seconds` of the fake's clock."""

    seconds: float
    outcome: Outcome


@dataclass(slots=True)
class Call(Generic[R]):
    """One call that a fake received: `done` fires with what the caller got."""

    request: R
    timeout: float
    done: Deferred[Answer]
    upgrade: bool = False
    cancelled: bool = False


@dataclass
class Script(Generic[R]):
    """Outcomes by method, and every call seen."""

    address: str
    clock: Clock
    default: Outcome
    calls: list[Call[R]] = field(default_factory=list)
    outcomes: dict[str, list[Outcome]] = field(default_factory=dict)
    closed: bool = False

    def on(self, method: str, *outcomes: Outcome) -> None:
        """Answer `method` with `outcomes`, one after the other; the last one stays."""
        self.outcomes[method] = list(outcomes)

    def _next(self, method: str) -> Outcome:
        queue = self.outcomes.get(method)
        if not queue:
            return self.default
        return queue[0] if len(queue) == 1 else queue.pop(0)

    def _play(self, method: str, call: Call[R]) -> Deferred[Answer]:
        self.calls.append(call)
        limit = self.clock.callLater(call.timeout, lambda: self.settle(call, TimedOut("no answer in time")))

        def over(result: Any) -> Any:
            if limit.active():
                limit.cancel()
            return result

        call.done.addBoth(over)
        self.settle(call, Lost("closed") if self.closed else self._next(method))
        return call.done

    def settle(self, call: Call[R], outcome: Outcome) -> None:
        """Give `outcome` to `call` now, if it still waits; also by hand for one that hangs."""
        if call.done.called or outcome is HANG:
            return
        if isinstance(outcome, Delayed):
            self.clock.callLater(outcome.seconds, self.settle, call, outcome.outcome)
        elif isinstance(outcome, Answer):
            outcome.alpha = outcome.alpha or self.address
            call.done.callback(outcome)
        elif isinstance(outcome, BaseException):
            call.done.errback(outcome)
        else:
            self.settle(call, outcome(call.request))

    def close(self) -> Deferred[None]:
        """End it: what hangs fails with `Lost`."""
        self.closed = True
        for call in list(self.calls):
            self.settle(call, Lost("closed"))
        return succeed(None)

    @property
    def open(self) -> int:
        """How many calls have no outcome so far."""
        return len(self.waiting)

    @property
    def waiting(self) -> list[Call[R]]:
        """The calls without an outcome so far."""
        return [call for call in self.calls if not call.done.called]


def _cancelled(call: "Call[Any]") -> Callable[[Deferred[Answer]], None]:
    def cancel(_: Deferred[Answer]) -> None:
        call.cancelled = True

    return cancel


class FakeChannel(Script[Rpc]):
    """A Channel whose alpha is a script; methods are named as in gRPC: "Query"."""

    def __init__(self, address: str = "alpha1:9080", clock: Clock | None = None) -> None:
        super().__init__(address, clock or Clock(), lambda rpc: Answer(status=0))

    def call(self, rpc: Rpc, timeout: float) -> Deferred[Answer]:
        """Record `rpc` and play the next outcome of its method."""
        call: Call[Rpc] = Call(rpc, timeout, Deferred())
        call.done = Deferred(_cancelled(call))
        return self._play(rpc.method, call)

    def ask(self, rpc: Rpc, timeout: float, ear: Ear) -> Asked:
        """Do the same, and let `ear` hear the outcome."""
        return FakeAsked(self.call(rpc, timeout), ear)


class FakeAsked:
    """A call whose `ear` hears what `done` fires with, until it is given up: as an engine does."""

    def __init__(self, done: Deferred[Answer], ear: Ear) -> None:
        self._done = done
        self._ear: Ear | None = ear
        done.addCallbacks(self._answered, self._failed)

    def cancel(self) -> None:
        if self._ear is not None:
            self._ear = None
            self._done.cancel()

    def _answered(self, answer: Answer) -> None:
        ear, self._ear = self._ear, None
        if ear is not None:
            ear.answered(answer)

    def _failed(self, failure: Failure) -> None:
        ear, self._ear = self._ear, None
        if ear is not None:
            ear.failed(failure.value)


class FakeHttpChannel(Script[HttpCall]):
    """An HttpChannel whose alpha is a script; a "method" is the path without its query."""

    def __init__(self, address: str = "alpha1:8080", clock: Clock | None = None) -> None:
        super().__init__(address, clock or Clock(), lambda call: Answer(200, FakeBody(b"{}")))

    def send(self, call: HttpCall, timeout: float, *, upgrade: bool = False) -> Deferred[Answer]:
        """Record `call` and play the next outcome of its path."""
        entry: Call[HttpCall] = Call(call, timeout, Deferred(), upgrade=upgrade)
        entry.done = Deferred(_cancelled(entry))
        return self._play(call.target.partition(b"?")[0].decode("latin-1"), entry)


class FakeBody:
    """A Body of the given pieces; `fail` makes it break off after them instead of finishing.

    With `manual` nothing flows by itself: the test pushes with `push`, `end` and `broken`.
    """

    def __init__(self, *pieces: bytes, fail: str = "", manual: bool = False) -> None:
        self.pieces = list(pieces)
        self.fail = fail
        self.manual = manual
        self.sink: Sink | None = None
        self.paused = False
        self.stopped = False
        self.over = False

    def start(self, sink: Sink) -> None:
        """Begin to flow into `sink`."""
        assert self.sink is None, "a Body is started once"
        self.sink = sink
        self._flow()

    def pause(self) -> None:
        """Hold the next piece back."""
        self.paused = True

    def resume(self) -> None:
        """Go on."""
        self.paused = False
        self._flow()

    def stop(self) -> None:
        """Drop the rest."""
        self.stopped = True

    def push(self, piece: bytes) -> None:
        """Let `piece` arrive."""
        self.pieces.append(piece)
        self._flow()

    def end(self) -> None:
        """Let the body come to its proper end."""
        self.manual = False
        self._flow()

    def broken(self, reason: str) -> None:
        """Let the body break off."""
        self.fail, self.manual = reason, False
        self._flow()

    def _flow(self) -> None:
        while self.sink and self.pieces and not (self.paused or self.stopped):
            self.sink.write(self.pieces.pop(0))
        if not self.sink or self.pieces or self.stopped or self.over or self.manual:
            return
        self.over = True
        if self.fail:
            self.sink.fail(self.fail)
        else:
            self.sink.finish()


class FakeTunnel(FakeBody):
    """A Tunnel: `sent` is what came from the caller; `slower` and `faster` press back on it."""

    def __init__(self, *pieces: bytes) -> None:
        super().__init__(*pieces, manual=True)
        self.sent = b""
        self.ended = False
        self.slower: Callable[[], None] = lambda: None
        self.faster: Callable[[], None] = lambda: None

    def send(self, data: bytes) -> None:
        """Take bytes for the alpha."""
        self.sent += data

    def send_end(self) -> None:
        """Note that the caller is done."""
        self.ended = True

    def on_pressure(self, slower: Callable[[], None], faster: Callable[[], None]) -> None:
        """Keep the two for the test to call."""
        self.slower, self.faster = slower, faster


class Collector:
    """A Sink that keeps what it gets: `data`, `finished`, `failed`."""

    def __init__(self) -> None:
        self.data = b""
        self.finished = False
        self.failed: str | None = None

    def write(self, data: bytes) -> None:
        """Append `data`."""
        self.data += data

    def finish(self) -> None:
        """Note the proper end."""
        self.finished = True

    def fail(self, reason: str) -> None:
        """Note the break."""
        self.failed = reason
