from collections.abc import Callable
from dataclasses import replace

import pytest
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from otterd.config.live import Live
from otterd.config.schema import Config, Seconds
from otterd.ops.drain import CLOSING, Drain
from otterd.ops.supervisor import Supervisor

LIMIT = 10.0


class Told(Supervisor):
    def __init__(self, happened: list[str]) -> None:
        super().__init__("")
        self._happened = happened

    def _tell(self, *lines: str) -> None:
        self._happened.append(lines[0])


class Readiness:
    draining = False


class Rig:
    """A daemon of which everything is a fake; `happened` says in which order."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.happened: list[str] = []
        self.readiness = Readiness()
        self.draining = False
        self.in_flight = 1
        self.idle = Deferred[None]()
        self.emptied = Deferred[None]()
        self.channels: Callable[[], object] = lambda: None
        config = replace(Config(dgraph_endpoints=("a:9080",)), drain_timeout=Seconds(LIMIT))
        self.stop = Drain(
            self.clock,
            Live(config),
            supervisor=Told(self.happened),
            readiness=self.readiness,
            corridor=self,
            ports=(self,),
            doors=(self,),
            after=(("close the channels", self._close), ("flush", lambda: self.happened.append("flush"))),
        )

    def _close(self) -> object:
        self.happened.append("channels")
        return self.channels()

    def drained(self) -> Deferred[None]:
        return self.idle

    def drain(self) -> None:
        assert self.readiness.draining
        self.happened.append("drain")

    def closed(self) -> Deferred[None]:
        return self.emptied

    def abort(self) -> None:
        self.happened.append("abort")

    def stopListening(self) -> object:
        self.happened.append("port")
        return succeed(None)


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_everything_ends_in_order_when_the_work_is_done(rig: Rig) -> None:
    done = rig.stop.begin()
    assert rig.happened == ["STOPPING=1", "drain", "port"]
    assert not rig.draining, "what comes on open connections is still served"
    rig.clock.advance(3)
    rig.emptied.callback(None)
    assert not done.called
    rig.idle.callback(None)
    assert done.called
    assert rig.draining
    assert rig.happened == ["STOPPING=1", "drain", "port", "channels", "flush"]
    assert not rig.clock.getDelayedCalls()


def test_what_is_left_after_the_limit_is_cut_off(rig: Rig) -> None:
    done = rig.stop.begin()
    rig.clock.advance(LIMIT - 0.1)
    assert "abort" not in rig.happened
    rig.clock.advance(0.1)
    assert rig.happened[-3:] == ["abort", "channels", "flush"]
    assert done.called
    rig.emptied.callback(None)
    rig.idle.callback(None)
    assert not rig.clock.getDelayedCalls()


def test_a_step_that_hangs_or_fails_holds_up_nothing_for_long(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[str] = []
    monkeypatch.setattr("otterd.ops.drain.log.failure", lambda text, failure, what: logged.append(what))
    rig.channels = Deferred
    done = rig.stop.begin()
    rig.idle.callback(None)
    rig.emptied.callback(None)
    rig.clock.advance(CLOSING)
    assert done.called
    assert rig.happened[-1] == "flush"

    again = Rig()
    again.channels = lambda: 1 / 0
    done = again.stop.begin()
    again.idle.callback(None)
    again.emptied.callback(None)
    assert done.called
    assert again.happened[-1] == "flush"
    assert logged == ["close the channels"]


def test_a_second_stop_is_the_first_one(rig: Rig) -> None:
    first, second = rig.stop.begin(), rig.stop.begin()
    rig.idle.callback(None)
    rig.emptied.callback(None)
    third = rig.stop.begin()
    assert first.called
    assert second.called
    assert third.called
    assert rig.happened.count("drain") == 1
