"""How Otter sees the alphas of a sandbox that drain, freeze, fall behind, die and come back."""

import pytest
import pytest_twisted
from twisted.internet.task import deferLater

from otterd.alphas.grpcio import deferred_of
from otterd.core.standing import Status
from otterd.wire import api_pb2 as api
from tests.house import house

QUICK = {"probe_interval": 0.05, "probe_timeout": 0.25, "lag_limit": 0.5, "slow_start": 0.1}
WRITE = api.Request(mutations=[api.Mutation(set_nquads=b'_:a <name> "A" .')], commit_now=True)


async def until(reactor, condition):
    for _ in range(1000):
        if condition():
            return
        await deferLater(reactor, 0.01)
    raise AssertionError("it never came")


class Watched:
    """What the ward of a running Otter says of the alphas of its sandbox."""

    def __init__(self, built, reactor):
        self.sandbox, self.trouble = built.sandbox, built.trouble
        self.ward = built.otter.fleet.ward
        self.lag = built.otter.fleet.lag
        self.clock = built.otter.fleet.clock
        self.addresses = built.otter.live.config.dgraph_endpoints
        self.reactor = reactor

    async def wait(self, number, status):
        """Wait until an alpha stands so, and return why."""
        address = self.addresses[number]
        await until(self.reactor, lambda: self.ward.standing(address).status is status)
        assert (address in self.ward.usable) == (status is Status.USABLE)
        return self.ward.why(address, self.clock.seconds())

    async def all_usable(self):
        await until(self.reactor, lambda: self.ward.usable == set(self.addresses))

    def fault(self, number, **values):
        self.trouble.fault(number, **values)


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        ("draining", Status.DRAINING, "the server is in draining mode"),
        ("unready", Status.NOT_READY, "server is not ready to accept requests"),
        ("frozen", Status.HANGING, "it gave no answer within 0.25 s"),
        ("refuse", Status.DOWN, "it could not be reached"),
        ("dead", Status.DOWN, "it could not be reached"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_each_fault_is_seen_and_over_when_it_is_over(reactor, fault, status, words):
    async with house(reactor, **QUICK) as built:
        watched = Watched(built, reactor)
        await watched.all_usable()
        watched.fault(1, **{fault: True})
        assert words in await watched.wait(1, status)
        watched.fault(1, **{fault: False})
        await watched.all_usable()


@pytest_twisted.ensureDeferred
async def test_one_whose_grpc_alone_hangs_is_not_usable(reactor):
    async with house(reactor, **QUICK) as built:
        watched = Watched(built, reactor)
        await watched.all_usable()
        watched.fault(1, hang=True, only={"CheckVersion"})
        await watched.wait(1, Status.HANGING)
        watched.fault(1, hang=False)
        await watched.all_usable()


@pytest_twisted.ensureDeferred
async def test_a_replica_that_falls_behind_is_left_out_until_it_has_caught_up(reactor):
    async with house(reactor, **QUICK) as built:
        watched = Watched(built, reactor)
        await watched.all_usable()
        leader = built.trouble.leader(1)
        behind = (leader + 1) % 3
        watched.fault(behind, lag=True)
        address = watched.addresses[behind]
        for _ in range(100):
            await deferred_of(watched.sandbox.alphas[leader].query(WRITE, {}))
            await deferLater(reactor, 0.02)
            if address not in watched.ward.usable:
                break
        assert "older than the newest of its group" in await watched.wait(behind, Status.LAGGING)
        now = watched.clock.seconds()
        assert watched.lag.staleness(address, now) > 0.4
        assert watched.lag.staleness(watched.addresses[leader], now) < 0.4
        watched.fault(behind, lag=False)
        await watched.all_usable()
