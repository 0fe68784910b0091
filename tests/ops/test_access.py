import json
from pathlib import Path

import pytest
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from zope.interface import provider

from otterd.ops.access import BATCH, PAUSE, WARN_EVERY, AccessLog
from otterd.ops.instruments import Metrics
from otterd.ops.line import Line
from otterd.ops.stream import Stream


def line(number: int) -> Line:
    return Line(
        "t", str(number), "http", "/query", "query", "a:9080", "", 200, "fine", 1, 2, 1.5, 0.5, 1.0, 1
    )


class Full(Stream):
    """A stream that has no room."""

    def __init__(self) -> None:
        pass

    def write(self, lines: bytes, *, urgent: bool = False) -> bool:
        return False


def test_lines_are_written_together_and_in_order(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "log"
    access = AccessLog(clock, Stream.at(str(path)), Metrics())
    for number in range(5):
        access.add(line(number))
    assert path.read_bytes() == b""
    clock.advance(PAUSE)
    shown = [json.loads(text) for text in path.read_text().splitlines()]
    assert [one["id"] for one in shown] == list("01234")
    assert shown[0] == {
        "ns": "otterd.access",
        "ts": "t",
        "id": "0",
        "door": "http",
        "route": "/query",
        "purpose": "query",
        "alpha": "a:9080",
        "client": "",
        "status": 200,
        "verdict": "fine",
        "received": 1,
        "sent": 2,
        "ms": 1.5,
        "ms_otter": 0.5,
        "ms_dgraph": 1.0,
        "attempts": 1,
    }
    assert not clock.getDelayedCalls()


def test_a_full_batch_does_not_wait(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "log"
    access = AccessLog(clock, Stream.at(str(path)), Metrics())
    for number in range(BATCH):
        access.add(line(number))
    assert len(path.read_text().splitlines()) == BATCH
    clock.advance(PAUSE)
    assert len(path.read_text().splitlines()) == BATCH


def test_a_flush_leaves_nothing_behind(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "log"
    access = AccessLog(clock, Stream.at(str(path)), Metrics())
    access.add(line(1))
    access.flush()
    access.flush()
    assert len(path.read_text().splitlines()) == 1
    assert not clock.getDelayedCalls()


def test_dropped_lines_are_counted_and_told_once_a_minute() -> None:
    clock, metrics = Clock(), Metrics()
    access = AccessLog(clock, Full(), metrics)
    told: list[LogEvent] = []

    @provider(ILogObserver)
    def observe(event: LogEvent) -> None:
        told.append(event)

    globalLogPublisher.addObserver(observe)
    try:
        for second in range(3):
            access.add(line(second))
            access.add(line(second))
            clock.advance(1)
        assert metrics.dropped.cell() == [6]
        assert [event["count"] for event in told] == [2]
        clock.advance(WARN_EVERY)
        access.add(line(9))
        access.flush()
        assert [event["count"] for event in told] == [2, 5]
    finally:
        globalLogPublisher.removeObserver(observe)


@pytest.mark.parametrize("client", ['"\n{', "\u2028", "é"])
def test_no_text_can_forge_a_line(tmp_path: Path, client: str) -> None:
    clock, path = Clock(), tmp_path / "log"
    access = AccessLog(clock, Stream.at(str(path)), Metrics())
    made = line(1)
    made.client = client
    access.add(made)
    access.flush()
    (one,) = path.read_bytes().splitlines()
    assert json.loads(one)["client"] == client
