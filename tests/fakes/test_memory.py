"""The fakes themselves."""

from twisted.internet.task import Clock

from otterd.core.operation import Answer, HttpCall, Rpc
from otterd.errors import Lost, NotReached, TimedOut
from tests.fakes.alpha import HANG, Collector, Delayed, FakeBody, FakeChannel, FakeHttpChannel


def test_plays_its_script_and_keeps_the_last_outcome():
    channel = FakeChannel()
    channel.on("Query", NotReached("refused"), Answer(0, b"x"))
    first, second, third = [], [], []
    channel.call(Rpc("Query", b""), 1).addErrback(first.append)
    channel.call(Rpc("Query", b""), 1).addCallback(second.append)
    channel.call(Rpc("Query", b""), 1).addCallback(third.append)
    assert first[0].check(NotReached)
    assert second[0].body == third[0].body == b"x"
    assert second[0].alpha == "alpha1:9080"


def test_a_hanging_call_times_out_by_the_clock():
    clock = Clock()
    channel = FakeChannel(clock=clock)
    channel.on("Query", HANG)
    got = []
    channel.call(Rpc("Query", b""), 5).addErrback(got.append)
    clock.advance(5)
    assert got[0].check(TimedOut)
    assert not clock.getDelayedCalls()


def test_a_delayed_outcome_comes_by_the_clock():
    clock = Clock()
    channel = FakeHttpChannel(clock=clock)
    channel.on("/state", Delayed(2, Answer(200, b"ok")))
    got = []
    channel.send(HttpCall(b"GET", b"/state?x", ()), 5).addCallback(got.append)
    clock.advance(1)
    assert not got
    clock.advance(1)
    assert got[0].body == b"ok"


def test_closing_loses_what_hangs():
    channel = FakeChannel()
    channel.on("Query", HANG)
    got = []
    channel.call(Rpc("Query", b""), 5).addErrback(got.append)
    channel.close()
    assert got[0].check(Lost)


def test_a_body_waits_while_paused():
    body = FakeBody(b"a", b"b")
    sink = Collector()
    body.pause()
    body.start(sink)
    assert not sink.data
    body.resume()
    assert (sink.data, sink.finished) == (b"ab", True)
