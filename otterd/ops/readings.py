"""What the metrics show of alphas, map, ways and waits: read where it is kept, each time it is shown."""

from collections.abc import Callable, Iterator

from otterd.core.health import Status
from otterd.core.load import Pending
from otterd.core.slots import Lane
from otterd.gateway.shared import Shared
from otterd.ops.instruments import Metrics
from otterd.ops.metrics import Labels
from otterd.ops.seams import Alphas, Seen

Rows = Iterator[tuple[Labels, float]]

SHARED_LANES = tuple(lane for lane in Lane if lane is not Lane.ALTER)
"""The lanes that are counted for each alpha."""


class Readings:
    """Knows where each number is kept."""

    def __init__(self, fleet: Alphas, shared: Shared) -> None:
        self._fleet = fleet
        self._shared = shared

    def show_in(self, metrics: Metrics) -> None:
        """Let `metrics` show all of it."""
        self._show_alphas(metrics)
        self._show_cluster(metrics)
        self._show_ways(metrics)
        self._show_waits(metrics)

    def _show_alphas(self, metrics: Metrics) -> None:
        fleet, lines = self._fleet, self._shared.lines
        ward, lag, load = fleet.ward, fleet.lag, fleet.load
        metrics.alpha_up.read_all(lambda: self._each(lambda alpha: alpha.address in ward.usable))
        metrics.alpha_in_flight.read_all(lambda: self._each(lambda alpha: alpha.in_flight))
        metrics.alpha_lanes.read_all(
            lambda: (
                ((alpha.address, lane.value), float(lines.taken(lane, alpha.address)))
                for alpha in fleet.alphas
                for lane in SHARED_LANES
            )
        )
        metrics.alpha_status.read_all(self._statuses)
        metrics.alpha_ejections.read_all(
            lambda: (((address,), float(one.ejected_ever)) for address, one in ward.states().items())
        )
        metrics.alpha_weight.read_all(
            lambda: self._each(lambda alpha: ward.weight(alpha.address, self._now()))
        )
        metrics.alpha_staleness.read_all(
            lambda: self._each(lambda alpha: lag.staleness(alpha.address, self._now()))
        )
        metrics.alpha_latency.read_all(lambda: self._each(lambda alpha: load.latency(alpha.address)))
        metrics.alpha_pending_queries.read_all(lambda: self._pending(lambda told: told.queries))
        metrics.alpha_pending_proposals.read_all(lambda: self._pending(lambda told: told.proposals))

    def _show_cluster(self, metrics: Metrics) -> None:
        shared = self._shared
        metrics.map_age.read_all(self._age)
        metrics.map_counter.read(lambda: float(shared.sight.map.counter))
        metrics.groups.read(lambda: float(len(shared.sight.map.groups)))
        metrics.leaderless.read(lambda: float(len(shared.sight.map.leaderless())))
        metrics.troubled.read(lambda: float(len(shared.elections.troubled)))
        metrics.pins.read(lambda: float(len(shared.placing.pins)))
        metrics.orphans.read(lambda: float(shared.placing.orphans))

    def _show_ways(self, metrics: Metrics) -> None:
        tally, facts = self._shared.tally, self._shared.placing.facts
        metrics.retry_causes.read_all(
            lambda: (((verdict.value,), float(count)) for verdict, count in tally.retries.items())
        )
        metrics.retries_denied.read(lambda: float(tally.retries_denied))
        metrics.stale_asked.read(lambda: float(tally.stale_asked))
        metrics.stale_told.read(lambda: float(tally.stale_told))
        metrics.hedges.read(lambda: float(tally.hedged))
        metrics.rescues.read(lambda: float(tally.rescued))
        metrics.given_up.read(lambda: float(tally.given_up))
        metrics.aborts.read(lambda: float(tally.conflicts), "conflict")
        metrics.aborts.read(lambda: float(tally.moved), "move")
        metrics.alters.read(lambda: float(tally.alters))
        metrics.alters_behind.read(lambda: float(tally.alters_behind))
        metrics.unseen.read(lambda: float(facts.unseen))
        metrics.parsed.read(lambda: float(facts.parsed))

    def _show_waits(self, metrics: Metrics) -> None:
        elections, lines = self._shared.elections, self._shared.lines
        metrics.held_now.read(lambda: float(len(elections)))
        metrics.held_oldest.read(lambda: self._waited(elections.oldest()))
        metrics.held.read(lambda: float(elections.held), "held")
        metrics.held.read(lambda: float(elections.released), "released")
        metrics.held.read(lambda: float(elections.expired), "expired")
        metrics.held.read(lambda: float(elections.turned_away), "turned away")
        for lane in Lane:
            self._show_line(metrics, lane)
        metrics.turned_away.read_all(
            lambda: (((lane.value,), float(count)) for lane, count in lines.turned_away.items())
        )

    def _show_line(self, metrics: Metrics, lane: Lane) -> None:
        lines = self._shared.lines
        metrics.line_length.read(lambda: float(lines.waiting(lane)), lane.value)
        metrics.line_oldest.read(lambda: self._waited(lines.oldest(lane)), lane.value)

    def _now(self) -> float:
        return self._fleet.clock.seconds()

    def _waited(self, since: float | None) -> float:
        return 0.0 if since is None else max(self._now() - since, 0.0)

    def _each(self, number: Callable[[Seen], float | None]) -> Rows:
        for alpha in self._fleet.alphas:
            value = number(alpha)
            if value is not None:
                yield (alpha.address,), float(value)

    def _statuses(self) -> Rows:
        for address, standing in self._fleet.ward.states().items():
            for status in Status:
                yield (address, status.value), float(standing.status is status)

    def _pending(self, number: Callable[[Pending], int]) -> Rows:
        for alpha in self._fleet.alphas:
            told = self._fleet.load.pending(alpha.address, self._now())
            if told is not None:
                yield (alpha.address,), float(number(told))

    def _age(self) -> Rows:
        known = self._shared.sight.map
        if known.known:
            yield (), max(self._now() - known.made, 0.0)
