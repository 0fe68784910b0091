"""A corridor in front of three scripted alphas a, b and c, for tests."""

from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from otterd.config.live import Live
from otterd.config.schema import Config
from otterd.core.operation import Answer, Caller, Door, Entry, Operation, Purpose, Rpc
from otterd.errors import OtterError
from otterd.gateway import Gateway
from otterd.guard.grant import Grant
from tests.fakes.memory import FakeChannel, FakeHttpChannel
from tests.fakes.sight import FakeSight

FINE = Answer(0, b"payload")


class FakeAlpha:
    def __init__(self, address: str, clock: Clock) -> None:
        self.address = address
        self.channel = FakeChannel(address, clock)
        self.http = FakeHttpChannel(address, clock)
        self.in_flight = 0


class FakeAccount:
    def __init__(self) -> None:
        self.held, self.fresh, self.renewals = "", "fresh", 0
        self.login: Deferred[str] | None = None

    @property
    def pending(self) -> bool:
        return self.login is not None and not self.login.called

    @property
    def token(self) -> str:
        return self.held

    def renew(self) -> Deferred[str]:
        if self.login is not None:
            return self.login
        self.renewals += 1
        self.held = self.fresh
        return succeed(self.fresh)


class FakeGuard:
    def __init__(self) -> None:
        self.error: OtterError | None = None
        self.lend = False

    def admit(self, operation: Operation) -> Grant:
        if self.error:
            raise self.error
        return Grant(lend=self.lend, client="192.0.2.1")


class Rig:
    """A gateway in front of three scripted alphas a, b and c."""

    def __init__(self, **keys: Any) -> None:
        self.clock = Clock()
        config = Config(dgraph_endpoints=("a:9080", "b:9080", "c:9080"), **keys)
        self.live = Live(config)
        self.guard, self.account = FakeGuard(), FakeAccount()
        self.a, self.b, self.c = (FakeAlpha(f"{name}:9080", self.clock) for name in "abc")
        self.alphas = {alpha.address: alpha for alpha in (self.a, self.b, self.c)}
        self.sight = FakeSight(self.alphas)
        self.gateway = Gateway(self.live, self.clock, self.clock, self.guard, self, self.account, self.sight)

    def get(self, address: str) -> FakeAlpha | None:
        return self.alphas.get(address)

    def perform(self, operation: Operation) -> "Heard":
        return Heard(self.gateway.perform(operation))


class Heard:
    """What a door heard."""

    def __init__(self, deferred: Deferred[Answer]) -> None:
        self.deferred = deferred
        self.answer: Answer | None = None
        self.error: BaseException | None = None
        deferred.addCallbacks(self._answered, lambda failure: setattr(self, "error", failure.value))

    def _answered(self, answer: Answer) -> None:
        self.answer = answer


def operation(purpose: Purpose = Purpose.QUERY, **fields: Any) -> Operation:
    method = "CommitOrAbort" if purpose is Purpose.COMMIT else "Query"
    caller = Caller(door=Door.HTTP, peer="192.0.2.1")
    entry = Entry(Door.HTTP, "/query", "id1", started=0.0)
    fields.setdefault("request", Rpc(method, b"request", (("x", "y"),)))
    fields.setdefault("writes", purpose in (Purpose.MUTATION, Purpose.UPSERT, Purpose.COMMIT, Purpose.ALTER))
    return Operation(purpose, caller=caller, entry=entry, **fields)
