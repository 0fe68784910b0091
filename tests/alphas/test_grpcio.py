"""What the engine on grpc.aio does in a way of its own; the rest is in test_engines."""

import pytest_twisted
from twisted.internet.task import deferLater

from otterd.alphas.grpcio import GrpcioChannel, target_of
from otterd.alphas.resolve import Resolver
from otterd.errors import NotReached
from tests.alphas.calling import QUERY, Names, failure, until
from tests.fakes.alpha import Delayed, FakeAlpha, ok


@pytest_twisted.async_yield_fixture
async def alpha(reactor):
    alpha = FakeAlpha(reactor)
    await alpha.start()
    yield alpha
    await alpha.stop()


@pytest_twisted.async_yield_fixture
async def connect(reactor):
    """Make channels, and close them after the test."""
    channels = []

    def connect(address, names=None, connect_timeout=5.0):
        resolver = Resolver(reactor, (names or Names()).lookup)
        channel = GrpcioChannel(address, resolver, reactor, None, lambda: connect_timeout)
        channel.resolver = resolver
        channels.append(channel)
        return channel

    yield connect
    for channel in channels:
        await channel.close()
    # gRPC's own cleaning up takes some turns of the loop.
    await deferLater(reactor, 0)


async def test_a_changed_connect_timeout_holds_for_the_next_call(alpha, connect):
    patience = [5.0]
    channel = connect(alpha.grpc_address)
    channel._connect_timeout = lambda: patience[0]
    await channel.call(QUERY, 5)
    patience[0] = 0.1
    alpha.freeze()
    assert isinstance(await failure(channel.call(QUERY, 5)), NotReached)


async def test_a_name_is_resolved_outside_grpc_and_followed(alpha, connect, reactor):
    names = Names()
    port = alpha.grpc_address.rpartition(":")[2]
    channel = connect(f"alpha1:{port}", names)
    assert isinstance(await failure(channel.call(QUERY, 5)), NotReached)
    names.addresses = ("127.0.0.1",)
    channel.resolver.follow(["alpha1"])
    channel.resolver.refresh()
    alpha.on("Query", Delayed(0.2, ok()), ok())
    slow = channel.call(QUERY, 5)
    await until(reactor, lambda: alpha.seen)
    before = channel._link
    names.addresses = ("127.0.0.1", "127.0.0.3")
    channel.resolver.refresh()
    assert channel._link is not before
    assert (await channel.call(QUERY, 5)).status == 0
    assert (await slow).status == 0
    assert channel._retired == []
    names.addresses = ()
    channel.resolver.refresh()
    assert (await channel.call(QUERY, 5)).status == 0


def test_ipv4_addresses_among_ipv6_ones_are_written_mapped():
    assert target_of(("10.0.0.1", "10.0.0.2"), 9080) == "ipv4:10.0.0.1:9080,10.0.0.2:9080"
    assert target_of(("10.0.0.1", "::1"), 9080) == "ipv6:[::ffff:10.0.0.1]:9080,[::1]:9080"
