"""What Otter says of itself and of the alphas: readiness, health, the cluster as it sees it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from otterd import __version__
from otterd.alphas.channel import HttpChannel
from otterd.config.listen import bind_address
from otterd.config.live import Live
from otterd.config.schema import Config
from otterd.core.health import Ward
from otterd.core.lag import Lag
from otterd.ops.instruments import Metrics
from otterd.ops.metrics import Labels
from otterd.ops.zeros import Zeros

HEALTHY = "healthy"

encode = msgspec.json.Encoder().encode


class Health(Protocol):
    """What the last probes of an alpha found."""

    @property
    def raw(self) -> Mapping[str, Any] | None:
        """Return the alpha's own object of `/health`, None while it has given none."""


class Seen(Protocol):
    """One alpha, as the report needs it."""

    in_flight: int

    @property
    def address(self) -> str:
        """Return its gRPC address."""

    @property
    def http_address(self) -> str:
        """Return its HTTP address."""

    @property
    def http(self) -> HttpChannel:
        """Return the way to its HTTP port."""

    @property
    def health(self) -> Health:
        """Return what the probes found."""


class Steady(Protocol):
    """A clock that nobody sets."""

    def seconds(self) -> float:
        """Return the time in seconds since some fixed moment."""


class Sight(Protocol):
    """All alphas, and how they stand on the time of `clock`."""

    clock: Steady
    ward: Ward
    lag: Lag

    @property
    def alphas(self) -> Sequence[Seen]:
        """Return them in the order of the configuration."""


class Corridor(Protocol):
    """The gateway, as the report needs it."""

    @property
    def in_flight(self) -> int:
        """Return how many requests are on their way."""


class Report:
    """Answers `/health`, `/readyz` and `/cluster`. `draining` turns readiness off for good."""

    def __init__(self, live: Live, clock: IReactorTime, fleet: Sight, corridor: Corridor) -> None:
        self._live = live
        self._clock = clock
        self._fleet = fleet
        self._corridor = corridor
        self._zeros = Zeros(live, clock)
        self._started = clock.seconds()
        self.draining = False

    def ready(self) -> tuple[bool, str]:
        """Tell whether Otter takes work, and why not."""
        if self.draining:
            return False, "draining"
        usable = self._fleet.ward.usable
        lacking = [name for name, alphas in wanted(self._live.config) if usable.isdisjoint(alphas)]
        if lacking:
            return False, f"no healthy alpha for {', '.join(lacking)}"
        return True, "ready"

    def health(self, all: bool) -> "Deferred[tuple[int, bytes]] | tuple[int, bytes]":
        """Return status and JSON: Otter, each alpha, and with `all` the zeros that an alpha reports."""
        if not all:
            return self._page([])
        usable = [alpha.http for alpha in self._fleet.alphas if self._usable(alpha)]
        return self._zeros.ask(usable).addCallback(self._page)

    def cluster(self) -> bytes:
        """Return the alphas as Otter sees them, in JSON."""
        config = self._live.config
        ready, why = self.ready()
        groups = dict(wanted(config))
        return encode(
            {
                "instance": "otter",
                "version": __version__,
                "ready": ready,
                "reason": why,
                "balancer": config.balancer_type.value,
                "in_flight": self._corridor.in_flight,
                "alphas": [
                    {
                        "address": alpha.address,
                        "purposes": [name for name, members in groups.items() if alpha.address in members],
                        **self._view(alpha),
                        "health": alpha.health.raw,
                    }
                    for alpha in self._fleet.alphas
                ],
            }
        )

    def show_in(self, metrics: Metrics) -> None:
        """Let `metrics` show the alphas and whether Otter drains."""
        metrics.alpha_up.read_all(lambda: self._gauge(self._usable))
        metrics.alpha_status.read_all(self._statuses)
        metrics.alpha_staleness.read_all(self._ages)
        metrics.alpha_in_flight.read_all(lambda: self._gauge(lambda alpha: alpha.in_flight))
        metrics.draining.read(lambda: float(self.draining))

    def _gauge(self, number: Callable[[Seen], float]) -> list[tuple[Labels, float]]:
        return [((alpha.address,), float(number(alpha))) for alpha in self._fleet.alphas]

    def _usable(self, alpha: Seen) -> bool:
        return alpha.address in self._fleet.ward.usable

    def _statuses(self) -> list[tuple[Labels, float]]:
        states = self._fleet.ward.states()
        return [((address, standing.status.value), 1.0) for address, standing in states.items()]

    def _ages(self) -> list[tuple[Labels, float]]:
        now = self._fleet.clock.seconds()
        ages = {alpha.address: self._fleet.lag.staleness(alpha.address, now) for alpha in self._fleet.alphas}
        return [((address,), age) for address, age in ages.items() if age is not None]

    def _page(self, zeros: list[Any]) -> tuple[int, bytes]:
        ready, why = self.ready()
        config = self._live.config
        own = {
            "instance": "otter",
            "address": _standing(config),
            "status": HEALTHY if ready else "unhealthy",
            "version": __version__,
            "uptime": int(self._clock.seconds() - self._started),
            "balancer": config.balancer_type.value,
            "reason": why,
            "in_flight": self._corridor.in_flight,
        }
        return 200 if ready else 503, encode([own, *map(self._shown, self._fleet.alphas), *zeros])

    def _shown(self, alpha: Seen) -> dict[str, Any]:
        """Return the alpha in Dgraph's shape, with Otter's view of it."""
        usable = self._usable(alpha)
        said = alpha.health.raw if usable else None
        own = said or {
            "instance": "alpha",
            "address": alpha.address,
            "status": HEALTHY if usable else "unhealthy",
        }
        return {**own, "otter": {"address": alpha.address, **self._view(alpha)}}

    def _view(self, alpha: Seen) -> dict[str, Any]:
        ward, now = self._fleet.ward, self._fleet.clock.seconds()
        standing = ward.standing(alpha.address)
        view: dict[str, Any] = {"http_address": alpha.http_address, "status": "unknown"}
        if standing is not None:
            view["status"] = standing.status.value
            view["reason"] = ward.why(alpha.address, now)
            view["since"] = int(now - standing.since)
            if standing.ejected_until is not None:
                view["ejected_for"] = max(round(standing.ejected_until - now), 0)
        return {**view, "in_flight": alpha.in_flight}


def wanted(config: Config) -> list[tuple[str, tuple[str, ...]]]:
    """Return each purpose that must be served, with the alphas that may serve it."""
    if not config.balancer_type.by_groups:
        return [("any purpose", config.dgraph_endpoints)]
    return list(config.groups.items())


def _standing(config: Config) -> str:
    """Return where HTTP is served; of an endpoint only its kind, for it may name key files."""
    if config.http_endpoint:
        return config.http_endpoint.partition(":")[0]
    return f"{bind_address(config) or '*'}:{config.proxy_port}"
