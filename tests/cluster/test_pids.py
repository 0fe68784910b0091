"""Only the very process that a pid file names gets a signal."""

import os
import signal
import subprocess

import pytest

from tests.cluster.pids import Pid


@pytest.fixture
def idle():
    """Give a process that does nothing until it is ended."""
    child = subprocess.Popen(["sleep", "infinity"])
    yield child
    child.kill()
    child.wait()


def test_a_running_process_is_alive_and_takes_a_signal(idle):
    pid = Pid.of(idle.pid)
    assert pid.alive
    assert pid.signal(signal.SIGTERM)
    assert idle.wait(30) == -signal.SIGTERM
    assert not pid.alive


def test_a_later_process_with_the_same_number_is_left_alone(idle):
    now = Pid.of(idle.pid)
    earlier = Pid(now.number, now.started - 1)
    assert not earlier.alive
    assert not earlier.signal(signal.SIGKILL)
    assert idle.poll() is None


def test_a_process_that_waits_to_be_reaped_is_gone(idle):
    pid = Pid.of(idle.pid)
    idle.kill()
    assert pid.gone_within(30)
    assert not pid.signal(signal.SIGTERM)


def test_a_pid_file_gives_back_what_was_written(tmp_path):
    pid = Pid.of(os.getpid())
    pid.write(tmp_path / "pid")
    assert Pid.read(tmp_path / "pid") == pid
    assert Pid.read(tmp_path / "none") is None
