"""The site over the true corridor and guard, in front of alphas played from a script."""

from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from otterd.config.live import Live
from otterd.config.schema import Config, Secret
from otterd.core.cluster import UNCHARTED
from otterd.core.operation import Answer, Door, Entry, HttpCall
from otterd.edges.http.exchange import Reply, Request
from otterd.edges.http.kept import Kept
from otterd.edges.http.respond import start_of
from otterd.edges.http.site import OtterSite
from otterd.gateway import Gateway
from otterd.gateway.seams import Asked
from otterd.guard.guard import Guard
from otterd.wire import api_pb2
from tests.fakes.memory import Call, FakeChannel, FakeHttpChannel
from tests.fakes.sight import FakeSight

ALPHAS = ("a:9080", "b:9080")
PONG = Answer(200, b"{}", ((b"Content-Type", b"application/json"), (b"Connection", b"close")))


class Alpha:
    def __init__(self, address: str, clock: Clock) -> None:
        self.channel = FakeChannel(address, clock)
        self.http = FakeHttpChannel(address, clock)
        self.in_flight = 0
        self.channel.default = lambda rpc: Answer(0, api_pb2.Response(json=b'{"q":[]}').SerializeToString())
        jwt = api_pb2.Jwt(access_jwt="access", refresh_jwt="refresh").SerializeToString()
        self.channel.on("Login", Answer(0, api_pb2.Response(json=jwt).SerializeToString()))
        self.channel.on("CommitOrAbort", Answer(0, api_pb2.TxnContext(commit_ts=2).SerializeToString()))
        self.http.default = lambda call: Answer(PONG.status, PONG.body, PONG.headers)


class Ear:
    """Hears the end of a request; `reply` fires with what the site makes of it."""

    def __init__(self, site: OtterSite, request: Request) -> None:
        self._site, self._request = site, request
        self.heard: Reply | None = None
        self.reply: Deferred[Reply] = Deferred()

    def callback(self, result: Any, /) -> None:
        self.heard = self._site.landed(result, self._request)
        self.reply.callback(self.heard)

    def errback(self, fail: Any, /) -> None:
        self.callback(fail)


class Account:
    pending = False

    @property
    def token(self) -> str:
        return "lent"

    def renew(self) -> Deferred[str]:
        return succeed("")


class Report:
    """What `/health` and its kin show."""

    def __init__(self) -> None:
        self.status, self.why = 200, "ready"
        self.asked: list[bool] = []

    def health(self, all: bool) -> tuple[int, bytes] | Deferred[tuple[int, bytes]]:
        self.asked.append(all)
        told = (self.status, b'[{"instance":"otter"}]')
        return succeed(told) if all else told

    def ready(self) -> tuple[bool, str]:
        return self.status == 200, self.why

    def cluster(self) -> bytes:
        return b'{"alphas":[]}'


class Atlas:
    """What is known of the cluster."""

    def __init__(self) -> None:
        self.map = UNCHARTED
        self.why = "no alpha has told of the cluster yet"


class SiteRig:
    """`ask` sends one request and returns the Reply, or None while it waits."""

    def __init__(self, **keys: Any) -> None:
        self.clock = Clock()
        keys.setdefault("ws_token", Secret("socket"))
        self.live = Live(Config(dgraph_endpoints=ALPHAS, **keys))
        self.guard = Guard(self.live, self.clock)
        self.alphas = {address: Alpha(address, self.clock) for address in ALPHAS}
        sight = FakeSight(ALPHAS)
        self.gateway = Gateway(self.live, self.clock, self.clock, self.guard, self, Account(), sight)
        self.report = Report()
        self.atlas = Atlas()
        self.site = OtterSite(self.live, self.gateway, self.guard, self.report, self.clock, atlas=self.atlas)
        self.entry = Entry(Door.HTTP, "", "id", 0.0)
        self.asked: Asked | None = None
        self.waiting: Deferred[Reply] | None = None

    def get(self, address: str) -> Alpha | None:
        return self.alphas.get(address)

    def ask(
        self,
        method: str,
        target: str,
        headers: dict[str, str] | tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
        *,
        peer: str = "127.0.0.1",
        upgrade: bool = False,
    ) -> Reply | None:
        pairs = headers.items() if isinstance(headers, dict) else headers
        fields = tuple((name.encode(), value.encode()) for name, value in pairs)
        lower: dict[bytes, bytes] = {}
        for name, value in fields:
            lower.setdefault(name.lower(), value)
        path, _, query = target.encode().partition(b"?")
        self.entry = Entry(Door.HTTP, "", "id", 0.0)
        request = Request(
            method.encode(),
            target.encode(),
            path,
            query,
            fields,
            lower,
            body,
            self.entry,
            peer,
            Kept(),
            upgrade=upgrade,
        )
        ear = Ear(self.site, request)
        replied = self.site.handle(request, ear)
        if isinstance(replied, Reply):
            return replied
        self.asked, self.waiting = replied, ear.reply
        return ear.heard

    def answer(self, *args: Any, **keys: Any) -> Reply:
        """Return the reply to a request that is answered at once."""
        reply = self.ask(*args, **keys)
        assert reply is not None
        return reply

    def status(self, *args: Any, **keys: Any) -> int:
        return self.answer(*args, **keys).status

    @property
    def passed(self) -> list[Call[HttpCall]]:
        """What went to HTTP ports of alphas."""
        return [call for alpha in self.alphas.values() for call in alpha.http.calls]

    @property
    def called(self) -> int:
        """How many gRPC calls were made."""
        return sum(len(alpha.channel.calls) for alpha in self.alphas.values())


def fields(reply: Reply) -> dict[bytes, bytes]:
    """Return the fields that the client sees."""
    pairs = list(reply.headers)
    if reply.start:
        assert reply.start == start_of(reply.status, reply.headers)
    for line in reply.lines.splitlines():
        name, _, value = line.partition(b": ")
        pairs.append((name, value))
    return {name.lower(): value for name, value in pairs}
