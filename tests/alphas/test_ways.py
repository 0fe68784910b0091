"""Real ways to an alpha on loopback: what only sockets show."""

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import deferLater

from otterd.alphas.fleet import Fleet
from otterd.config.live import Live
from otterd.config.schema import Config
from otterd.core.operation import Answer, HttpCall, Rpc
from otterd.errors import AlphaFailure, Lost, NotReached, TimedOut
from tests.fakes.alpha import BREAK, HANG, Collector, FakeAlpha, Half, Raw

GET = HttpCall(b"GET", b"/state", ())


class Gathering(Collector):
    """A Collector that tells when it is over."""

    def __init__(self):
        super().__init__()
        self.over = Deferred()

    def finish(self):
        super().finish()
        self.over.callback(self)

    def fail(self, reason):
        super().fail(reason)
        self.over.callback(self)


@pytest_twisted.async_yield_fixture
async def alpha(reactor):
    alpha = FakeAlpha(reactor)
    await alpha.start()
    yield alpha
    await alpha.stop()


@pytest_twisted.async_yield_fixture
async def fleet(reactor, alpha):
    addresses = {alpha.grpc_address: alpha.http_address}
    config = Config(
        dgraph_endpoints=tuple(addresses),
        dgraph_http_endpoints=addresses,
        alpha_connect_timeout=0.5,
        probe_interval=0.05,
        probe_timeout=0.2,
    )
    fleet = Fleet(Live(config), reactor)
    yield fleet
    await fleet.stop()
    await alpha.refuse()
    await deferLater(reactor, 0.02)


async def whole(answer):
    gathering = Gathering()
    answer.body.start(gathering)
    return await gathering.over


async def failure(deferred):
    try:
        await deferred
    except AlphaFailure as error:
        return error
    raise AssertionError("it answered")


async def until(reactor, condition):
    for _ in range(500):
        if condition():
            return
        await deferLater(reactor, 0.01)
    raise AssertionError("it never came")


async def test_a_request_and_its_answer(alpha, fleet):
    alpha.on("/state", Answer(200, b"x" * 3_000_000, headers=((b"X-A", b"b"),)))
    http = fleet.alphas[0].http
    answer = await http.send(HttpCall(b"POST", b"/state?a=b", ((b"X-Mine", b"1"),), b"body"), 5)
    assert (answer.status, answer.headers[0]) == (200, (b"X-A", b"b"))
    got = await whole(answer)
    assert (len(got.data), got.finished) == (3_000_000, True)
    [seen] = alpha.seen
    assert (seen.method, seen.target, seen.body) == (b"POST", b"/state?a=b", b"body")
    assert (b"X-Mine", b"1") in seen.headers
    await until(fleet._reactor, lambda: http.open == 0)


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (BREAK, Lost),
        (HANG, TimedOut),
        (Raw(b""), Lost),
        (Raw(b"HTTP/1.1 200 O"), Lost),
        (Raw(b"\x15\x03"), Lost),
    ],
)
async def test_a_request_without_a_head(alpha, fleet, outcome, kind):
    alpha.on("/state", outcome)
    assert isinstance(await failure(fleet.alphas[0].http.send(GET, 0.2)), kind)


async def test_half_a_body_fails(alpha, fleet):
    alpha.on("/state", Half(Answer(200, b"x" * 1000), 10))
    got = await whole(await fleet.alphas[0].http.send(GET, 5))
    assert got.failed
    assert len(got.data) == 10


async def test_a_body_that_ends_with_the_connection(alpha, fleet):
    alpha.on("/state", Raw(b"HTTP/1.1 200 OK\r\n\r\nall of it"))
    got = await whole(await fleet.alphas[0].http.send(GET, 5))
    assert (got.data, got.finished) == (b"all of it", True)


async def test_a_dead_alpha_is_not_reached(alpha, fleet):
    await alpha.refuse()
    error = await failure(fleet.alphas[0].http.send(GET, 5))
    assert isinstance(error, NotReached)
    assert "refused" in error.reason


