import re
from dataclasses import replace

import pytest
from msgspec import json
from twisted.internet.task import Clock

from otterd.config.live import Live
from otterd.config.schema import Config
from otterd.core.judge import Verdict
from otterd.core.operation import Door, Entry, Purpose
from otterd.ops.access import AccessLog
from otterd.ops.instruments import Metrics
from otterd.ops.ledger import KNOWN_ROWS, Ledger, RequestIds
from otterd.ops.line import Line
from otterd.ops.stream import Stream

CONFIG = Config(dgraph_endpoints=("a:9080", "b:9080"))


class Kept(Stream):
    """Where the lines go, which stay there."""

    def __init__(self) -> None:
        self.written = b""

    def write(self, lines: bytes, *, urgent: bool = False) -> bool:
        self.written += lines
        return True


class Rig:
    def __init__(self, config: Config = CONFIG) -> None:
        self.clock = Clock()
        self.clock.rightNow = 1_767_225_600.0
        self.live = Live(config)
        self.metrics = Metrics()
        self._kept = Kept()
        self._access = AccessLog(self.clock, self._kept, self.metrics)
        self.found: set[str] = set()
        self.ledger = Ledger(self.live, self.clock, self._access, self.metrics, lambda: self.found)

    @property
    def lines(self) -> list[Line]:
        """What the access log has said so far."""
        self._access.flush()
        return [json.decode(line, type=Line) for line in self._kept.written.splitlines()]

    def request(self, *, alpha: str = "a:9080", verdict: str = Verdict.FINE, status: int = 200) -> Entry:
        entry = self.ledger.open(Door.HTTP, "/query")
        entry.purpose, entry.alpha, entry.verdict, entry.status = Purpose.QUERY, alpha, verdict, status
        entry.received, entry.sent, entry.attempts, entry.upstream = 10, 20, 1, 0.25
        self.clock.advance(0.5)
        return entry

    def shown(self, name: str) -> dict[tuple[str, ...], list[float]]:
        return dict(self.metrics.registry.families[name].cells)


@pytest.mark.parametrize("offered", [b"a", b"A-z_0.9", b"x" * 128])
def test_a_well_formed_id_is_taken(offered: bytes) -> None:
    assert Rig().ledger.open(Door.HTTP, "/query", offered).request_id == offered.decode()


@pytest.mark.parametrize("offered", [None, b"", b"a b", b"a\n", b"x" * 129, b"\xff", b'"'])
def test_any_other_id_is_replaced(offered: bytes | None) -> None:
    name = Rig().ledger.open(Door.HTTP, "/query", offered).request_id
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-z]{2}", name)


def test_own_ids_do_not_repeat() -> None:
    ids = RequestIds("w")
    names = [ids.next() for _ in range(100_000)]
    assert len(set(names)) == len(names)
    assert names[0] == "w-00"
    assert names[1296] == "w-100"


def test_a_closed_entry_leaves_a_line_and_counts() -> None:
    rig = Rig()
    entry = rig.request()
    entry.client, entry.attempts = "192.0.2.1", 3
    rig.ledger.close(entry)
    (line,) = rig.lines
    assert (line.ts, line.id) == ("2026-01-01T00:00:00.500Z", entry.request_id)
    assert (line.ms, line.ms_otter, line.ms_dgraph) == (500.0, 250.0, 250.0)
    assert (line.door, line.route, line.purpose, line.client) == ("http", "/query", "query", "192.0.2.1")
    assert rig.shown("otter_requests_total") == {("http", "query", "a:9080", "fine", "2xx"): [1]}
    assert rig.shown("otter_retries_total") == {("query",): [2]}
    assert rig.shown("otter_received_bytes_total") == {("http",): [10]}
    assert rig.shown("otter_sent_bytes_total") == {("http",): [20]}
    assert rig.shown("otter_errors_total") == {}
    assert rig.shown("otter_request_duration_seconds")["query", "a:9080"][-1] == 0.5
    assert rig.shown("otter_overhead_seconds")["query", "a:9080"][-1] == 0.25


