"""Asking the corridor without a Deferred: what an ear is told, once, and what giving up means."""

import gc
import weakref
from types import SimpleNamespace

import pytest
from twisted.internet.defer import CancelledError
from twisted.python.failure import Failure

from otterd.core.operation import Answer, Purpose
from otterd.errors import Forbidden, Lost, OutcomeUnknown
from otterd.gateway import passage
from tests.fakes.memory import Delayed
from tests.gateway.rig import FINE, Rig, operation


class Listener:
    """Notes each answer's status, or why there is none, and raises when it is `cross`."""

    def __init__(self, *, cross: bool = False) -> None:
        self.told: list[int | BaseException] = []
        self._cross = cross

    def callback(self, result: Answer) -> None:
        self.told.append(result.status)
        if self._cross:
            raise ValueError("no answer will do")

    def errback(self, fail: Failure) -> None:
        assert fail.value is not None
        self.told.append(fail.value)


def outcome(rig: Rig, of_all: object) -> None:
    """Let calls to any alpha end so."""
    for alpha in rig.alphas.values():
        alpha.channel.on("Query", of_all)


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_an_ear_is_told_the_answer_before_or_after_the_asking_returns(rig: Rig) -> None:
    early, late = Listener(), Listener()
    rig.gateway.ask(operation(), early)
    assert early.told == [0]
    outcome(rig, Delayed(1, FINE))
    asked = rig.gateway.ask(operation(), late)
    assert late.told == []
    rig.clock.advance(1)
    assert late.told == [0]
    asked.cancel()
    assert late.told == [0]
    assert rig.gateway.in_flight == 0


def test_an_ear_is_told_of_a_failure_and_a_refusal(rig: Rig) -> None:
    outcome(rig, Lost("broken"))
    failed, refused = Listener(), Listener()
    rig.gateway.ask(operation(Purpose.MUTATION), failed)
    assert [type(each) for each in failed.told] == [OutcomeUnknown]
    rig.guard.error = Forbidden("not you")
    sent = operation()
    rig.gateway.ask(sent, refused).cancel()
    assert refused.told == [rig.guard.error]
    assert sent.entry.verdict == "ErrorForbidden"


@pytest.mark.parametrize("purpose", [Purpose.QUERY, Purpose.MUTATION])
def test_giving_up_is_told_once_and_ends_reads_only(rig: Rig, purpose: Purpose) -> None:
    outcome(rig, Delayed(3, FINE))
    ear = Listener()
    asked = rig.gateway.ask(operation(purpose), ear)
    asked.cancel()
    asked.cancel()
    assert [type(each) for each in ear.told] == [CancelledError]
    (call,) = [call for alpha in rig.alphas.values() for call in alpha.channel.calls]
    assert call.cancelled is (purpose is Purpose.QUERY)
    rig.clock.advance(3)
    assert len(ear.told) == 1
    assert rig.gateway.in_flight == 0


def test_what_an_ear_raises_is_logged_and_counts_for_nothing(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(passage, "log", SimpleNamespace(failure=lambda text, **_: said.append(text)))
    ear, sent = Listener(cross=True), operation()
    rig.gateway.ask(sent, ear)
    assert (ear.told, sent.entry.verdict, rig.gateway.in_flight) == ([0], "fine", 0)
    assert said == ["who asked for a {purpose} could not take its end"]


def test_an_ear_is_let_go_of_at_the_end(rig: Rig) -> None:
    outcome(rig, Delayed(1, FINE))
    gone, ended = Listener(), Listener()
    left = [weakref.ref(gone), weakref.ref(ended)]
    asked = [rig.gateway.ask(operation(), gone), rig.gateway.ask(operation(), ended)]
    asked[0].cancel()
    rig.clock.advance(1)
    gc.disable()
    try:
        del gone, ended
        assert [each() for each in left] == [None, None]
    finally:
        gc.enable()
