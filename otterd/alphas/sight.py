"""The alphas as they stand, for the corridor: the map, who is usable, who is busy, who is silent."""

from collections.abc import Callable
from typing import Final, Protocol

from otterd.alphas.probe import HEALTHY
from otterd.core.cluster import Map
from otterd.core.health import Ward
from otterd.core.judge import FINE, NODE_FAULTS, Verdict
from otterd.core.lag import Lag
from otterd.core.load import Load
from otterd.core.operation import SLOW, Purpose
from otterd.core.standing import Status
from otterd.core.steady import Steady

MUTE: Final = frozenset((Status.DOWN, Status.HANGING))
"""How an alpha stands that cannot lead its group; one that drains, or lags, still can."""

FAULTS: Final = 3
"""Failures to reach an alpha, one after the other, after which it is silent, whatever probes say so far."""

SLOWNESS: Final = frozenset((Verdict.FINE, Verdict.TIMED_OUT))
"""Verdicts by which only the time that they took tells something."""

UNREACHED: Final = NODE_FAULTS - {Verdict.TIMED_OUT}


MOVING: Final = "opPredMove"
"""What an alpha names among its ongoing tasks while it hands a tablet to another group."""


class Told(Protocol):
    """What the last probe of an alpha found."""

    @property
    def status(self) -> str:
        """Return "healthy", or what else it is."""


class Post(Protocol):
    """One alpha."""

    @property
    def health(self) -> Told:
        """Return what is known of its health."""


class Fleet(Protocol):
    """All alphas, and what is counted of them."""

    ward: Ward
    load: Load
    lag: Lag

    @property
    def discovered(self) -> frozenset[str]:
        """Return those that the configuration does not name."""

    def get(self, address: str) -> Post | None:
        """Return one of them."""

    def on_told(self, hearer: Callable[[str], None]) -> None:
        """Call `hearer(address)` after each probe of an alpha."""

    def on_muster(self, follower: Callable[[], None]) -> None:
        """Call `follower()` when there are others."""


class Topology(Protocol):
    """Knows the map of the cluster."""

    map: Map

    def hint(self, why: str) -> None:
        """Ask for it at once."""

    def watch(self, callback: Callable[[Map, Map], None]) -> None:
        """Call `callback(old, new)` when another one replaces it."""


class Sight:
    """Puts together what the fleet and the topology know."""

    def __init__(self, fleet: Fleet, topology: Topology, clock: Steady) -> None:
        self._fleet = fleet
        self._topology = topology
        self._clock = clock
        self._ward = fleet.ward
        self._load = fleet.load
        self._faults: dict[str, int] = {}
        self._heard: dict[str, float] = {}
        self._well: dict[str, float] = {}
        self._watchers: list[Callable[[], None]] = []
        topology.watch(lambda old, new: self._changed())
        fleet.on_told(self._told)
        fleet.on_muster(self._changed)

    @property
    def map(self) -> Map:
        """The cluster as last told."""
        return self._topology.map

    @property
    def usable(self) -> frozenset[str]:
        """The alphas that may be given work."""
        return self._ward.usable

    @property
    def discovered(self) -> frozenset[str]:
        """The alphas that the configuration does not name."""
        return self._fleet.discovered

    def costs_of(self, addresses: tuple[str, ...]) -> list[float]:
        """Return how many seconds a further request is likely to take at each; more while an alpha is new."""
        now = self._clock.seconds()
        costs = self._load.costs(addresses, now)
        return costs if self._ward.even else self._weighed(costs, addresses, now)

    def whole_costs_of(self, addresses: tuple[str, ...]) -> list[float]:
        """Return the same, with what the alphas say they have to do for others."""
        now = self._clock.seconds()
        costs = [self._load.whole_cost(address, now) for address in addresses]
        return self._weighed(costs, addresses, now)

    def _weighed(self, costs: list[float], addresses: tuple[str, ...], now: float) -> list[float]:
        weight = self._ward.weight
        return [cost / weight(address, now) for cost, address in zip(costs, addresses, strict=True)]

    def silent(self, address: str) -> bool:
        """Return whether an alpha gives no sign of life: it cannot lead its group."""
        if self._faults.get(address, 0) >= FAULTS:
            return True
        standing = self._ward.standing(address)
        return standing is None or standing.status in MUTE

    def moves_tablets(self, address: str) -> bool:
        """Return whether an alpha said when it was last asked that it moves a tablet."""
        standing = self._ward.standing(address)
        return standing is not None and standing.probed is not None and MOVING in standing.probed.ongoing

    def why_not(self, address: str) -> str:
        """Return in one sentence why an alpha is not usable, "" when it is."""
        return self._ward.why(address, self._clock.seconds())

    def heard_at(self, address: str) -> float:
        """Return when a request last got an answer from an alpha, 0 while requests to it fail."""
        return 0.0 if address in self._faults else self._heard.get(address, 0.0)

    def alive_at(self, address: str) -> float:
        """Return when an alpha last answered a request, or a probe well; 0 when it never did."""
        return max(self._heard.get(address, 0.0), self._well.get(address, 0.0))

    def staleness(self, address: str) -> float | None:
        """Return how many seconds old what this alpha knows is at most, None when that cannot be told."""
        group = self.map.groups.get(self.map.group_of.get(address, 0))
        if group is not None and 2 * len(group.addresses) <= len(group.members):
            # Members that Otter does not know may know more.
            return None
        return self._fleet.lag.staleness(address, self._clock.seconds())

    def begun(self, address: str, purpose: Purpose) -> None:
        """Count a request in."""
        self._load.begun(address, purpose)

    def ended(self, address: str, purpose: Purpose, verdict: Verdict | None, seconds: float) -> None:
        """Count a request out; one that nobody waited for tells nothing of the alpha."""
        now = self._clock.seconds()
        # What builds indexes or backups takes its time, and says nothing of how fast the alpha is.
        timed = verdict is FINE and purpose not in SLOW
        self._load.ended(address, now, seconds if timed else None, purpose)
        if verdict is None:
            return
        if purpose not in SLOW or verdict not in SLOWNESS:
            self._ward.heard(address, now, verdict, seconds)
        if verdict not in NODE_FAULTS:
            self._heard[address] = now
            if self._faults:
                self._faults.pop(address, None)
        elif verdict in UNREACHED:
            self._faults[address] = faults = self._faults.get(address, 0) + 1
            if faults == FAULTS:
                self._changed()

    def hint(self, why: str) -> None:
        """Have the map drawn anew."""
        self._topology.hint(why)

    def watch(self, changed: Callable[[], None]) -> None:
        """Call `changed` after each change of what is seen here."""
        self._watchers.append(changed)

    def _told(self, address: str) -> None:
        alpha = self._fleet.get(address)
        if alpha is not None and alpha.health.status == HEALTHY:
            self._faults.pop(address, None)
            self._well[address] = self._clock.seconds()
        self._changed()

    def _changed(self) -> None:
        for changed in self._watchers:
            changed()
