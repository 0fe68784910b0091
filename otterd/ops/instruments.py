"""Everything that Otter measures, by name; `docs/operations.md` is held against it by a test.

No label's value comes from a client: doors, purposes, verdicts and status classes are fixed
words, alphas are addresses of the configuration.
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
        self.alpha_up = registry.gauge(
            "otter_alpha_healthy", "1 while the alpha may be given work, else 0.", ("alpha",)
        )
        self.alpha_in_flight = registry.gauge(
            "otter_alpha_in_flight_requests", "Requests on their way to the alpha.", ("alpha",)
        )
        self.alpha_status = registry.gauge(
            "otter_alpha_status", "Always 1; the label says how the alpha stands.", ("alpha", "status")
        )
        self.alpha_staleness = registry.gauge(
            "otter_alpha_staleness_seconds",
            "How old, at most, what the alpha knows is; left out while that cannot be told.",
            ("alpha",),
        )
        self._add_own()

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
