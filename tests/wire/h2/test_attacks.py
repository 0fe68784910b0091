"""Each known attack, with the frames it takes to be stopped and what it can make us hold or do."""

import sys
from collections.abc import Iterator

import pytest

from otterd.wire.h2 import Broken, Code, Limits
from otterd.wire.h2.decode import Memo
from otterd.wire.h2.encode import literal
from otterd.wire.h2.frames import rst_stream, settings, window_update
from otterd.wire.h2.limits import Meter
from tests.wire.h2.peers import ASK, HEADED, TRAILED, Echo, Heard, Pair, frame, frames

SMALL = Limits(
    resets=(10, 20),
    provoked_resets=(10, 20),
    pings=(10, 20),
    settings=(10, 20),
    empty_data=(10, 20),
    window_updates=(10, 20),
    strange_frames=(10, 20),
    header_block_bytes=20_000,
    continuation_frames=4,
)


def streams(said: bytes = b"", flags: int = 5, head: bytes = ASK) -> Iterator[bytes]:
    """Yield the opening of one stream after the other, and `said` of each."""
    for number in range(1, 1 << 20, 2):
        yield frame(1, flags, number, head) + (rst_stream(number, 8) if said == b"reset" else said)


def forever(said: bytes) -> Iterator[bytes]:
    while True:
        yield said


