"""The engine against `nghttpd`, which echoes what it is asked: frames and HPACK that nobody here wrote."""

import shutil
import socket
import subprocess

import pytest
import pytest_twisted
from twisted.internet.defer import gatherResults, succeed
from twisted.internet.task import deferLater

from otterd.alphas import tls
from otterd.alphas.h2 import H2Channel
from otterd.alphas.h2 import channel as module
from otterd.alphas.resolve import Resolver
from otterd.config.schema import Config
from otterd.core.operation import Rpc
from otterd.errors import Lost, NotReached
from tests.alphas.authority import Authority
from tests.alphas.calling import failure, until
from tests.cluster.ports import free_ports

pytestmark = [
    pytest.mark.skipif(shutil.which("nghttpd") is None, reason="no `nghttpd` on the PATH"),
    # Twisted 26.10 hands pyOpenSSL 26 its older kind of objects.
    pytest.mark.filterwarnings("ignore:Passing pyOpenSSL:DeprecationWarning"),
]

CLEAR = ("--no-tls",)
SIZES = (0, 1, 600, 16_379, 16_384, 70_000, 3_000_000)


class Peer:
    """A process of nghttpd on a port of its own."""

    def __init__(self, reactor, options, pair):
        [self.port] = free_ports(1)
        self.reactor = reactor
        self.command = ["nghttpd", "-a", "127.0.0.1", "--echo-upload", *options, str(self.port), *pair]
        self.process = None

    @property
    def address(self):
        return f"localhost:{self.port}"

    async def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        await until(self.reactor, self.listens)

    def listens(self):
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@pytest_twisted.async_yield_fixture
async def echo(reactor):
    """Start peers, and give the channel to each."""
    peers, channels = [], []

    async def echo(*options, pair=(), secured=None):
        peer = Peer(reactor, ("--trailer", "grpc-status: 0", *options, *(() if pair else CLEAR)), pair)
        peers.append(peer)
        await peer.start()
        resolver = Resolver(reactor, lambda name: succeed(["127.0.0.1"]))
        channels.append(H2Channel(peer.address, resolver, reactor, secured, lambda: 5.0))
        return peer, channels[-1]

    yield echo
    for peer in peers:
        peer.kill()
    for channel in channels:
        await channel.close()
    await deferLater(reactor, 0)


def asks(channel, payloads, **more):
    return gatherResults([channel.call(Rpc("Query", payload, **more), 20) for payload in payloads])


def of(size):
    return (bytes(range(256)) * (size // 256 + 1))[:size]


MANNERS = {
    "as it comes": (),
    "with padding": ("-b", "200"),
    "with small windows": ("-w", "10", "-W", "16"),
    "without a table": ("-c", "0", "--encoder-header-table-size=0"),
    "before the request is whole": ("--early-response",),
    "without a length": ("--no-content-length",),
}


@pytest.mark.parametrize("how", MANNERS)
async def test_messages_of_all_sizes_come_back_as_they_were(echo, how):
    _, channel = await echo(*MANNERS[how])
    for _ in range(2):
        answers = await asks(channel, [of(size) for size in SIZES])
        assert [answer.body for answer in answers] == [of(size) for size in SIZES]
    assert {answer.status for answer in answers} == {0}


async def test_metadata_goes_out_and_trailers_come_in(echo):
    _, channel = await echo("--trailer", "x: 1", "--trailer", "y-bin: AP8")
    metadata = (("accessjwt", "a.b.c"), ("z-bin", b"\0\xff"), ("debug", "true"))
    for _ in range(3):
        answer = await channel.call(Rpc("Query", b"ab", metadata), 5)
        assert answer.trailers == ((b"x", b"1"), (b"y-bin", b"\0\xff"))


async def test_calls_over_its_limit_wait_on_few_connections(echo):
    _, channel = await echo("-m", "3")
    payloads = [b"%d" % number for number in range(300)]
    answers = await asks(channel, payloads)
    assert [answer.body for answer in answers] == payloads
    assert len(channel._open) <= module.MOST_LINKS


async def test_it_speaks_tls_and_is_shown_a_certificate(echo, tmp_path):
    authority = Authority(tmp_path, "ours")
    crt, key = authority.issue("good", "localhost")
    shown, secret = authority.issue("client", "otter")
    config = Config(dgraph_tls_ca=authority.path, dgraph_tls_cert=shown, dgraph_tls_key=secret)
    _, channel = await echo("--verify-client", pair=(key, crt), secured=tls.load(config))
    answers = await asks(channel, [of(size) for size in SIZES])
    assert [answer.body for answer in answers] == [of(size) for size in SIZES]


async def test_over_tls_it_wants_a_certificate(echo, tmp_path):
    authority = Authority(tmp_path, "ours")
    crt, key = authority.issue("good", "localhost")
    config = Config(dgraph_tls_ca=authority.path)
    _, channel = await echo("--verify-client", pair=(key, crt), secured=tls.load(config))
    assert isinstance(await failure(channel.call(Rpc("Query", b"ab"), 5)), NotReached)


async def test_what_it_took_is_lost_with_it_and_a_new_one_is_found(echo, reactor):
    peer, channel = await echo("-w", "10", "-W", "16")
    assert (await channel.call(Rpc("Query", b"ab"), 5)).body == b"ab"
    [link] = channel._links
    under_way = channel.call(Rpc("Query", of(8_000_000)), 20)
    await until(reactor, lambda: link.connection.queued < 7_900_000)
    peer.kill()
    assert isinstance(await failure(under_way), Lost)
    await until(reactor, lambda: not channel._open)
    assert isinstance(await failure(channel.call(Rpc("Query", b"ab"), 5)), NotReached)
    await peer.start()
    await until(reactor, lambda: channel._links or (channel._again is None and channel._attempt is None))
    assert (await channel.call(Rpc("Query", b"cd"), 5)).body == b"cd"


async def test_a_long_echo_flows_no_faster_than_it_is_read(echo, reactor):
    class Reader:
        def __init__(self):
            self.got, self.over = b"", False

        def write(self, data):
            self.got += data

        def finish(self):
            self.over = True

        def fail(self, reason):
            raise AssertionError(reason)

    _, channel = await echo()
    sent = of(20_000_000)
    [answer] = await asks(channel, [sent], streams=True)
    assert answer.length == len(sent)
    reader = Reader()
    answer.body.pause()
    answer.body.start(reader)
    # A further call shows that the connection lives while this one's reader waits.
    assert (await channel.call(Rpc("Query", b"ab"), 5)).body == b"ab"
    assert reader.got == b""
    answer.body.resume()
    await until(reactor, lambda: reader.over)
    assert reader.got == sent
