"""A topology on real sockets, as the daemon has it, without the daemon."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from twisted.internet.defer import Deferred

from otterd.alphas.account import Account
from otterd.alphas.fleet import Fleet
from otterd.alphas.topology import Topology
from otterd.config.live import Live
from otterd.config.schema import Config
from otterd.service import SteadyClock


class Charting:
    """The fleet of `config`, its account and its topology."""

    def __init__(self, config: Config, reactor: Any) -> None:
        clock, live = SteadyClock(), Live(config)
        self._reactor = reactor
        self.fleet = Fleet(live, reactor, clock=clock)
        self.account = Account(live, reactor, self.fleet)
        self.topology = Topology(live, reactor, clock, self.fleet, self.account)

    async def until(self, condition: Callable[[Topology], object], seconds: float = 20.0) -> Topology:
        """Return the topology when `condition` holds of it; fails with TimeoutError."""
        return await charted(self._reactor, self.fleet, self.topology, condition, seconds)


async def charted(
    reactor: Any,
    fleet: Fleet,
    topology: Topology,
    condition: Callable[[Topology], object],
    seconds: float = 20.0,
) -> Topology:
    """Return `topology` when `condition` holds of it; fails with TimeoutError."""
    looking: Deferred[Topology] = Deferred()

    def look(*_: object) -> None:
        if not looking.called and condition(topology):
            looking.callback(topology)

    topology.watch(look)
    # The topology may also change its mind about why there is no map.
    fleet.on_told(look)
    look()
    return await looking.addTimeout(seconds, reactor)


@asynccontextmanager
async def charting(reactor: Any, **keys: Any) -> AsyncIterator[Charting]:
    """Start a topology with these keys of the configuration, and stop it."""
    one = Charting(Config(**keys), reactor)
    one.fleet.start()
    one.account.start()
    one.topology.start()
    try:
        yield one
    finally:
        one.topology.stop()
        one.account.stop()
        await one.fleet.stop()
