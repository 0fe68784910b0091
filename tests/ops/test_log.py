import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, Logger, LogLevel
from twisted.python.failure import Failure

from otterd.config.live import Live
from otterd.config.schema import Config
from otterd.config.schema import LogLevel as Level
from otterd.ops.log import LONGEST, Journal, Routed, render, twistd_log
from otterd.ops.stamp import Stamp
from otterd.ops.stream import Stream


class Written:
    """A log in a file, and its lines."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.journal = Journal()
        self.observer = self.journal.observer(Stream.at(str(path)))
        self.log = Logger(namespace="otterd.test", observer=self.observer)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.path.read_text().splitlines()]


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Written]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield Written(tmp_path / "log")
    root.handlers[:] = before
    root.setLevel(level)


def test_an_event_is_one_line_of_json(written: Written) -> None:
    written.log.info("{door} is open on\n{port}", door="http", port=8084, more={"a": (1, None)})
    (line,) = written.lines()
    assert datetime.fromisoformat(line.pop("ts")).tzinfo == UTC
    assert line == {
        "level": "info",
        "ns": "otterd.test",
        "msg": "http is open on\n8084",
        "fields": {"door": "http", "port": 8084, "more": {"a": [1, None]}},
    }


def test_a_failure_shows_where_but_never_the_values(written: Written) -> None:
    def broken(password: str) -> None:
        token = password * 2
        raise ValueError("no good" if token else "")

    value = "".join(("s3", "cret"))
    try:
        broken(value)
    except ValueError:
        failure = Failure(captureVars=True)
    written.log.failure("it broke", failure)
    (line,) = written.lines()
    assert line["level"] == "critical"
    assert line["error"]["type"] == "ValueError"
    assert line["error"]["text"] == "no good"
    assert "in broken" in line["error"]["traceback"]
    assert "s3cret" not in written.path.read_text()


def test_the_level_may_change_while_running(written: Written) -> None:
    live = Live(Config(log_level=Level.WARN))
    written.journal.follow(live, Clock())
    written.log.info("quiet")
    live.replace(Config(log_level=Level.DEBUG))
    written.log.debug("loud")
    assert [line["msg"] for line in written.lines()] == ["loud"]
    assert logging.getLogger().level == logging.DEBUG


def test_libraries_are_heard_only_when_it_is_serious(written: Written) -> None:
    noisy = Logger(namespace="autobahn.twisted.websocket", observer=written.observer)
    noisy.info("chatter")
    noisy.warn("trouble")
    written.log.info("OtterFactory starting on 8084", eventSource=object())
    assert [line["msg"] for line in written.lines()] == ["trouble"]


def test_records_of_the_standard_library_come_along(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, LogLevel, dict[str, Any]]] = []
    monkeypatch.setattr(
        Logger, "emit", lambda self, level, format=None, **kw: seen.append((self.namespace, level, kw))
    )
    logger = logging.Logger("asyncio")
    logger.addHandler(Routed())
    logger.warning("slow by %d", 3)
    try:
        raise KeyError("k")
    except KeyError:
        logger.exception("oh")
    assert seen[0] == ("asyncio", LogLevel.warn, {"text": "slow by 3"})
    assert seen[1][:2] == ("asyncio", LogLevel.error)
    assert seen[1][2]["log_failure"].check(KeyError)


def test_an_event_that_cannot_be_rendered_is_told_all_the_same() -> None:
    class Bad:
        def __str__(self) -> str:
            raise RuntimeError("never")

    line = json.loads(render({"log_format": "x", "log_time": 1.0, "bad": Bad()}, Stamp()))
    assert line["msg"] == "an event could not be rendered: RuntimeError"


def test_text_is_cut_and_made_valid() -> None:
    event = {"log_format": "{t}", "t": "x" * (LONGEST * 2), "u": "\ud800", "b": b"raw", "big": 2**70}
    line = json.loads(render(event, Stamp()))
    assert len(line["msg"]) == LONGEST + 1
    assert line["fields"]["u"] == "?"


def test_legacy_events_are_lines_too() -> None:
    event = {"message": ("old", "words"), "isError": 0, "system": "-", "time": 1.0, "log_time": 1.0}
    line = json.loads(render({**event, "log_format": "{log_text}", "log_text": "old words"}, Stamp()))
    assert line["msg"] == "old words"
    assert "fields" not in line


def test_twistd_decides_where_the_log_goes(written: Written, tmp_path: Path) -> None:
    assert twistd_log({"syslog": True, "nodaemon": True}) is None
    path = tmp_path / "own.log"
    observer = twistd_log({"nodaemon": True, "logfile": str(path)})
    assert ILogObserver.providedBy(observer)
    assert observer is not None
    observer({"log_format": "hello", "log_time": 1.0, "log_level": LogLevel.info})
    assert json.loads(path.read_text())["msg"] == "hello"


def test_a_number_too_big_for_json_readers_is_still_a_line() -> None:
    assert b"1180591620717411303424" in render({"log_format": "x", "big": 2**70}, Stamp())


def test_a_stream_without_descriptor_is_refused() -> None:
    with pytest.raises(io.UnsupportedOperation):
        Stream.to(io.StringIO())
