"""What waits at an alpha, read from its `/metrics`."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from otterd.alphas.pending import LONGEST, LONGEST_LINE, OFF, Gauges, Pending
from otterd.core.operation import Answer
from otterd.errors import Lost, NotReached
from tests.fakes.memory import HANG, FakeBody, FakeHttpChannel

PAGE = b"""# HELP badger_write_pending_num_memtable Total number of pending writes
badger_write_pending_num_memtable{dir="p0"} 9
# HELP dgraph_pending_proposal_bytes Size of Raft pending proposal
dgraph_pending_proposal_bytes{group=""} 8
# TYPE dgraph_pending_proposals_total gauge
dgraph_pending_proposals_total 12
# TYPE dgraph_pending_queries_total counter
dgraph_pending_queries_total 345
other 1
"""


def read(*pieces, finish=True):
    """Return what is read from a page that comes in pieces: two numbers, or the reason why not."""
    gauges, got = Gauges(), []
    gauges.done.addCallbacks(got.append, lambda failure: got.append(failure.value.reason))
    for piece in pieces:
        gauges.write(piece)
    if finish:
        gauges.finish()
    else:
        gauges.fail("it broke")
    return got[0]


def test_reads_the_two_gauges_alone():
    assert read(PAGE) == (345, 12)


@given(st.lists(st.integers(0, len(PAGE)), max_size=20))
def test_it_does_not_matter_where_the_page_is_cut(cuts):
    ends = sorted({0, len(PAGE), *cuts})
    assert read(*(PAGE[a:b] for a, b in pairwise(ends))) == (345, 12)


def test_the_last_line_needs_no_end():
    assert read(b"dgraph_pending_proposals_total 1\ndgraph_pending_queries_total 2") == (2, 1)


def test_labels_are_added_up():
    page = b'dgraph_pending_queries_total{a="x"} 1\ndgraph_pending_queries_total{a="y"} 2\n'
    assert read(page + b"dgraph_pending_proposals_total 1e+1\n") == (3, 10)


@pytest.mark.parametrize(
    "page",
    [
        b"",
        b"<html>",
        b"dgraph_pending_queries_total 1\n",
        b"dgraph_pending_queries_total 1\ndgraph_pending_proposals_total 1e999\n",
        b"dgraph_pending_queries_total 1\ndgraph_pending_proposals_total ..\n",
        b"dgraph_pending_queries_total 1\ndgraph_pending_proposals_total NaN\n",
    ],
)
def test_a_page_that_does_not_tell_is_none(page):
    assert str(read(page)).startswith("it tells no number") or read(page) == "it does not tell"


def test_no_more_than_a_bound_is_read():
    assert read(b"x" * (LONGEST_LINE + 1)) == "it is too long"
    assert read(*[b"x\n" * 1000] * (LONGEST // 2000 + 1)) == "it is too long"


def test_a_page_that_breaks_off_tells_nothing():
    assert read(PAGE, finish=False) == "it broke"


class Stage:
    """One alpha that is asked for its load."""

    def __init__(self):
        self.clock = Clock()
        self.http = FakeHttpChannel("a:8080", self.clock)
        self.told = []
        self.wanted = True
        self.pending = Pending(
            self.http,
            self.clock,
            lambda: 5,
            lambda: 2,
            lambda: self.wanted,
            lambda queries, proposals: self.told.append((queries, proposals)),
        )


@pytest.fixture
def stage():
    stage = Stage()
    yield stage
    stage.pending.stop()
    assert not stage.clock.getDelayedCalls()


def test_asks_at_once_and_then_at_each_interval(stage):
    stage.http.on("/metrics", lambda _: Answer(200, FakeBody(PAGE[:100], PAGE[100:])))
    stage.pending.start()
    assert stage.told == [(345, 12)]
    stage.clock.advance(5)
    assert stage.told == [(345, 12)] * 2
    assert stage.http.calls[0].request.headers == ((b"Host", b"a:8080"),)


def test_does_not_ask_while_nobody_wants_to_know(stage):
    stage.wanted = False
    stage.pending.start()
    stage.clock.advance(5)
    assert not stage.http.calls
    stage.wanted = True
    stage.clock.advance(5)
    assert len(stage.http.calls) == 1


@pytest.mark.parametrize(
    "outcome",
    [
        NotReached("refused"),
        Lost("reset"),
        HANG,
        lambda _: Answer(404, FakeBody(b"404 page not found")),
        lambda _: Answer(200, FakeBody(PAGE, fail="broke")),
        lambda _: Answer(200, FakeBody(PAGE, manual=True)),
    ],
)
def test_one_that_cannot_tell_is_left_alone_for_longer_and_longer(stage, outcome):
    stage.http.on("/metrics", outcome)
    stage.pending.start()
    for _ in range(600):
        stage.clock.advance(1)
    assert stage.told == []
    assert 10 <= len(stage.http.calls) <= 600 / OFF + 5
    stage.http.on("/metrics", lambda _: Answer(200, FakeBody(PAGE)))
    stage.clock.advance(OFF)
    assert stage.told == [(345, 12)]
    stage.clock.advance(5)
    assert len(stage.told) == 2


def test_a_stopped_one_asks_no_more(stage):
    stage.http.on("/metrics", HANG)
    stage.pending.start()
    stage.pending.stop()
    stage.clock.advance(100)
    assert len(stage.http.calls) == 1
    assert stage.told == []