async def test_an_upgrade_is_a_tunnel(alpha, fleet):
    alpha.on("/graphql", Answer(101, headers=((b"Connection", b"Upgrade"), (b"Upgrade", b"websocket"))))
    call = HttpCall(b"GET", b"/graphql", ((b"Sec-WebSocket-Version", b"13"),), upgrade=True)
    answer = await fleet.alphas[0].http.send(call, 5, upgrade=True)
    assert answer.status == 101
    sink = Gathering()
    answer.body.start(sink)
    answer.body.send(b"echo ")
    answer.body.send(b"me")
    await until(fleet._reactor, lambda: sink.data == b"echo me")
    answer.body.send_end()
    await sink.over
    assert sink.finished


class Brief(Protocol):
    """Answers and closes."""

    def dataReceived(self, data):
        self.transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        self.transport.loseConnection()


@pytest.mark.parametrize("place", ["127.0.0.2", "::1"])
async def test_every_address_of_a_name_is_tried(reactor, place):
    factory = Factory.forProtocol(Brief)
    factory.noisy = False
    try:
        port = reactor.listenTCP(0, factory, interface=place)
    except CannotListenError:
        pytest.skip(f"this machine has no {place}")
    number = port.getHost().port
    config = Config(dgraph_endpoints=("alpha1:1",), dgraph_http_endpoints={"alpha1:1": f"alpha1:{number}"})
    fleet = Fleet(Live(config), reactor, lookup=lambda host: succeed([place, "127.0.0.1"]))
    answer = await fleet.alphas[0].http.send(GET, 5)
    assert answer.status == 204
    await fleet.stop()
    await port.stopListening()
    await deferLater(reactor, 0)


class Flood(Protocol):
    """Answers with a body that is far larger than any buffer on the way."""

    def dataReceived(self, data):
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 60000000\r\n\r\n")
        self.left = 60_000_000
        self.transport.registerProducer(self, False)

    def resumeProducing(self):
        piece = min(self.left, 65536)
        if piece:
            self.transport.write(bytes(piece))
        self.left -= piece
        self.factory.sent += piece
        if not self.left:
            self.transport.unregisterProducer()
            self.transport.loseConnection()

    def stopProducing(self):
        self.left = 0


async def test_a_slow_reader_holds_the_alpha_back(reactor):
    factory = Factory.forProtocol(Flood)
    factory.noisy, factory.sent = False, 0
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    address = f"127.0.0.1:{port.getHost().port}"
    fleet = Fleet(
        Live(Config(dgraph_endpoints=("127.0.0.1:1",), dgraph_http_endpoints={"127.0.0.1:1": address})),
        reactor,
    )
    answer = await fleet.alphas[0].http.send(GET, 5)
    await deferLater(reactor, 0.1)
    before = factory.sent
    assert before < 30_000_000
    sink = Gathering()
    taken = 0

    def write(data):
        nonlocal taken
        taken += len(data)
        answer.body.pause()
        reactor.callLater(0, answer.body.resume)

    sink.write = write
    answer.body.start(sink)
    await sink.over
    assert (sink.finished, taken) == (True, 60_000_000)
    await fleet.stop()
    await port.stopListening()
    await deferLater(reactor, 0)


async def test_probes_see_an_alpha_come_and_go(alpha, fleet, reactor):
    await fleet.start()
    [one] = fleet.alphas
    assert one.health.raw["version"] == "v25.4.0"
    for change, words in (
        (alpha.drain, "it answered 503: the server is in draining mode"),
        (alpha.unready, "it answered 503: Please retry again"),
        (alpha.freeze, "it gave no answer within 0.2 s"),
    ):
        change()
        await until(reactor, lambda words=words: one.health.reason.startswith(words))
        alpha.healthy()
        alpha.thaw()
        await until(reactor, lambda: one.health.status == "healthy")
    await alpha.refuse()
    await until(reactor, lambda: "could not be reached" in one.health.reason)
    alpha.accept()
    await until(reactor, lambda: one.health.status == "healthy")


async def test_a_refusing_alpha_says_so_on_both_ways(alpha, fleet):
    alpha.drain()
    [one] = fleet.alphas
    answer = await one.channel.call(Rpc("Query", b""), 5)
    assert (answer.status, answer.message[:30]) == (2, "the server is in draining mode")
    page = await whole(await one.http.send(GET, 5))
    assert b"draining" in page.data
