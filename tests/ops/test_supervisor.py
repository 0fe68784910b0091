import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from otterd.ops.supervisor import PATIENCE, Supervisor

PID = os.getpid()


class Manager:
    """A service manager that listens at `address`."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self._socket.setblocking(False)

    def heard(self) -> list[list[str]]:
        """Return the messages that came, as lines."""
        messages = []
        while True:
            try:
                messages.append(self._socket.recv(4096).decode().split("\n"))
            except BlockingIOError:
                return messages

    def environ(self, **more: str) -> dict[str, str]:
        return {"NOTIFY_SOCKET": self.address, **more}

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    path = str(tmp_path / "notify")
    manager = Manager(path if request.param == "path" else f"@otter-test-{PID}-{time.monotonic_ns()}")
    yield manager
    manager.close()


def test_each_turn_of_a_life_is_told(manager: Manager) -> None:
    supervisor = Supervisor.from_environ(manager.environ(), PID)
    supervisor.ready("serving")
    before = time.monotonic_ns() // 1000
    supervisor.reloading()
    after = time.monotonic_ns() // 1000
    supervisor.ready()
    supervisor.status("two\nlines")
    supervisor.stopping(13)
    ready, reloading, again, status, stopping = manager.heard()
    assert ready == ["READY=1", "STATUS=serving"]
    assert reloading[0] == "RELOADING=1"
    assert before <= int(reloading[1].removeprefix("MONOTONIC_USEC=")) <= after
    assert again == ["READY=1"]
    assert status == ["STATUS=two lines"]
    assert stopping == ["STOPPING=1", "EXTEND_TIMEOUT_USEC=13000000", "STATUS=draining"]


def test_signs_of_life_come_at_half_the_time_wanted(manager: Manager) -> None:
    clock = Clock()
    environ = manager.environ(WATCHDOG_USEC="4000000", WATCHDOG_PID=str(PID))
    supervisor = Supervisor.from_environ(environ, PID)
    supervisor.live(clock)
    assert manager.heard() == [["WATCHDOG=1"]]
    clock.advance(1.9)
    assert manager.heard() == []
    clock.advance(0.1)
    assert manager.heard() == [["WATCHDOG=1"]]
    supervisor.stop()
    supervisor.stop()
    assert not clock.getDelayedCalls()


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"WATCHDOG_USEC": "4000000", "WATCHDOG_PID": "1"},
        {"WATCHDOG_USEC": "soon"},
        {"WATCHDOG_USEC": "0"},
    ],
)
def test_no_signs_of_life_unless_they_are_wanted_of_this_process(
    manager: Manager, more: dict[str, str]
) -> None:
    clock = Clock()
    Supervisor.from_environ(manager.environ(**more), PID).live(clock)
    assert not clock.getDelayedCalls()
    assert manager.heard() == []


def test_readiness_is_told_with_the_first_probe(manager: Manager) -> None:
    clock, probed = Clock(), Deferred[object]()
    Supervisor.from_environ(manager.environ(), PID).announce(clock, probed)
    assert manager.heard() == []
    probed.callback(None)
    assert manager.heard() == [["READY=1", "STATUS=serving"]]
    assert not clock.getDelayedCalls()


def test_readiness_is_told_without_a_good_probe_after_a_while(manager: Manager) -> None:
    clock, probed = Clock(), Deferred[object]()
    Supervisor.from_environ(manager.environ(), PID).announce(clock, probed)
    clock.advance(PATIENCE)
    assert manager.heard() == [["READY=1", "STATUS=serving; no alpha is healthy yet"]]
    probed.callback(None)
    assert manager.heard() == [["STATUS=serving"]]


def test_readiness_is_not_told_once_the_stop_began(manager: Manager) -> None:
    clock, probed = Clock(), Deferred[object]()
    supervisor = Supervisor.from_environ(manager.environ(), PID)
    supervisor.announce(clock, probed)
    supervisor.stopping(1)
    assert not clock.getDelayedCalls()
    manager.heard()
    probed.callback(None)
    assert manager.heard() == []


def test_a_stop_before_the_first_probe_leaves_no_timer(manager: Manager) -> None:
    clock = Clock()
    supervisor = Supervisor.from_environ(manager.environ(), PID)
    supervisor.announce(clock, Deferred[object]())
    supervisor.stop()
    assert not clock.getDelayedCalls()
    assert manager.heard() == []


@pytest.mark.parametrize("address", ["", "vsock:2:1234", "/nowhere/at/all"])
def test_without_a_service_manager_nothing_happens(address: str) -> None:
    supervisor = Supervisor.from_environ({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "x"}, PID)
    supervisor.ready()
    supervisor.status("fine")
