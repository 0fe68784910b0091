"""What the ward is told of an alpha, and what it makes of it."""

from dataclasses import dataclass
from enum import StrEnum

from otterd.config.schema import Config
from otterd.core.judge import Verdict


class Status(StrEnum):
    """How an alpha stands; only a usable one is given work while there is one."""

    USABLE = "usable"
    UNKNOWN = "unknown"
    """No probe of it has ended yet."""
    DOWN = "down"
    DRAINING = "draining"
    NOT_READY = "not ready"
    HANGING = "hanging"
    EJECTED = "ejected"
    LAGGING = "lagging"


@dataclass(frozen=True, slots=True)
class Bounds:
    """When an alpha counts as gone or back, and for how long it is left out; times in seconds."""

    rise: int = 2
    fall: int = 3
    faults: int = 5
    ejection: float = 10.0
    ejection_most: float = 300.0
    hang: float = 1.0
    lag: float = 10.0
    slow_start: float = 10.0

    @classmethod
    def of(cls, config: Config) -> "Bounds":
        """Return those that `config` sets."""
        return cls(
            rise=config.probe_rise,
            fall=config.probe_fall,
            faults=config.ejection_faults,
            ejection=config.ejection_time,
            ejection_most=config.ejection_most,
            hang=config.hang_limit,
            lag=config.lag_limit,
            slow_start=config.slow_start,
        )


@dataclass(frozen=True, slots=True)
class Probed:
    """What one probe of an alpha found after `seconds`; `reason` is a sentence, "" when all is well.

    `group` is 0 and `max_assigned` None when it did not tell. `ongoing` and `indexing` are its own words.
    """

    verdict: Verdict = Verdict.FINE
    reason: str = ""
    max_assigned: int | None = None
    group: int = 0
    ongoing: tuple[str, ...] = ()
    indexing: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        """Whether the alpha called itself well in every way that it was asked."""
        return self.verdict is Verdict.FINE


@dataclass(frozen=True, slots=True)
class Standing:
    """What the ward says of an alpha: `reason` is a sentence, "" when it is usable.

    `since` is when the status last changed and `ejected_until` when it may be given work again, None
    when it is not ejected. `ejections` counts those that still lengthen the next one, `ejected_ever` all.
    """

    status: Status
    reason: str
    since: float
    ejected_until: float | None = None
    ejections: int = 0
    probed: Probed | None = None
    ejected_ever: int = 0

    @property
    def usable(self) -> bool:
        """Whether it may be given work."""
        return self.status is Status.USABLE
