"""Everything that Otter measures, by name; `docs/operations.md` is held against it by a test.

No label's value comes from a client: doors, purposes, verdicts and status classes are fixed
words, alphas are addresses of the configuration, or of alphas that were discovered.
"""

import platform
from collections.abc import Callable

import twisted
from otterd import __version__
from otterd.ops.metrics import Registry

FAST = (0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
SLOW = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """The families, as attributes; `registry` shows them."""

    def __init__(self) -> None:
        self.registry = registry = Registry()
        self.requests = registry.counter(
            "otter_requests_total",
            "Requests answered.",
            ("door", "purpose", "alpha", "verdict", "status"),
        )
        self.errors = registry.counter(
            "otter_errors_total", "Requests that did not end well, by verdict.", ("door", "verdict")
        )
        self.duration = registry.histogram(
            "otter_request_duration_seconds",
            "Time from a request's first byte to the last of its answer.",
            SLOW,
            ("purpose", "alpha"),
        )
        self.overhead = registry.histogram(
            "otter_overhead_seconds",
            "The part of that time that was not spent waiting for an alpha.",
            FAST,
            ("purpose", "alpha"),
        )
        self.retries = registry.counter(
            "otter_retries_total", "Attempts on a further alpha after the first.", ("purpose",)
        )
        self.received = registry.counter(
            "otter_received_bytes_total", "Bytes of bodies and messages from clients.", ("door",)
        )
        self.sent = registry.counter(
            "otter_sent_bytes_total", "Bytes of bodies and messages to clients.", ("door",)
        )
        self.in_flight = registry.gauge("otter_in_flight_requests", "Requests being answered.", ("door",))
        self.connections = registry.gauge("otter_open_connections", "Open client connections.", ("door",))
        self._add_alphas()
        self._add_cluster()
        self._add_ways()
        self._add_waits()
        self._add_own()

    def _add_alphas(self) -> None:
        registry, each = self.registry, ("alpha",)
        self.alpha_up = registry.gauge(
            "otter_alpha_healthy", "1 while the alpha may be given work, else 0.", each
        )
        self.alpha_in_flight = registry.gauge(
            "otter_alpha_in_flight_requests", "Requests on their way to the alpha.", each
        )
        self.alpha_lanes = registry.gauge(
            "otter_alpha_lane_requests",
            "Those that count against the caps of a lane.",
            ("alpha", "lane"),
        )
        self.alpha_status = registry.gauge(
            "otter_alpha_status", "1 for how the alpha stands, 0 for every other status.", ("alpha", "status")
        )
        self.alpha_ejections = registry.read(
            "otter_alpha_ejections_total", "How often the alpha was ejected.", each
        )
        self.alpha_weight = registry.gauge(
            "otter_alpha_weight", "The alpha's share of work: below 1 while it is new or just back.", each
        )
        self.alpha_staleness = registry.gauge(
            "otter_alpha_staleness_seconds",
            "How old, at most, what the alpha knows is; left out while that cannot be told.",
            each,
        )
        self.alpha_latency = registry.gauge(
            "otter_alpha_latency_seconds", "How long the alpha's answers took lately; 0 before any.", each
        )
        self.alpha_pending_queries = registry.gauge(
            "otter_alpha_pending_queries", "Queries that the alpha says it works on, whoever sent them.", each
        )
        self.alpha_pending_proposals = registry.gauge(
            "otter_alpha_pending_proposals", "Raft proposals that the alpha says are pending.", each
        )

    def _add_cluster(self) -> None:
        registry = self.registry
        self.map_age = registry.gauge(
            "otter_map_age_seconds", "Age of the map of the cluster; left out while there is none."
        )
        self.map_counter = registry.gauge(
            "otter_map_counter", "How far zero's log had come when the map was told; 0 while there is none."
        )
        self.groups = registry.gauge("otter_groups", "Groups of the cluster; 0 while there is no map.")
        self.leaderless = registry.gauge(
            "otter_groups_without_leader", "Groups of which no member is reported to lead."
        )
        self.troubled = registry.gauge(
            "otter_groups_waited_for", "Groups that are away, without a leader or in doubt."
        )
        self.pins = registry.gauge(
            "otter_pinned_transactions", "Transactions of which it is known where they began."
        )
        self.orphans = registry.read(
            "otter_orphaned_transactions_total",
            "Requests of transactions that went on elsewhere than where they had written.",
        )

    def _add_ways(self) -> None:
        registry = self.registry
        self.retry_causes = registry.read(
            "otter_retry_causes_total", "Verdicts after which another alpha was tried.", ("verdict",)
        )
        self.retries_denied = registry.read(
            "otter_retries_denied_total", "Failures that were told because the retry budget was spent."
        )
        self.stale_asked = registry.read(
            "otter_stale_asked_total", "Best-effort calls beside reads that waited and may be stale."
        )
        self.stale_told = registry.read("otter_stale_told_total", "Reads that were answered stale.")
        self.hedges = registry.read("otter_hedges_total", "Reads asked of a second alpha as well.")
        self.rescues = registry.read(
            "otter_rescues_total", "Reads asked of another alpha because theirs gave no sign of life."
        )
        self.given_up = registry.read(
            "otter_given_up_total", "Reads that hung until nobody waited for their group any longer."
        )
        self.aborts = registry.read(
            "otter_aborts_total", "Aborted transactions: by a `conflict` or a `move` of a tablet.", ("cause",)
        )
        self.alters = registry.read(
            "otter_alters_awaited_total", "Alters whose answers waited for the alphas to show the new schema."
        )
        self.alters_behind = registry.read(
            "otter_alters_behind_total", "Those of which some alpha did not show it in time."
        )
        self.unseen = registry.read(
            "otter_payloads_read_total", "Requests with DQL that were read, not remembered from before."
        )
        self.parsed = registry.read(
            "otter_texts_parsed_total",
            "Queries among them that were parsed, for no text alike was remembered.",
        )

    def _add_waits(self) -> None:
        registry = self.registry
        self.held_now = registry.gauge("otter_held_requests", "Requests that wait for a group.")
        self.held_oldest = registry.gauge(
            "otter_held_oldest_seconds", "How long the first of them has waited; 0 when none does."
        )
        self.held = registry.read(
            "otter_held_total", "How requests came to wait for a group, and ended that.", ("how",)
        )
        self.line_length = registry.gauge(
            "otter_line_requests", "Requests that wait in line for an alpha with room.", ("lane",)
        )
        self.line_oldest = registry.gauge(
            "otter_line_oldest_seconds", "How long the first in line has waited; 0 when none does.", ("lane",)
        )
        self.turned_away = registry.read(
            "otter_line_turned_away_total",
            "Requests for which there was no room in line, or not in time.",
            ("lane",),
        )

    def _add_own(self) -> None:
        registry = self.registry
        self.draining = registry.gauge("otter_draining", "1 once Otter takes no new work, else 0.")
        self.reload_good = registry.gauge(
            "otter_config_last_reload_successful", "1 when the last reading of the configuration was good."
        )
        self.reload_at = registry.gauge(
            "otter_config_last_reload_success_timestamp_seconds",
            "When a configuration last came into force, in seconds since the epoch.",
        )
        self.dropped = registry.counter(
            "otter_access_lines_dropped_total", "Access lines lost because the log's reader was too slow."
        )
        self.reactor_delay = registry.histogram(
            "otter_reactor_delay_seconds", "How late the reactor was with a timer.", FAST
        )
        self.gc_pause = registry.histogram(
            "otter_gc_pause_seconds", "Length of garbage collections.", FAST, ("generation",)
        )
        self.cpu = registry.read("otter_process_cpu_seconds_total", "Processor time used.")
        self.memory = registry.gauge("otter_process_resident_memory_bytes", "Memory in use.")
        self.files = registry.gauge("otter_process_open_fds", "Open file descriptors.")
        self.files_most = registry.gauge("otter_process_max_fds", "Most file descriptors allowed.")
        self.started = registry.gauge(
            "otter_process_start_time_seconds", "When the process began, in seconds since the epoch."
        )
        self.build = registry.gauge(
            "otter_build_info", "Always 1; the labels name versions.", ("version", "python", "twisted")
        )
        self.build.set(1, __version__, platform.python_version(), twisted.__version__)

    def count_connections(self, door: str, reader: Callable[[], float]) -> None:
        """Show what `reader` returns as the open connections of `door`."""
        self.connections.read(reader, door)
