"""Alphas and a corridor as the cluster page and the metrics see them."""

from typing import Any

from otterd.core.health import Bounds, Probed, Ward
from otterd.core.lag import Lag
from otterd.core.load import Load
from otterd.core.operation import Operation
from tests.gateway.rig import FakeAlpha, Heard, Rig

A, B, C = "a:9080", "b:9080", "c:9080"


class Health:
    """What the probes of an alpha found."""

    def __init__(self) -> None:
        self.raw: dict[str, Any] | None = None


class Seen:
    """One alpha of a corridor's rig."""

    def __init__(self, alpha: FakeAlpha) -> None:
        self._alpha = alpha
        self.address = alpha.address
        self.http_address = alpha.address.replace("9080", "8080")
        self.health = Health()

    @property
    def in_flight(self) -> int:
        return self._alpha.in_flight

    @in_flight.setter
    def in_flight(self, count: int) -> None:
        self._alpha.in_flight = count


class Fleet:
    """Three alphas that are well, on the clock of a corridor's rig; `rig` is that corridor's."""

    def __init__(self, **keys: Any) -> None:
        self.rig = Rig(**keys)
        self.clock = self.rig.clock
        self.shared = self.rig.gateway.shared
        self.lag, self.load = Lag(), Load()
        self.ward = Ward(Bounds(), self.lag)
        self.ward.muster((A, B, C), 0.0)
        for address in (A, B, C):
            self.ward.probed(address, 0.0, Probed())
        self.alphas = [Seen(alpha) for alpha in self.rig.alphas.values()]

    def chart(self, **leaders: str) -> None:
        """Draw two groups: a and b own and lead the first, c the second."""
        self.rig.sight.chart({1: (A, B), 2: (C,)}, {"0-name": 1, "0-film": 2}, **leaders)

    def perform(self, operation: Operation) -> Heard:
        """Send one through the corridor."""
        return self.rig.perform(operation)
