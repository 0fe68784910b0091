"""A member can be started, broken and ended, also by a later run."""

import signal

import pytest

from tests.cluster.ask import until
from tests.cluster.member import Member
from tests.cluster.pids import Pid

IDLE = ["sleep", "infinity"]


@pytest.fixture
def member(tmp_path):
    """Give a member that runs."""
    one = Member("one", IDLE, tmp_path)
    one.start()
    yield one
    one.kill()


def test_it_runs_until_it_is_stopped(member, tmp_path):
    assert member.running
    member.stop()
    assert not member.running
    assert not (tmp_path / "one.pid").exists()


def test_a_frozen_member_still_stops(member):
    member.pause()
    assert Pid.of(member.pid).frozen
    assert member.running
    member.stop()
    assert not member.running


def test_a_member_that_does_not_want_to_end_is_killed(tmp_path):
    stubborn = Member("one", ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"], tmp_path)
    stubborn.start()
    until(stubborn.log.read_bytes, "the trap to be set")
    stubborn.stop(grace=0.2)
    assert not stubborn.running


def test_it_is_not_started_twice(member):
    with pytest.raises(RuntimeError, match="one runs already"):
        member.start()


def test_a_later_run_ends_what_an_earlier_one_left(member, tmp_path):
    later = Member("one", [], tmp_path)
    assert later.pid == member.pid
    later._signal(signal.SIGTERM)
    assert member._child.wait(30) == -signal.SIGTERM
    later.stop()
    assert not (tmp_path / "one.pid").exists()


def test_nothing_to_stop_is_no_error(tmp_path):
    Member("none", [], tmp_path).stop()
