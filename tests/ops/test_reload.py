import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, cast

import pytest
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from zope.interface import provider

from otterd.config.errors import ConfigError
from otterd.config.live import Live
from otterd.config.schema import Config, LogLevel, Seconds, Secret
from otterd.ops.instruments import Metrics
from otterd.ops.reload import Reload
from otterd.ops.supervisor import Supervisor

CONFIG = Config(dgraph_endpoints=("a:9080",))


class Told(Supervisor):
    def __init__(self) -> None:
        super().__init__("")
        self.words: list[str] = []

    def _tell(self, *lines: str) -> None:
        self.words.append(lines[0])


class Rotated:
    times = 0

    def reopen(self) -> None:
        self.times += 1


class Rig:
    def __init__(self) -> None:
        self.clock = Clock()
        self.clock.rightNow = 1000.0
        self.live = Live(CONFIG)
        self.metrics = Metrics()
        self.supervisor = Told()
        self.rotated = Rotated()
        self.file: Config | Exception = CONFIG
        self.reload = Reload(
            self.live,
            self.read,
            clock=self.clock,
            metrics=self.metrics,
            supervisor=self.supervisor,
            rotated=self.rotated,
        )

    def read(self) -> Config:
        if isinstance(self.file, Exception):
            raise self.file
        return self.file

    @property
    def shown(self) -> tuple[float, float]:
        """Return success of the last reload and time of the last good one."""
        return self.metrics.reload_good.cells[()][0], self.metrics.reload_at.cells[()][0]


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.fixture
def told() -> Iterator[list[str]]:
    lines: list[str] = []

    @provider(ILogObserver)
    def observe(event: LogEvent) -> None:
        lines.append(formatEvent(event))

    globalLogPublisher.addObserver(observe)
    yield lines
    globalLogPublisher.removeObserver(observe)


def test_what_may_change_is_put_in_force_whole(rig: Rig, told: list[str]) -> None:
    seen: list[tuple[Config, Config]] = []
    rig.live.watch(lambda old, new: seen.append((old, new)))
    rig.file = replace(CONFIG, log_level=LogLevel.DEBUG, drain_timeout=Seconds(3.0))
    rig.clock.advance(5)
    assert rig.reload.run()
    assert rig.live.config == rig.file
    assert seen == [(CONFIG, rig.file)]
    assert rig.shown == (1, 1005)
    assert told[-1] == "configuration reloaded: drain_timeout, log_level"
    assert rig.supervisor.words == ["RELOADING=1", "READY=1"]
    assert rig.rotated.times == 1


def test_a_key_that_needs_a_restart_keeps_its_value_and_is_named(rig: Rig, told: list[str]) -> None:
    rig.file = replace(CONFIG, proxy_port=1, log_level=LogLevel.WARN)
    assert rig.reload.run()
    assert rig.live.config == replace(CONFIG, log_level=LogLevel.WARN)
    assert "proxy_port changed, but needs a restart: its old value stays in force" in told
    assert rig.reload.run()
    assert sum("proxy_port" in line for line in told) == 2


def test_a_bad_file_changes_nothing(rig: Rig, told: list[str]) -> None:
    rig.file = ConfigError("otter.yaml", "rate_limit_rps", "expected a number")
    rig.clock.advance(5)
    assert not rig.reload.run()
    assert rig.live.config is CONFIG
    assert rig.shown == (0, 1000)
    assert told[-1].endswith("otter.yaml: rate_limit_rps: expected a number")
    assert rig.supervisor.words == ["RELOADING=1", "READY=1"]
    rig.file = CONFIG
    assert rig.reload.run()
    assert rig.shown == (1, 1005)


def test_a_file_that_is_only_good_with_a_restart_changes_nothing(rig: Rig, told: list[str]) -> None:
    # Without the WebSocket no token would be needed; but it goes on until the restart.
    rig.file = replace(CONFIG, dev_mode=False, enable_websocket=False)
    assert not rig.reload.run()
    assert rig.live.config is CONFIG
    assert "ws_token" in told[-1]
    assert "need a restart" in told[-1]


def test_a_new_secret_is_not_shown(rig: Rig, told: list[str]) -> None:
    rig.file = replace(CONFIG, admin_token=Secret("s3cret"))
    assert rig.reload.run()
    assert "s3cret" not in "".join(told)
    assert told[-1] == "configuration reloaded: admin_token"


def test_a_watcher_that_breaks_puts_the_old_configuration_back(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig()
    logged: list[str] = []
    monkeypatch.setattr("otterd.ops.reload.log.failure", logged.append)
    seen: list[LogLevel] = []
    rig.live.watch(lambda _, new: seen.append(new.log_level))

    def refuse(_: Config, new: Config) -> None:
        if new.log_level is LogLevel.DEBUG:
            raise RuntimeError("no")

    rig.live.watch(refuse)
    rig.file = replace(CONFIG, log_level=LogLevel.DEBUG)
    assert not rig.reload.run()
    assert rig.live.config is CONFIG
    assert seen == [LogLevel.DEBUG, LogLevel.INFO]
    assert logged == ["the reload broke off"]


class Hops:
    """A reactor that runs what signal handlers ask for when the test says so."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], Any]] = []

    def callFromThread(self, call: Callable[[], Any]) -> None:
        self.calls.append(call)


def test_sighup_reloads_in_the_reactor_and_not_in_the_signal_handler(rig: Rig) -> None:
    before = signal.getsignal(signal.SIGHUP)
    hops = Hops()
    rig.reload.install(cast(IReactorFromThreads, hops))
    try:
        rig.file = replace(CONFIG, log_level=LogLevel.DEBUG)
        os.kill(os.getpid(), signal.SIGHUP)
        assert rig.live.config is CONFIG
        for call in hops.calls:
            call()
        assert rig.live.config == rig.file
    finally:
        rig.reload.remove()
    assert signal.getsignal(signal.SIGHUP) == before
