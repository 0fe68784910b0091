"""What the corridor counts for the metrics."""

from dataclasses import dataclass, field

from otterd.core.judge import Verdict
from otterd.core.percentile import Percentile


@dataclass(slots=True)
class Tally:
    """Plain numbers that only grow, and how long reads take."""

    retries: dict[Verdict, int] = field(default_factory=dict)
    retries_denied: int = 0
    stale_asked: int = 0
    stale_told: int = 0
    hedged: int = 0
    rescued: int = 0
    given_up: int = 0
    """Reads that hung until nobody waits for their group any longer."""
    moved: int = 0
    """Transactions that a move of a tablet aborted, not a conflict."""
    conflicts: int = 0
    alters: int = 0
    """Alters whose answers were kept until the alphas showed the new schema, or did not in time."""
    alters_behind: int = 0
    """Those of which some alpha did not show it in time."""
    reads: Percentile = field(default_factory=Percentile)
    """How long good answers to reads took."""

    @property
    def slow(self) -> float | None:
        """Return the seconds within which nineteen of twenty reads are answered, None while not known."""
        return self.reads.value

    def retried(self, verdict: Verdict) -> None:
        """Count a further attempt after `verdict`."""
        self.retries[verdict] = self.retries.get(verdict, 0) + 1
