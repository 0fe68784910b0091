"""Windows both ways: what may be sent, what waits, what is given back, and who is slow."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otterd.wire.h2 import ClientConnection, Code, Limits, QueueFull, Stream
from otterd.wire.h2.frames import window_update
from tests.wire.h2.peers import ASK, HEADED, TRAILED, Echo, Heard, Pair, frame, frames


@dataclass
class Lazy(Heard):
    """A receiver that consumes nothing."""

    eager: bool = False


def answer(pair: Pair, data: bytes, number: int = 0) -> Stream:
    """Let the server answer a request with `data`."""
    stream = pair.owner.accepted[number].stream
    assert stream is not None
    pair.server.answer(stream, HEADED, data, TRAILED)
    return stream


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 60_000), st.booleans()), max_size=12),
    st.integers(5_000, 100_000),
    st.integers(30_000, 200_000),
)
def test_no_byte_is_lost_doubled_or_sent_without_a_window(
    steps: list[tuple[int, int, bool]], window: int, whole: int
) -> None:
    limits = Limits(stream_window=window, connection_window=max(window, whole))
    pair = Pair(Heard, ours=limits)
    calls = [pair.ask(b"q", eager=False) for _ in range(3)]
    pair.talk()
    streams = [served.stream for served in pair.owner.accepted]
    sent = [0, 0, 0]
    for stream in streams:
        assert stream is not None
        pair.server.head(stream, HEADED)
    for which, size, consume in steps:
        stream, call = streams[which], calls[which]
        assert stream is not None
        assert call.stream is not None
        pair.server.send(stream, bytes([which]) * size)
        sent[which] += size
        pair.talk()
        held = [each.stream.got - each.stream.returned for each in calls if each.stream]
        assert max(held) <= max(window, 65_535)
        assert sum(held) <= max(window, whole, 65_535)
        if consume:
            pair.client.consumed(call.stream, size)
            pair.talk()
    for which, call in enumerate(calls):
        while len(call.body) < sent[which]:
            before = sum(len(each.body) for each in calls)
            for each in calls:
                assert each.stream is not None
                pair.client.consumed(each.stream, 1 << 30)
            pair.talk()
            assert sum(len(each.body) for each in calls) > before
        assert call.body == bytes([which]) * sent[which]
    assert pair.server.queued == 0
    assert not pair.asker.closes


def test_a_window_is_refilled_when_half_of_it_was_consumed_and_not_before() -> None:
    pair = Pair(Heard, ours=Limits(stream_window=100_000, connection_window=200_000))
    call = pair.ask(b"q", eager=False)
    pair.talk()
    answer(pair, b"a" * 150_000)
    pair.talk()
    assert len(call.body) == 100_000
    assert call.stream is not None
    pair.client.consumed(call.stream, 49_999)
    assert pair.client.data_to_send() == b""
    pair.client.consumed(call.stream, 1)
    assert pair.client.data_to_send() == window_update(1, 50_000)
    pair.client.consumed(call.stream, 40_000)
    assert pair.client.data_to_send() == b""


class Taking(Heard):
    """A receiver that says with each piece that it was consumed, and may reset its stream meanwhile."""

    resets = False

    def data(self, data: bytes) -> bool:
        self.parts.append(data)
        if self.resets and self.stream is not None:
            assert isinstance(self.link, ClientConnection)
            self.link.reset(self.stream)
        return True


def taken(pair: Pair, *, resets: bool = False) -> Taking:
    """Send a request whose answer is taken at once."""
    call = Taking(pair.client)
    call.resets = resets
    call.stream = pair.client.request(ASK, call, b"q")
    pair.talk()
    return call


def test_what_is_taken_at_once_is_given_back_when_it_is_half_a_window() -> None:
    pair = Pair(Heard, ours=Limits(stream_window=100_000, connection_window=200_000))
    call = taken(pair)
    stream = pair.owner.accepted[0].stream
    assert stream is not None
    pair.server.head(stream, HEADED)
    said = []
    for size in (49_999, 1, 49_999, 1, 30_000):
        pair.server.send(stream, bytes(size))
        pair.client.receive(pair.server.data_to_send(), 0.0)
        said.append(pair.client.data_to_send())
        pair.server.receive(said[-1], 0.0)
    both = window_update(1, 50_000) + window_update(0, 100_000)
    assert said == [b"", window_update(1, 50_000), b"", both, b""]
    assert len(call.body) == 130_000


def test_many_short_answers_that_are_taken_at_once_never_use_a_window_up() -> None:
    pair = Pair(Heard, ours=Limits(stream_window=100_000, connection_window=100_000))
    for number in range(40):
        call = taken(pair)
        answer(pair, bytes(10_000), number)
        pair.talk()
        assert (len(call.body), len(call.trailers)) == (10_000, 1)


def test_what_a_receiver_takes_of_a_stream_that_it_resets_is_given_back_once() -> None:
    pair = Pair(Heard, ours=Limits(stream_window=100_000, connection_window=100_000))
    for number in range(40):
        call = taken(pair, resets=True)
        answer(pair, bytes(10_000), number)
        pair.talk()
        assert len(call.body) == 10_000
    assert pair.client._returned == pair.client._got == 400_000


def test_nothing_is_returned_that_was_not_got() -> None:
    pair = Pair()
    call = pair.ask(b"q", eager=False)
    pair.talk()
    assert call.stream is not None
    pair.client.consumed(call.stream, 1 << 40)
    assert pair.client._returned == 1
    assert pair.client.data_to_send() == b""


def test_what_a_lost_stream_held_goes_back_to_the_connection() -> None:
    pair = Pair(Heard, ours=Limits(stream_window=100_000, connection_window=120_000))
    for number in range(20):
        call = pair.ask(b"q", eager=False)
        pair.talk()
        answer(pair, b"a" * 100_000, number)
        pair.talk()
        assert call.stream is not None
        assert len(call.body) == 100_000
        if number % 2:
            pair.client.reset(call.stream)
        pair.client.consumed(call.stream, 100_000)
        pair.talk()
    assert pair.client._returned == pair.client._got


@pytest.mark.parametrize("by", ["the peer", "us", "a mistake"])
def test_what_an_unfinished_stream_held_goes_back_when_it_is_ended(by: str) -> None:
    pair = Pair(Lazy, theirs=Limits(stream_window=100_000, connection_window=120_000))
    for _ in range(5):
        call = pair.ask(b"a" * 90_000, end=False)
        pair.talk()
        served = pair.owner.accepted[-1]
        assert len(served.body) == 90_000
        assert call.stream is not None
        assert served.stream is not None
        if by == "the peer":
            pair.client.reset(call.stream)
        elif by == "us":
            pair.server.reset(served.stream)
        else:
            pair.server.receive(frame(1, 4, call.stream.number, TRAILED), 0.0)
        pair.talk()
        assert pair.server._returned == pair.server._got
        pair.server.consumed(served.stream, 90_000)
        assert pair.server._returned == pair.server._got


def test_streams_share_the_connections_window_by_turns() -> None:
    pair = Pair(Heard, ours=Limits(stream_window=1 << 20, connection_window=300_000))
    calls = [pair.ask(b"q", eager=False) for _ in range(3)]
    pair.talk()
    for number in range(3):
        answer(pair, b"a" * 200_000, number)
    pair.talk()
    assert not pair.asker.closes
    pair.client.consumed(calls[0].stream, 1 << 30)  # type: ignore[arg-type]
    for _ in range(10):
        for call in calls:
            pair.client.consumed(call.stream, 1 << 30)  # type: ignore[arg-type]
        pair.talk()
    assert [len(call.body) for call in calls] == [200_000] * 3
    assert all(call.trailers for call in calls)


def test_trailers_wait_for_the_data_before_them() -> None:
    pair = Pair(Heard, ours=Limits(stream_window=70_000))
    call = pair.ask(b"q", eager=False)
    pair.talk()
    answer(pair, b"a" * 100_000)
    pair.talk()
    assert len(call.body) == 70_000
    assert not call.trailers
    assert pair.owner.accepted[0].drains == 0
    pair.client.consumed(call.stream, 70_000)  # type: ignore[arg-type]
    pair.talk()
    assert len(call.body) == 100_000
    assert call.trailers
    assert pair.owner.accepted[0].drains == 1


def test_data_waits_while_the_transport_is_held_and_control_frames_do_not() -> None:
    pair = Pair()
    pair.server.hold()
    call = pair.ask(b"q" * 10)
    pair.client.ping(b"12345678")
    pair.talk()
    assert call.heads
    assert not call.parts
    assert pair.asker.pongs == [b"12345678"]
    pair.server.release()
    pair.talk()
    assert call.body == b"q" * 10
    assert call.trailers


def test_slow_readers_are_named_and_their_time_starts_anew_when_they_read() -> None:
    pair = Pair(Heard, ours=Limits(stream_window=70_000))
    slow, quick = pair.ask(b"q", eager=False), pair.ask(b"q")
    pair.talk(now=1.0)
    answer(pair, b"a" * 300_000, 0)
    answer(pair, b"a" * 300_000, 1)
    pair.talk(now=2.0)
    assert quick.trailers
    assert [stream.number for stream in pair.server.stalled(2.0)] == [1]
    assert not list(pair.server.stalled(0.5))
    pair.client.consumed(slow.stream, 70_000)  # type: ignore[arg-type]
    pair.talk(now=9.0)
    assert not list(pair.server.stalled(8.0))
    (stream,) = pair.server.stalled(9.0)
    pair.server.reset(stream, Code.CANCEL)
    pair.talk(now=9.0)
    assert slow.losses
    assert pair.server.queued == 0
    assert not list(pair.server.stalled(99.0))


def test_a_smaller_first_window_may_make_a_window_negative() -> None:
    pair = Pair(Heard)
    call = pair.ask(b"q")
    pair.talk()
    stream = pair.owner.accepted[0].stream
    assert stream is not None
    pair.server.head(stream, HEADED)
    pair.server.send(stream, b"a" * 1_000)
    pair.talk()
    pair.client.announce({4: 500})
    pair.talk()
    assert stream.window < 0
    assert not pair.server.send(stream, b"b" * 10)
    pair.client.announce({4: 5_000})
    pair.talk()
    assert call.body == b"a" * 1_000 + b"b" * 10


def test_a_changed_window_of_ours_holds_for_open_streams() -> None:
    pair = Pair(Heard, ours=Limits(stream_window=80_000))
    call = pair.ask(b"q", eager=False)
    pair.talk()
    pair.client.announce({4: 90_000})
    pair.talk()
    answer(pair, b"a" * 200_000)
    pair.talk()
    assert len(call.body) == 90_000
    pair.client.announce({4: 10_000})
    pair.talk()
    pair.client.consumed(call.stream, 1 << 30)  # type: ignore[arg-type]
    pair.talk()
    assert not pair.asker.closes
    assert not call.losses
    assert len(call.body) <= 100_000


def test_a_window_made_smaller_is_held_to_on_open_streams_once_acknowledged() -> None:
    pair = Pair(Lazy)
    call = pair.ask(b"a" * 500, end=False)
    pair.talk()
    assert call.stream is not None
    pair.server.announce({4: 1_000})
    pair.server.receive(frame(0, 0, 1, bytes(600)), 0.0)
    assert not pair.owner.accepted[0].losses
    pair.talk()
    pair.server.receive(frame(0, 0, 1, bytes(1)), 0.0)
    assert pair.owner.accepted[0].losses[0].code == Code.FLOW_CONTROL_ERROR


def test_a_window_smaller_than_the_first_holds_once_acknowledged() -> None:
    pair = Pair(Heard, ours=Limits(stream_window=1_000))
    call = pair.ask(b"q", eager=False)
    pair.talk()
    answer(pair, b"a" * 5_000)
    pair.talk()
    assert len(call.body) == 1_000
    assert not call.losses


def test_a_request_in_one_frame_is_given_back_to_the_connection_whoever_hears_it() -> None:
    pair = Pair(Lazy, theirs=Limits(connection_window=65_535))
    for _ in range(20):
        pair.ask(b"a" * 16_000)
        pair.talk()
    assert [len(each.body) for each in pair.owner.accepted] == [16_000] * 20
    assert [each.trailers for each in pair.owner.accepted] == [[None]] * 20


def test_a_request_in_one_frame_keeps_to_its_streams_window() -> None:
    pair = Pair(Lazy, theirs=Limits(stream_window=1_000))
    pair.server.receive(frame(1, 4, 1, ASK) + frame(0, 1, 1, bytes(1_001)), 0.0)
    assert pair.owner.accepted[0].losses[0].code == Code.FLOW_CONTROL_ERROR
    assert not pair.owner.accepted[0].parts


@pytest.mark.parametrize("of", ["stream", "connection"])
def test_more_data_than_a_window_is_an_error(of: str) -> None:
    small = Limits(stream_window=70_000) if of == "stream" else Limits(connection_window=70_000)
    pair = Pair(Lazy, theirs=small)
    pair.server.receive(frame(1, 4, 1, ASK) + frame(0, 0, 1, bytes(14_001)) * 5, 0.0)
    sent = frames(pair.server.data_to_send())
    if of == "stream":
        assert (3, 0, 1, bytes([0, 0, 0, Code.FLOW_CONTROL_ERROR])) in sent
        assert pair.owner.accepted[0].losses[0].code == Code.FLOW_CONTROL_ERROR
        assert not pair.server.over
    else:
        assert sent[-1][0] == 7
        assert pair.owner.closes[0] is not None
        assert pair.owner.closes[0].code is Code.FLOW_CONTROL_ERROR


def test_what_may_wait_is_bounded_and_a_first_message_always_fits() -> None:
    limits = Limits(queued_stream_bytes=100_000, queued_bytes=400_000)
    pair = Pair(Heard, ours=Limits(stream_window=65_535), theirs=limits)
    for _ in range(3):
        pair.ask(b"q", eager=False)
    pair.talk()
    first, second, third = (served.stream for served in pair.owner.accepted)
    assert first is not None
    assert second is not None
    assert third is not None
    assert not pair.server.send(first, b"a" * 300_000)
    with pytest.raises(QueueFull):
        pair.server.send(first, b"b")
    assert not pair.server.send(second, b"a" * 300_000)
    with pytest.raises(QueueFull):
        pair.server.send(third, b"b" * 100_000)
    queued = pair.server.queued
    pair.server.reset(first)
    assert pair.server.queued == queued - (300_000 - 65_535)
    assert pair.server.send(third, b"b" * 20_000)


def test_an_answer_that_may_not_wait_is_refused_whole_and_one_that_fits_goes() -> None:
    limits = Limits(queued_stream_bytes=100_000, queued_bytes=200_000)
    pair = Pair(Heard, ours=Limits(stream_window=65_535), theirs=limits)
    calls = [pair.ask(b"q", eager=False) for _ in range(3)]
    pair.talk()
    answer(pair, b"a" * 300_000, 0)
    pair.talk()
    with pytest.raises(QueueFull):
        answer(pair, b"a" * 70_000, 1)
    assert pair.server.data_to_send() == b""
    answer(pair, b"a" * 60_000, 2)
    pair.talk()
    assert not calls[1].heads
    assert calls[2].trailers


def test_a_request_that_may_not_wait_opens_no_stream() -> None:
    pair = Pair(Lazy, ours=Limits(queued_bytes=200_000), theirs=Limits(stream_window=65_535))
    pair.ask(b"a" * 300_000)
    with pytest.raises(QueueFull):
        pair.ask(b"a" * 70_000)
    assert len(pair.client.streams) == 1
    small = pair.ask(b"a")
    pair.talk()
    assert pair.owner.accepted[1].body == b"a"
    assert small.stream is not None


def test_a_large_answer_to_an_eager_reader_needs_no_more_frames_than_it_must() -> None:
    pair = Pair(Echo)
    call = pair.ask(b"x" * 1_000_000)
    pair.talk()
    assert call.body == b"x" * 1_000_000
    assert len(call.parts) <= 1_000_000 / 16_384 + 4
