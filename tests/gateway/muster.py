"""What is known of the alphas of a world: the real ward, load, lag and sight, told by probes of a test."""

from types import SimpleNamespace
from typing import Any, cast

from twisted.internet.task import Clock

from otterd.alphas.probe import HEALTHY
from otterd.alphas.sight import Sight
from otterd.config.schema import Config
from otterd.core import texts
from otterd.core.health import Bounds, Probed, Ward
from otterd.core.judge import Verdict
from otterd.core.lag import Lag
from otterd.core.load import Load
from tests.fakes.sight import FakeSight
from tests.gateway.world import Node, World

OWNERS = {1: "0-name", 2: "0-other", 3: "0-third"}
REFUSED = {texts.DRAINING: Verdict.DRAINING, texts.NOT_READY: Verdict.NOT_READY}


class Fleet:
    """The alphas of the file, and what is known of them; `probe` asks each how it is."""

    def __init__(self, world: World, clock: Clock, config: Config) -> None:
        self.world, self.clock = world, clock
        self.lag, self.load = Lag(), Load()
        self.ward = Ward(Bounds.of(config), self.lag)
        self.discovered: frozenset[str] = frozenset()
        self.addresses: tuple[str, ...] = ()
        self.hearing: list[Any] = []
        self.following: list[Any] = []
        self.muster(tuple(world.nodes))

    def get(self, address: str) -> Node | None:
        return self.world.nodes[address] if address in self.addresses else None

    def on_told(self, hearer: Any) -> None:
        self.hearing.append(hearer)

    def on_muster(self, follower: Any) -> None:
        self.following.append(follower)

    def muster(self, addresses: tuple[str, ...]) -> None:
        self.addresses = addresses
        self.ward.muster(addresses, self.clock.seconds())
        self.load.keep(frozenset(addresses))
        for follower in self.following:
            follower()

    def probe(self) -> None:
        for address in self.addresses:
            self.ward.probed(address, self.clock.seconds(), self.found(self.world.nodes[address]))
            for hearer in self.hearing:
                hearer(address)

    def found(self, node: Node) -> Probed:
        if node.stopped:
            return Probed(Verdict.NOT_REACHED if node.dead else Verdict.TIMED_OUT, "it is gone")
        if node.refusing in REFUSED:
            return Probed(REFUSED[node.refusing], "it refuses")
        since = node.behind_since
        now = self.clock.seconds()
        return Probed(max_assigned=int(100 * (now if since is None else since)), group=node.group)


class Seen:
    """The real `sight`, over a fleet whose probes always tell."""

    def __init__(self, fleet: Fleet, clock: Clock) -> None:
        self.chart = FakeSight()
        self.changes: list[Any] = []
        self.topology = SimpleNamespace(map=self.chart.map, hint=lambda why: None, watch=self.changes.append)
        self._fleet = fleet
        told = SimpleNamespace(
            ward=fleet.ward,
            load=fleet.load,
            lag=fleet.lag,
            discovered=fleet.discovered,
            on_told=fleet.on_told,
            on_muster=fleet.on_muster,
            get=self.healthy,
        )
        self.sight = Sight(cast(Any, told), cast(Any, self.topology), clock)

    def healthy(self, address: str) -> Any:
        node = self._fleet.get(address)
        well = node is not None and not node.stopped and not node.refusing
        return node and SimpleNamespace(health=SimpleNamespace(status=HEALTHY if well else "unhealthy"))

    def draw(self, world: World) -> None:
        """Tell of a map with the leaders as they are."""
        leaders = {f"g{group}": leader for group, leader in world.leaders.items()}
        self.chart.chart(world.groups, {OWNERS[group]: group for group in world.groups}, **leaders)
        self.topology.map = self.chart.map
        for change in self.changes:
            change(self.chart.map, self.chart.map)
