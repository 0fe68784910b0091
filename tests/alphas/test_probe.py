"""The health of alphas."""

import json

import pytest
from treq.testing import RequestTraversalAgent
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.web.resource import Resource

from otterd.alphas.health_page import PAGE_LIMIT, asks
from otterd.alphas.probe import Probe
from otterd.core.judge import Verdict
from otterd.core.operation import Answer, Rpc
from otterd.core.standing import Probed
from otterd.core.texts import DRAINING, NOT_READY
from otterd.errors import Lost, NotReached
from tests.fakes.memory import HANG, Delayed, FakeChannel

OWN = {"instance": "alpha", "status": "healthy", "max_assigned": 2**60 + 1}
WELL = (200, json.dumps([OWN]).encode())


class Asked:
    """Gives the page that the test sets."""

    def __init__(self, page=WELL):
        self.page = page
        self.count = 0

    def __call__(self):
        self.count += 1
        if isinstance(self.page, Exception):
            return fail(self.page)
        return self.page if isinstance(self.page, Deferred) else succeed(self.page)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def asked():
    return Asked()


@pytest.fixture
def channel(clock):
    return FakeChannel("a:9080", clock)


def made(asked, channel, clock, chance=0.5):
    return Probe(
        asked,
        lambda limit: channel.call(Rpc("CheckVersion", b""), limit),
        clock,
        lambda: 5,
        lambda: 2,
        lambda: chance,
    )


@pytest.fixture
def probe(clock, asked, channel):
    probe = made(asked, channel, clock)
    yield probe
    probe.stop()
    assert not clock.getDelayedCalls()


def test_nothing_is_known_before_the_first_answer(probe, asked):
    asked.page = Deferred()
    probe.start()
    assert (probe.health.status, probe.health.raw) == ("unknown", None)


def test_asks_at_once_and_then_at_each_interval(probe, asked, clock):
    probe.start()
    assert (probe.health.status, probe.health.raw) == ("healthy", OWN)
    clock.advance(4.9)
    assert asked.count == 1
    clock.advance(0.2)
    assert asked.count == 2


@pytest.mark.parametrize(("chance", "wait"), [(0, 4.5), (1, 5.5)])
def test_the_interval_varies_by_a_tenth(asked, channel, clock, chance, wait):
    probe = made(asked, channel, clock, chance)
    probe.start()
    assert clock.getDelayedCalls()[0].getTime() == wait
    probe.stop()


ERRORS = b'{"errors":[{"message":"%s","extensions":{"code":"Error"}}],"data":null}'
QUOTED = b"bad: " + DRAINING.encode()


@pytest.mark.parametrize(
    ("page", "verdict", "reason"),
    [
        (NotReached("refused"), Verdict.NOT_REACHED, "it could not be reached: refused"),
        ((503, DRAINING.encode()), Verdict.DRAINING, "it answered 503: the server is in draining mode and"),
        ((503, NOT_READY.encode() + b"\n"), Verdict.NOT_READY, "it answered 503: Please retry again"),
        ((503, QUOTED), Verdict.ERROR, "it answered 503: bad: the server is"),
        ((500, b"a\n b"), Verdict.ERROR, "it answered 500: a b"),
        ((200, ERRORS % DRAINING.encode()), Verdict.DRAINING, "it answered with an error: the server is"),
        ((200, ERRORS % QUOTED), Verdict.ERROR, "it answered with an error: bad: the server is"),
        ((200, b'{"errors":7}'), Verdict.ERROR, "it answered with an error: an error without words"),
        ((200, b"<html>"), Verdict.ERROR, "its /health is not that of an alpha"),
        ((200, b"[]"), Verdict.ERROR, "its /health is not that of an alpha"),
        ((200, b"[" * 100_000), Verdict.ERROR, "its /health is not that of an alpha"),
        ((200, b'[{"status":"unhealthy"}]'), Verdict.ERROR, "it calls itself unhealthy"),
        (OSError("x"), Verdict.LOST, "it broke off: OSError"),
    ],
)
def test_says_why_an_alpha_is_not_healthy_and_keeps_what_it_said_last(
    probe, asked, clock, page, verdict, reason
):
    probe.start()
    asked.page = page
    clock.advance(5)
    assert (probe.health.status, probe.health.raw) == ("unhealthy", OWN)
    assert probe.health.reason.startswith(reason)
    assert (probe.health.probed.verdict, probe.health.probed.good) == (verdict, False)
    assert probe.health.probed.reason == probe.health.reason
    assert probe.health.since == 5
    clock.advance(5)
    assert (probe.health.since, probe.health.seen) == (5, 10)
    asked.page = WELL
    clock.advance(5)
    assert (probe.health.status, probe.health.reason, probe.health.since) == ("healthy", "", 15)


