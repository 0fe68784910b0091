"""Large answers are compressed a slice a turn."""

import gzip

import pytest
from twisted.internet.task import Clock

from otterd.edges.http.packing import SLICE, Packed, packed

DATA = bytes(range(256)) * (SLICE // 100)


class Heard:
    """A sink that keeps what it is given."""

    def __init__(self):
        self.pieces, self.finished = [], False
        self.on_write = lambda: None

    def write(self, data):
        self.pieces.append(data)
        self.on_write()

    def finish(self):
        self.finished = True

    def fail(self, reason):
        raise AssertionError(reason)


def turn(clock):
    """Run what is due now, but not what that puts off to the next turn."""
    due, clock.calls = clock.calls, []
    for call in due:
        call.called = True
        call.func()


@pytest.fixture
def clock():
    clock = Clock()
    yield clock
    assert not clock.getDelayedCalls()


def test_what_fits_one_slice_is_compressed_at_once(clock):
    assert gzip.decompress(packed(DATA[:SLICE], clock)) == DATA[:SLICE]


def test_more_is_a_stream_of_one_slice_a_turn(clock):
    body, heard = packed(DATA, clock), Heard()
    assert isinstance(body, Packed)
    body.start(heard)
    assert not heard.pieces
    turns = 0
    while not heard.finished:
        turn(clock)
        turns += 1
        assert len(heard.pieces) == turns
    assert turns == -(-len(DATA) // SLICE) == 3
    assert gzip.decompress(b"".join(heard.pieces)) == DATA


def test_a_paused_stream_waits(clock):
    body, heard = Packed(DATA, clock), Heard()
    heard.on_write = body.pause
    body.start(heard)
    for _ in range(3):
        turn(clock)
        turn(clock)
        body.resume()
        body.resume()
    assert heard.finished
    assert gzip.decompress(b"".join(heard.pieces)) == DATA


@pytest.mark.parametrize("inside", [True, False])
def test_a_stopped_stream_is_silent(clock, inside):
    body, heard = Packed(DATA, clock), Heard()
    if inside:
        heard.on_write = body.stop
    body.start(heard)
    turn(clock)
    body.stop()
    body.stop()
    body.resume()
    turn(clock)
    assert len(heard.pieces) == 1
    assert not heard.finished