ATTACKS: dict[str, tuple[bytes, Iterator[bytes]]] = {
    "rapid reset": (b"", streams(b"reset", flags=4)),
    "resets that we send": (b"", streams(head=TRAILED)),
    "pings": (b"", forever(frame(6, 0, 0, bytes(8)))),
    "pings answered": (b"", forever(frame(6, 1, 0, bytes(8)))),
    "settings": (b"", forever(settings({4: 5}))),
    "empty DATA": (frame(1, 4, 1, ASK), forever(frame(0, 0, 1))),
    "DATA of padding": (frame(1, 4, 1, ASK), forever(frame(0, 8, 1, b"\3\0\0\0"))),
    "window updates": (frame(1, 4, 1, ASK), forever(window_update(1, 1))),
    "window updates of the connection": (b"", forever(window_update(0, 1))),
    "window updates of the dead": (frame(1, 4, 1, ASK) + rst_stream(1, 8), forever(window_update(1, 1))),
    "priorities": (b"", forever(frame(2, 0, 1, bytes(5)))),
    "unknown frames": (b"", forever(frame(200, 0, 0, b"what"))),
    "CONTINUATION without end": (frame(1, 0, 1, ASK), forever(frame(9, 0, 1, b"a" * 9_000))),
    "empty CONTINUATION": (frame(1, 0, 1, ASK), forever(frame(9, 0, 1))),
    "empty DATA on the dead": (frame(1, 5, 1, ASK), forever(frame(0, 1, 1))),
    "HEADERS on the dead": (frame(1, 4, 1, TRAILED), forever(frame(1, 5, 1, ASK))),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_ends_the_connection_after_few_frames(name: str) -> None:
    first, more = ATTACKS[name]
    pair = Pair(Heard if name != "empty DATA on the dead" else Echo, theirs=SMALL)
    pair.server.receive(first, 0.0)
    frames = 0
    for frames, said in enumerate(more):
        pair.server.receive(said, 0.0)
        pair.server.data_to_send()
        if pair.server.over or frames > 100:
            break
    assert frames <= 22
    assert pair.owner.closes[0] is not None
    assert pair.owner.closes[0].code is Code.ENHANCE_YOUR_CALM
    assert not pair.server.streams
    assert len(pair.owner.accepted) <= 23


@pytest.mark.parametrize("name", ["pings", "settings", "priorities", "unknown frames"])
def test_what_is_an_attack_at_once_is_none_in_time(name: str) -> None:
    said = {
        "pings": frame(6, 0, 0, bytes(8)),
        "settings": settings({}),
        "priorities": frame(2, 0, 1, bytes(5)),
        "unknown frames": frame(200, 0, 0),
    }[name]
    pair = Pair(theirs=SMALL)
    for number in range(500):
        pair.server.receive(said, number / 9)
        pair.server.data_to_send()
    assert not pair.owner.closes


def test_one_reset_in_ten_calls_is_no_attack() -> None:
    pair = Pair(Echo, theirs=SMALL)
    for number in range(1_000):
        call = pair.ask(b"q", end=bool(number % 12))
        if not number % 12:
            assert call.stream is not None
            pair.client.reset(call.stream)
        pair.talk()
    assert not pair.owner.closes


def test_many_deadlines_that_pass_at_once_are_no_attack() -> None:
    pair = Pair(Heard, theirs=SMALL)
    for turn in range(10):
        calls = [pair.ask(b"q") for _ in range(100)]
        pair.talk()
        pair.server.tick(turn)
        pair.server.tick(turn + 0.5)
        for call in calls:
            assert call.stream is not None
            pair.client.reset(call.stream)
        pair.talk(turn + 0.5)
    assert not pair.owner.closes
    assert not pair.server.streams


def test_resets_of_what_is_gone_are_an_attack_however_old_it_was() -> None:
    pair = Pair(Echo, theirs=SMALL)
    pair.ask(b"q")
    pair.talk()
    pair.server.tick(1.0)
    pair.server.tick(2.0)
    for _ in range(22):
        pair.server.receive(rst_stream(1, 8), 2.0)
    assert pair.owner.closes[0] is not None
    assert pair.owner.closes[0].code is Code.ENHANCE_YOUR_CALM


def test_window_updates_with_each_call_are_no_attack() -> None:
    pair = Pair(Echo, theirs=SMALL)
    for _ in range(500):
        call = pair.ask(b"q")
        pair.talk()
        assert call.stream is not None
        pair.server.receive(window_update(call.stream.number, 5) + window_update(0, 5), 0.0)
    assert not pair.owner.closes


BDP = frame(6, 0, 0, b"\2\4\x10\x10\t\x0e\7\7")
"""The PING by which Go's gRPC, on either side, measures the way: one for each DATA that it gets."""


def test_an_alpha_that_pings_for_each_request_is_none() -> None:
    pair = Pair(Echo, ours=SMALL)
    for _ in range(500):
        pair.ask(b"q")
        pair.talk()
        pair.client.receive(BDP, 0.0)
    assert not pair.asker.closes


def test_a_caller_that_pings_for_each_answer_is_none() -> None:
    pair = Pair(Echo, theirs=SMALL)
    for _ in range(500):
        pair.ask(b"q")
        pair.talk()
        pair.server.receive(BDP, 0.0)
    assert not pair.owner.closes


@pytest.mark.parametrize("piece", [100, 100_000])
def test_a_caller_that_pings_for_each_frame_of_a_long_answer_is_none(piece: int) -> None:
    pair = Pair(Heard, theirs=SMALL)
    pair.ask(b"q")
    pair.talk()
    stream = pair.owner.accepted[0].stream
    assert stream is not None
    pair.server.head(stream, HEADED)
    pings = 0
    for _ in range(100):
        pair.server.send(stream, bytes(piece))
        for kind, *_ in frames(pair.server.data_to_send()):
            if kind == 0:
                pair.server.receive(BDP + window_update(0, 16_384) + window_update(1, 16_384), 0.0)
                pings += 1
    assert pings >= 100
    assert not pair.owner.closes


def test_pings_that_no_data_asks_for_are_an_attack_whatever_was_sent_before() -> None:
    pair = Pair(Echo, ours=SMALL)
    for _ in range(500):
        pair.ask(b"q")
        pair.talk()
    for _ in range(22):
        pair.client.receive(BDP, 0.0)
    assert pair.asker.closes[0] is not None
    assert pair.asker.closes[0].code is Code.ENHANCE_YOUR_CALM


def crossings(pair: Pair) -> Iterator[bytes]:
    """Yield answers that were under way when this side cancelled their calls, many at once."""
    calls = [pair.ask(b"q") for _ in range(100)]
    pair.server.receive(pair.client.data_to_send(), 0.0)
    for call in calls:
        assert call.stream is not None
        pair.client.reset(call.stream)
    pair.client.data_to_send()
    for call in calls:
        assert call.stream is not None
        yield frame(1, 4, call.stream.number, HEADED)
        yield frame(0, 0, call.stream.number, b"an answer")
        yield frame(1, 5, call.stream.number, TRAILED)


def test_answers_that_cross_the_end_of_their_calls_are_no_mistakes() -> None:
    pair = Pair(Heard, ours=SMALL)
    for said in crossings(pair):
        pair.client.receive(said, 0.0)
    assert not pair.asker.closes
    assert not pair.client.data_to_send()


def test_more_heads_than_an_answer_has_are_mistakes() -> None:
    pair = Pair(Heard, ours=SMALL)
    for said in crossings(pair):
        for _ in range(2):
            pair.client.receive(said, 0.0)
    assert pair.asker.closes[0] is not None
    assert pair.asker.closes[0].code is Code.ENHANCE_YOUR_CALM


def test_a_peer_that_asks_and_never_reads_is_cut_off() -> None:
    pair = Pair(theirs=Limits(queued_frames=100, pings=(1e9, 1 << 30)))
    for _ in range(200):
        pair.server.receive(frame(6, 0, 0, bytes(8)), 0.0)
    assert pair.owner.closes[0] is not None
    assert len(pair.server.data_to_send()) < 110 * 17


def test_a_continuation_flood_holds_no_more_than_its_bound() -> None:
    pair = Pair(theirs=SMALL)
    pair.server.receive(frame(1, 0, 1, b"a" * 16_000), 0.0)
    pair.server.receive(frame(9, 0, 1, b"a" * 3_999), 0.0)
    assert not pair.server.over
    pair.server.receive(frame(9, 0, 1, b"aa"), 0.0)
    assert pair.server.over


def test_a_bomb_of_headers_costs_no_more_fields_than_are_allowed() -> None:
    pair = Pair(Heard)
    memo = pair.server._decoder._memo = Memo()
    bomb = b"".join(literal(b"a%d" % n, b"", never=False) for n in range(2_000))
    pair.server.receive(frame(1, 5, 1, ASK + bomb), 0.0)
    assert not pair.owner.accepted
    assert len(memo.fields) <= pair.server.limits.header_fields + 3 < Memo.MOST_FIELDS
    assert rst_stream(1, Code.ENHANCE_YOUR_CALM) in pair.server.data_to_send()
    call = pair.ask(b"q")
    pair.client._newest = 3
    assert call.stream is not None


def test_an_open_stream_without_window_holds_only_what_may_wait() -> None:
    pair = Pair(Heard, theirs=Limits(queued_bytes=1_000_000, queued_stream_bytes=50_000))
    pair.server.receive(settings({4: 0}), 0.0)
    held = 0
    for number in range(1, 200, 2):
        pair.server.receive(frame(1, 5, number, ASK), 1.0)
        stream = pair.owner.accepted[-1].stream
        assert stream is not None
        pair.server.head(stream, HEADED)
        try:
            pair.server.send(stream, bytes(40_000))
        except Exception:
            pair.server.reset(stream)
        held = max(held, pair.server.queued)
    assert held <= 1_040_000
    assert len(list(pair.server.stalled(1.0))) * 40_000 == pair.server.queued


def test_small_pieces_of_a_large_frame_are_not_copied_again_and_again() -> None:
    pair = Pair(Heard)
    said = frame(1, 4, 1, ASK) + frame(0, 0, 1, bytes(16_384))
    for at in range(len(said) - 1):
        pair.server.receive(said[at : at + 1], 0.0)
    assert len(pair.server._parts) > 16_000
    pair.server.receive(said[-1:], 0.0)
    assert pair.owner.accepted[0].body == bytes(16_384)
    assert not pair.server._parts


def test_closed_streams_leave_nothing_behind() -> None:
    pair = Pair(Echo)
    for _ in range(100):
        pair.ask(b"q")
        pair.talk()
    before = sys.getsizeof(pair.server._ended._blocks), len(pair.server._skipped), len(pair.server._blocked)
    for _ in range(900):
        pair.ask(b"q")
        pair.talk()
        pair.owner.accepted.clear()
        pair.owner.requests.clear()
    assert (
        sys.getsizeof(pair.server._ended._blocks),
        len(pair.server._skipped),
        len(pair.server._blocked),
    ) == before
    assert not pair.server.streams
    assert not pair.client.streams


def test_skipped_and_reset_numbers_are_remembered_in_bounds() -> None:
    pair = Pair(Heard, theirs=Limits(remembered_resets=8, resets=(1e9, 1 << 30)))
    for number in range(1, 4_000, 6):
        pair.server.receive(frame(1, 4, number, ASK), 0.0)
        stream = pair.owner.accepted[-1].stream
        assert stream is not None
        pair.server.reset(stream)
    assert len(pair.server._ended) <= 8
    assert len(pair.server._skipped) <= 17


def test_a_meter_lets_through_its_burst_and_then_its_rate() -> None:
    meter = Meter((2, 3))
    assert [meter.over(0.0) for _ in range(4)] == [False, False, False, True]
    meter = Meter((2, 3))
    assert not any(meter.over(second / 2) for second in range(100))
    assert not meter.over(0.0)


def test_a_clock_that_goes_back_gives_no_credit() -> None:
    meter = Meter((1, 1))
    assert not meter.over(100.0)
    assert meter.over(50.0)


def test_what_is_said_of_a_broken_connection_is_short() -> None:
    assert str(Broken(Code.PROTOCOL_ERROR, "words")) == "PROTOCOL_ERROR: words"
