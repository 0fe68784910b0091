"""What Otter says of itself and of the alphas: readiness, health, the cluster as it sees it."""

from typing import Any, Protocol

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from otterd import __version__
from otterd.config.listen import bind_address
from otterd.config.live import Live
from otterd.config.schema import Config
from otterd.core.balance import Policy
from otterd.core.operation import Purpose
from otterd.ops.cluster_page import standing_of
from otterd.ops.instruments import Metrics
from otterd.ops.seams import Alphas, Seen
from otterd.ops.zeros import Zeros

HEALTHY = "healthy"

SERVED = (Purpose.QUERY, Purpose.MUTATION, Purpose.UPSERT)
"""What must be served; the alphas for every other purpose are among those for these."""

encode = msgspec.json.Encoder().encode


class Corridor(Protocol):
    """The gateway, as the report needs it."""

    @property
    def policy(self) -> Policy:
        """Return the policy in force."""

    @property
    def in_flight(self) -> int:
        """Return how many requests are on their way."""


class Cluster(Protocol):
    """The page of the cluster."""

    def shown(self, ready: bool, why: str, in_flight: int) -> bytes:
        """Return it in JSON."""


class Report:
    """Answers `/health`, `/readyz` and `/cluster`. `draining` turns readiness off for good."""

    def __init__(
        self, live: Live, clock: IReactorTime, fleet: Alphas, corridor: Corridor, cluster: Cluster
    ) -> None:
        self._live = live
        self._clock = clock
        self._fleet = fleet
        self._corridor = corridor
        self._cluster = cluster
        self._zeros = Zeros(live, clock)
        self._started = clock.seconds()
        self.draining = False

    def ready(self) -> tuple[bool, str]:
        """Tell whether Otter takes work, and why not."""
        if self.draining:
            return False, "draining"
        usable, policy = self._fleet.ward.usable, self._corridor.policy
        lacking = [each.value for each in SERVED if usable.isdisjoint(policy.members(each))]
        if lacking:
            # The policy tries the others all the same, but there is little hope.
            wanting = "any purpose" if len(lacking) == len(SERVED) else ", ".join(lacking)
            return False, f"no healthy alpha for {wanting}"
        return True, "ready"

    def health(self, all: bool) -> "Deferred[tuple[int, bytes]] | tuple[int, bytes]":
        """Return status and JSON: Otter, each alpha, and with `all` the zeros that an alpha reports."""
        if not all:
            return self._page([])
        usable = [alpha.http for alpha in self._fleet.alphas if self._usable(alpha)]
        return self._zeros.ask(usable).addCallback(self._page)

    def cluster(self) -> bytes:
        """Return the cluster as Otter sees it, in JSON."""
        return self._cluster.shown(*self.ready(), self._corridor.in_flight)

    def show_in(self, metrics: Metrics) -> None:
        """Let `metrics` show whether Otter drains."""
        metrics.draining.read(lambda: float(self.draining))

    def _usable(self, alpha: Seen) -> bool:
        return alpha.address in self._fleet.ward.usable

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
        stands = standing_of(self._fleet.ward, alpha.address, self._fleet.clock.seconds())
        return {"http_address": alpha.http_address, **stands, "in_flight": alpha.in_flight}


def _standing(config: Config) -> str:
    """Return where HTTP is served; of an endpoint only its kind, for it may name key files."""
    if config.http_endpoint:
        return config.http_endpoint.partition(":")[0]
    return f"{bind_address(config) or '*'}:{config.proxy_port}"
