from collections.abc import Iterator
from typing import Any, cast

import pytest
from prometheus_client.parser import text_string_to_metric_families
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from otterd.ops.exposition import CONNECTIONS, PATIENCE, Exposition, MetricsFactory
from otterd.ops.instruments import Metrics
from otterd.ops.metrics import Registry


class Transport(StringTransport):
    aborted = False

    def abortConnection(self) -> None:
        self.aborted = True


@pytest.fixture
def clock() -> Iterator[Clock]:
    clock = Clock()
    yield clock
    assert not clock.getDelayedCalls()


def ask(clock: Clock, request: bytes, *, metrics: Metrics | None = None) -> tuple[bytes, bytes]:
    """Return head and body of the answer to `request`."""
    factory = MetricsFactory(clock, (metrics or Metrics()).registry)
    protocol = factory.buildProtocol(None)
    assert protocol is not None
    transport = Transport()
    protocol.makeConnection(transport)
    protocol.dataReceived(request)
    clock.pump([0] * 50)
    assert transport.disconnecting
    protocol.connectionLost()
    assert factory.connections == 0
    head, _, body = transport.value().partition(b"\r\n\r\n")
    return head, body


def test_the_page_is_what_prometheus_reads(clock: Clock) -> None:
    metrics = Metrics()
    metrics.requests.add(3, "http", "query", "a:9080", "fine", "2xx")
    head, body = ask(clock, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", metrics=metrics)
    assert head.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4")
    assert b"Content-Length: %d\r\n" % len(body) in head
    families = {f.name: f for f in text_string_to_metric_families(body.decode())}
    assert families["otter_requests"].samples[0].value == 3
    assert all(name.startswith("otter_") for name in families)


def test_head_has_the_length_and_no_body(clock: Clock) -> None:
    head, body = ask(clock, b"HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"200 OK" in head
    assert b"Content-Length: 0" not in head
    assert body == b""


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET / HTTP/1.1", b"404"),
        (b"GET /metrics/ HTTP/1.1", b"404"),
        (b"GET /debug/pprof HTTP/1.1", b"404"),
        (b"POST /metrics HTTP/1.1", b"405"),
        (b"GET /metrics", b"400"),
        (b"\x16\x03\x01", b"400"),
    ],
)
def test_anything_else_is_refused(clock: Clock, request_line: bytes, status: bytes) -> None:
    head, _ = ask(clock, request_line + b"\r\nHost: x\r\n\r\n")
    assert head.split(b" ")[1] == status


def test_a_head_without_end_is_cut_off(clock: Clock) -> None:
    head, _ = ask(clock, b"GET /metrics HTTP/1.1\r\nX: " + b"y" * 9000)
    assert b" 431 " in head


def test_a_second_request_on_a_connection_is_ignored(clock: Clock) -> None:
    request = b"GET /nope HTTP/1.1\r\n\r\n"
    _, body = ask(clock, request + request)
    assert body == b"404 page not found\n"


def test_connections_are_bounded_in_number_and_time(clock: Clock) -> None:
    factory = MetricsFactory(clock, Registry())
    made = [factory.buildProtocol(None) for _ in range(CONNECTIONS)]
    assert factory.buildProtocol(None) is None
    transport = Transport()
    assert made[0] is not None
    made[0].makeConnection(transport)
    clock.advance(PATIENCE)
    assert transport.aborted
    made[0].connectionLost()
    assert factory.buildProtocol(None) is not None


def note(shown: list[float]) -> float:
    shown.append(100.0)
    return 100.0


class SlowClock(Clock):
    """Time goes on by 0.3 ms whenever somebody looks; `turns` counts the calls asked for."""

    turns = 0

    def callLater(self, *args: Any, **kwargs: Any) -> IDelayedCall:
        self.turns += 1
        return super().callLater(*args, **kwargs)

    def seconds(self) -> float:
        self.rightNow += 0.0003
        return self.rightNow


def test_rendering_leaves_the_reactor_free_every_millisecond() -> None:
    clock = SlowClock()
    registry = Registry()
    counter = registry.counter("otter_x_total", "Some.", ("n",))
    for number in range(100):
        counter.add(1, str(number))
    shown: list[float] = []
    registry.gauge("otter_y", "Notes that it is asked.").read(lambda: note(shown))
    exposition = Exposition(clock, registry)
    first, second = exposition.text(), exposition.text()
    clock.advance(0)
    assert clock.turns > 20
    assert shown == [100.0]
    assert second.called
    text = cast(bytes, first.result)
    assert text == second.result
    assert text.count(b"otter_x_total{") == 100