def test_errors_are_counted_by_verdict() -> None:
    rig = Rig()
    rig.ledger.close(rig.request(verdict=Verdict.OUTCOME_UNKNOWN, status=502))
    rig.ledger.close(rig.request(verdict="ErrorRateLimited", status=429, alpha=""))
    assert rig.shown("otter_errors_total") == {
        ("http", "outcome unknown"): [1],
        ("http", "ErrorRateLimited"): [1],
    }


def test_a_second_close_counts_nothing() -> None:
    rig = Rig()
    entry = rig.request()
    rig.ledger.close(entry)
    rig.ledger.close(entry)
    assert len(rig.lines) == 1
    assert rig.ledger.in_flight == 0


def test_what_is_open_shows_as_in_flight() -> None:
    rig = Rig()
    rig.ledger.open(Door.WEBSOCKET, "ws query")
    rig.ledger.close(rig.request())
    text = "".join(rig.metrics.registry.pieces())
    assert 'otter_in_flight_requests{door="ws"} 1\n' in text
    assert 'otter_in_flight_requests{door="http"} 0\n' in text


def test_an_alpha_that_a_caller_made_up_is_no_label() -> None:
    rig = Rig()
    rig.ledger.close(rig.request(alpha="evil:1"))
    assert list(rig.shown("otter_requests_total")) == [("http", "query", "other", "fine", "2xx")]
    assert rig.lines[0].alpha == "other"


def test_callers_cannot_grow_the_memory_of_rows() -> None:
    rig = Rig()
    for number in range(KNOWN_ROWS + 10):
        rig.ledger.close(rig.request(alpha=f"evil:{number}"))
    assert len(rig.ledger._rows) <= KNOWN_ROWS
    assert rig.shown("otter_requests_total")["http", "query", "other", "fine", "2xx"] == [KNOWN_ROWS + 10]


def test_no_line_is_written_when_the_access_log_is_off() -> None:
    rig = Rig(replace(CONFIG, access_log=False))
    rig.ledger.close(rig.request())
    assert rig.lines == []
    assert len(rig.shown("otter_requests_total")) == 1


def test_the_series_of_an_alpha_that_a_reload_removed_are_dropped() -> None:
    rig = Rig()
    rig.ledger.close(rig.request(alpha="a:9080"))
    rig.ledger.close(rig.request(alpha="b:9080"))
    rig.live.replace(replace(CONFIG, dgraph_endpoints=("b:9080",)))
    rig.ledger.close(rig.request(alpha="b:9080"))
    assert rig.shown("otter_requests_total") == {("http", "query", "b:9080", "fine", "2xx"): [2]}


def test_an_upgraded_connection_does_not_count_as_latency() -> None:
    rig = Rig()
    rig.ledger.close(rig.request(status=101))
    assert sum(rig.shown("otter_request_duration_seconds")["query", "a:9080"]) == 0
    assert rig.shown("otter_requests_total") == {("http", "query", "a:9080", "fine", "1xx"): [1]}


def test_a_clock_set_back_makes_no_negative_time() -> None:
    rig = Rig()
    entry = rig.request()
    rig.clock.rightNow -= 3600
    rig.ledger.close(entry)
    assert (rig.lines[0].ms, rig.lines[0].ms_otter) == (0, 0)


def test_grpc_codes_are_their_own_class() -> None:
    rig = Rig()
    entry = rig.ledger.open(Door.GRPC, "grpc Query")
    entry.status = 14
    rig.ledger.close(entry)
    assert list(rig.shown("otter_requests_total")) == [("grpc", "", "", "", "14")]


def test_an_alpha_that_was_discovered_goes_by_its_own_address() -> None:
    rig = Rig()
    rig.found.add("new:9080")
    rig.ledger.close(rig.request(alpha="new:9080"))
    assert list(rig.shown("otter_requests_total")) == [("http", "query", "new:9080", "fine", "2xx")]
    assert rig.lines[0].alpha == "new:9080"
