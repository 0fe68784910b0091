"""What the ward remembers of one alpha."""

from dataclasses import dataclass
from math import inf
from typing import Final

from otterd.core.standing import Bounds, Probed, Standing, Status

FIRST_WEIGHT: Final = 0.1
"""The share of work with which an alpha that came back begins."""


@dataclass(slots=True, eq=False)
class Patient:
    """What is remembered of one alpha.

    `up` is None before its first probe, `rising` when it came back, None when that is long ago. `late` is
    True for one that joined the others later. `said` is the sentence for the last bad news. `quick_at` and
    `well_at` are when it last answered a request, and a probe, as fast as it should.
    """

    since: float
    status: Status = Status.UNKNOWN
    group: int = 0
    up: bool | None = None
    well_once: bool = False
    refusing: Status | None = None
    hanging: bool = False
    lagging: bool = False
    said: str = "it was not asked yet"
    goods: int = 0
    bads: int = 0
    faults: int = 0
    signs: int = 0
    sign_at: float = -inf
    quick_at: float = -inf
    well_at: float = -inf
    usual: float = 0.0
    ejected_until: float | None = None
    ejections: int = 0
    ejected_ever: int = 0
    ejected_at: float = 0.0
    why_ejected: str = ""
    rising: float | None = None
    late: bool = False
    probed: Probed | None = None
    behind: float = 0.0

    @property
    def alive(self) -> bool:
        """Whether it answers and refuses nothing."""
        return self.up is True and self.refusing is None

    @property
    def out(self) -> bool:
        """Whether it is left out though it may well be alive."""
        return self.ejected_until is not None or self.hanging

    def judge(self) -> Status:
        """Return how it stands."""
        if self.up is None:
            return Status.UNKNOWN
        if not self.up:
            return Status.DOWN
        if self.refusing is not None:
            return self.refusing
        if self.hanging:
            return Status.HANGING
        if self.ejected_until is not None:
            return Status.EJECTED
        return Status.LAGGING if self.lagging else Status.USABLE

    def forgive(self) -> None:
        """End what left it out for a while."""
        self.ejected_until, self.hanging = None, False
        self.faults = self.signs = 0

    def refuse(self, status: Status, said: str) -> None:
        """Note that it refuses work; from here on the probes decide when it is back."""
        self.forgive()
        self.refusing, self.said, self.goods = status, said, 0

    def eject(self, bounds: Bounds, now: float, why: str) -> None:
        """Leave it out for a while, the longer the more often it came to that lately."""
        calm = int(max(now - self.ejected_at, 0.0) // bounds.ejection)
        most = int(bounds.ejection_most // bounds.ejection) + 1
        self.ejections = min(max(self.ejections - calm, 0) + 1, most)
        self.ejected_until = now + min(bounds.ejection * self.ejections, bounds.ejection_most)
        self.ejected_at = self.ejected_until
        self.ejected_ever += 1
        self.why_ejected = why

    def weight(self, bounds: Bounds, now: float) -> float:
        """Return its share of work."""
        if self.status is not Status.USABLE:
            return FIRST_WEIGHT
        if self.rising is None:
            return 1.0
        grown = (now - self.rising) / bounds.slow_start if bounds.slow_start > 0 else 1.0
        if grown >= 1.0:
            self.rising = None
            return 1.0
        return FIRST_WEIGHT + (1.0 - FIRST_WEIGHT) * max(grown, 0.0)

    def reason(self) -> str:
        """Return in one sentence why it is not usable, "" when it is."""
        match self.status:
            case Status.USABLE:
                return ""
            case Status.EJECTED:
                return self.why_ejected
            case Status.LAGGING if self.behind < inf:
                return f"its data is {self.behind:.0f} s older than the newest of its group"
            case Status.LAGGING:
                return "its data is far older than the newest of its group"
        return self.said

    def standing(self) -> Standing:
        """Return how it stands."""
        return Standing(
            self.status,
            self.reason(),
            self.since,
            self.ejected_until,
            self.ejections,
            self.probed,
            self.ejected_ever,
        )
