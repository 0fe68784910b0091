"""The health of alphas."""

import json

import pytest
from treq.testing import RequestTraversalAgent
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.web.resource import Resource

from otterd.alphas.probe import PAGE_LIMIT, Probe, asks
from otterd.errors import NotReached

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
def probe(clock, asked):
    probe = Probe(asked, clock, 5, lambda: 2, lambda: 0.5)
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
def test_the_interval_varies_by_a_tenth(asked, clock, chance, wait):
    probe = Probe(asked, clock, 5, lambda: 2, lambda: chance)
    probe.start()
    assert clock.getDelayedCalls()[0].getTime() == wait
    probe.stop()


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (NotReached("Connection refused"), "it could not be reached: Connection refused"),
        ((503, b"the server is in\n draining mode"), "it answered 503: the server is in draining mode"),
        ((200, b"<html>"), "its /health is not that of an alpha"),
        ((200, b"[]"), "its /health is not that of an alpha"),
        ((200, b'[{"status":"unhealthy"}]'), "it calls itself unhealthy"),
        (OSError("x"), "it broke off: OSError"),
    ],
)
def test_says_why_an_alpha_is_not_healthy_and_keeps_what_it_said_last(probe, asked, clock, page, reason):
    probe.start()
    asked.page = page
    clock.advance(5)
    assert (probe.health.status, probe.health.reason, probe.health.raw) == ("unhealthy", reason, OWN)
    assert probe.health.since == 5
    clock.advance(5)
    assert (probe.health.since, probe.health.seen) == (5, 10)
    asked.page = WELL
    clock.advance(5)
    assert (probe.health.status, probe.health.reason, probe.health.since) == ("healthy", "", 15)


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
