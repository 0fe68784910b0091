"""Many moments, one timer."""

from twisted.internet.task import Clock

from otterd.gateway.alarm import GRAIN, Alarm


class Rig:
    def __init__(self) -> None:
        self.clock = Clock()
        self.alarm = Alarm(self.clock, self.clock)
        self.rang: list[str] = []

    def at(self, moment: float, name: str) -> None:
        self.alarm.at(moment, lambda: self.rang.append(name))


def test_rings_in_the_order_of_the_moments_and_never_before() -> None:
    rig = Rig()
    rig.at(2.0, "b")
    rig.at(1.0, "a")
    rig.at(3.0, "c")
    rig.clock.advance(1.0 - GRAIN)
    assert rig.rang == []
    rig.clock.advance(2 * GRAIN)
    assert rig.rang == ["a"]
    rig.clock.pump([0.5] * 5)
    assert rig.rang == ["a", "b", "c"]


def test_keeps_one_timer_and_none_when_nothing_is_left() -> None:
    rig = Rig()
    for moment in range(1, 50):
        rig.at(float(moment), "x")
    assert len(rig.clock.getDelayedCalls()) == 1
    rig.clock.pump([1.0] * 60)
    assert not rig.clock.getDelayedCalls()
    assert len(rig.rang) == 49


def test_an_earlier_moment_wakes_it_earlier() -> None:
    rig = Rig()
    rig.at(10.0, "late")
    rig.at(0.5, "soon")
    rig.clock.advance(0.6)
    assert rig.rang == ["soon"]
    assert len(rig.clock.getDelayedCalls()) == 1
    rig.alarm.stop()
    assert not rig.clock.getDelayedCalls()


def test_a_call_may_set_the_next() -> None:
    rig = Rig()

    def again() -> None:
        rig.rang.append("x")
        if len(rig.rang) < 3:
            rig.alarm.at(rig.clock.seconds() + 1, again)

    rig.alarm.at(1.0, again)
    rig.clock.pump([0.5] * 10)
    assert rig.rang == ["x"] * 3
    assert not rig.clock.getDelayedCalls()


def test_a_later_moment_that_is_set_while_it_rings_delays_no_other() -> None:
    rig = Rig()
    rig.alarm.at(1.0, lambda: rig.at(9.0, "late"))
    rig.at(2.0, "soon")
    rig.clock.pump([0.1] * 22)
    assert rig.rang == ["soon"]
    rig.clock.pump([0.5] * 20)
    assert rig.rang == ["soon", "late"]
    assert not rig.clock.getDelayedCalls()