@pytest.mark.parametrize(
    ("outcome", "verdict", "reason"),
    [
        (NotReached("refused"), Verdict.NOT_REACHED, "it could not be reached: refused"),
        (Lost("reset"), Verdict.LOST, "it could not be reached: reset"),
        (HANG, Verdict.TIMED_OUT, "it gave no answer within 2 s"),
        (Answer(2, message=DRAINING), Verdict.DRAINING, "it answered CheckVersion with code 2: the server"),
        (Answer(2, message=NOT_READY), Verdict.NOT_READY, "it answered CheckVersion with code 2: Please"),
        (Answer(2, message=f": {DRAINING}"), Verdict.ERROR, "it answered CheckVersion with code 2: : the"),
        (Answer(14, message=DRAINING), Verdict.ERROR, "it answered CheckVersion with code 14: the server"),
    ],
)
def test_grpc_must_be_well_too(probe, channel, clock, outcome, verdict, reason):
    channel.on("CheckVersion", outcome)
    probe.start()
    clock.advance(2)
    assert probe.health.status == "unhealthy"
    assert probe.health.probed.verdict is verdict
    assert probe.health.reason.startswith(reason)


def test_the_first_bad_answer_decides_and_the_other_is_not_waited_for(probe, asked, channel, clock):
    asked.page = (503, DRAINING.encode())
    channel.on("CheckVersion", HANG)
    probe.start()
    assert probe.health.probed.verdict is Verdict.DRAINING
    assert channel.calls[0].cancelled


def test_tells_the_ward_what_the_alpha_told(probe, asked, channel, clock):
    own = OWN | {"group": "3", "ongoing": ["opRollup", 7], "indexing": ["name"]}
    asked.page = (200, json.dumps([own]).encode())
    channel.on("CheckVersion", Delayed(0.25, Answer(0)))
    probe.start()
    clock.advance(0.25)
    assert probe.health.probed == Probed(
        max_assigned=2**60 + 1, group=3, ongoing=("opRollup",), indexing=("name",), seconds=0.25
    )


@pytest.mark.parametrize("odd", ["x", "", "-1", "1" * 9999, None, 1.5, ["a"]])
def test_odd_values_do_no_harm(probe, asked, odd):
    asked.page = (200, json.dumps([{"status": "healthy", "group": odd, "max_assigned": odd}]).encode())
    probe.start()
    assert probe.health.probed == Probed()


def test_what_dgraph_leaves_out_is_nought(probe, asked):
    asked.page = (200, b'[{"status":"healthy"}]')
    probe.start()
    assert probe.health.probed == Probed(max_assigned=0)


def test_an_alpha_that_does_not_answer_in_time_is_not_healthy(probe, asked, clock):
    asked.page = Deferred()
    probe.start()
    clock.advance(2)
    assert probe.health.reason == "it gave no answer within 2 s"


def test_a_stopped_probe_changes_nothing(probe, asked):
    asked.page = Deferred()
    probe.start()
    probe.stop()
    assert probe.health.status == "unknown"


class Says(Resource):
    """Answers /health with a page."""

    isLeaf = True  # noqa: N815

    def __init__(self, status, body):
        super().__init__()
        self.status, self.body = status, body

    def render_GET(self, request):
        assert request.path == b"/health"
        request.setResponseCode(self.status)
        return self.body


@pytest.mark.parametrize(("status", "body"), [(200, b"[]"), (503, b"draining"), (302, b"")])
def test_gets_the_page_over_http(status, body):
    agent = RequestTraversalAgent(Says(status, body))
    got = []
    asks(agent, "alpha1:8080")().addCallback(got.append)
    agent.flush()
    assert got == [(status, body)]


def test_an_endless_page_is_cut_off():
    agent = RequestTraversalAgent(Says(200, b"x" * (PAGE_LIMIT + 1)))
    got = []
    asks(agent, "alpha1:8080")().addErrback(got.append)
    agent.flush()
    assert got[0].value.reason == "an endless /health"
