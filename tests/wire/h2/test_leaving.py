"""Ends of a connection: GOAWAY both ways, stream limits, and which requests may be sent again."""

import pytest

from otterd.wire.h2 import Code, Leaving, Limits, NoRoom
from otterd.wire.h2.frames import MAX_STREAM, goaway, settings
from tests.wire.h2.peers import ASK, HEADED, TRAILED, Heard, Pair, frame, frames


def finish(pair: Pair, number: int) -> None:
    stream = pair.owner.accepted[number].stream
    assert stream is not None
    pair.server.answer(stream, HEADED, b"a", TRAILED)


def test_a_drained_server_fails_no_call_that_crosses_its_goaway() -> None:
    pair = Pair(Heard)
    early = pair.ask(b"1")
    pair.talk()
    pair.server.drain()
    crossing = pair.ask(b"2")
    pair.talk()
    assert pair.asker.goings
    assert len(pair.owner.accepted) == 2
    with pytest.raises(Leaving):
        pair.ask(b"3")
    finish(pair, 0)
    pair.talk()
    assert not pair.owner.closes
    finish(pair, 1)
    pair.talk()
    assert early.trailers
    assert crossing.trailers
    assert pair.owner.closes == [None]
    assert pair.asker.closes == [None]


def test_the_two_steps_name_all_streams_and_then_the_last() -> None:
    pair = Pair(Heard)
    pair.ask(b"1")
    pair.talk()
    pair.server.drain()
    pair.server.drain()
    first = frames(pair.server.data_to_send())
    assert [kind for kind, *_ in first] == [7, 6]
    assert first[0][3][:4] == MAX_STREAM.to_bytes(4)
    pair.server.receive(frame(6, 1, 0, first[1][3]), 0.0)
    second = frames(pair.server.data_to_send())
    assert [(kind, payload[:4]) for kind, _, _, payload in second] == [(7, (1).to_bytes(4))]


def test_the_second_step_does_not_wait_for_a_silent_client() -> None:
    pair = Pair(Heard)
    pair.ask(b"1")
    pair.talk()
    pair.server.drain()
    pair.server.tick(0.5)
    assert not pair.server.leaving
    pair.server.tick(1.0)
    assert pair.server.leaving


def test_an_idle_server_closes_once_drained() -> None:
    pair = Pair(Heard)
    pair.server.drain()
    pair.talk()
    assert pair.asker.closes == [None]
    pair.server.tick(1.0)
    assert pair.owner.closes == [None]
    assert pair.server.over


def test_a_stream_above_the_last_is_not_worked_on() -> None:
    pair = Pair(Heard)
    pair.ask(b"1")
    pair.talk()
    pair.server.drain()
    pair.server.tick(5.0)
    pair.server.receive(frame(1, 5, 3, ASK) + frame(0, 1, 3, b"late"), 5.0)
    assert len(pair.owner.accepted) == 1
    assert 3 not in [kind for kind, *_ in frames(pair.server.data_to_send())]


def test_a_goaway_tells_the_never_processed_from_the_rest() -> None:
    pair = Pair(Heard)
    calls = [pair.ask(b"q") for _ in range(3)]
    pair.client.data_to_send()
    pair.client.receive(goaway(3, Code.NO_ERROR), 0.0)
    assert [[lost.unprocessed for lost in call.losses] for call in calls] == [[], [], [True]]
    assert pair.asker.goings == [0]
    assert pair.client.room == 0
    pair.client.receive(goaway(1, Code.NO_ERROR), 0.0)
    assert [[lost.unprocessed for lost in call.losses] for call in calls] == [[], [True], [True]]
    pair.client.receive(frame(1, 4, 1, HEADED) + frame(1, 5, 1, TRAILED), 0.0)
    assert calls[0].trailers
    assert pair.asker.closes == [None]


def test_a_goaway_when_idle_ends_the_connection_at_once() -> None:
    pair = Pair(Heard)
    pair.client.receive(goaway(0, Code.NO_ERROR), 0.0)
    assert pair.asker.closes == [None]


def test_a_refused_stream_may_be_sent_again_and_another_reset_not() -> None:
    pair = Pair(Heard)
    refused, broken, late = (pair.ask(b"q") for _ in range(3))
    pair.client.data_to_send()
    pair.client.receive(frame(3, 0, 1, b"\0\0\0\x07") + frame(3, 0, 3, b"\0\0\0\x02"), 0.0)
    pair.client.receive(frame(1, 4, 5, HEADED) + frame(3, 0, 5, b"\0\0\0\x07"), 0.0)
    assert [call.losses[0].unprocessed for call in (refused, broken, late)] == [True, False, False]


def test_when_the_transport_goes_what_was_never_taken_from_us_is_known() -> None:
    pair = Pair(Heard)
    sent = pair.ask(b"q")
    pair.client.data_to_send()
    unsent = pair.ask(b"q")
    pair.client.disconnected()
    assert [call.losses[0].unprocessed for call in (sent, unsent)] == [False, True]
    with pytest.raises(Leaving):
        pair.ask(b"q")
    assert not pair.asker.closes


def test_a_broken_connection_leaves_the_outcome_open() -> None:
    pair = Pair(Heard)
    call = pair.ask(b"q")
    pair.client.data_to_send()
    pair.client.receive(frame(0, 0, 0, b"a"), 0.0)
    assert not call.losses[0].unprocessed
    assert pair.asker.closes[0] is not None


def test_leaving_ends_after_the_last_answer() -> None:
    pair = Pair(Heard)
    call = pair.ask(b"q")
    pair.client.leave()
    with pytest.raises(Leaving):
        pair.ask(b"q")
    pair.talk()
    finish(pair, 0)
    pair.talk()
    assert call.trailers
    assert pair.asker.closes == [None]


def test_close_says_goaway_and_loses_what_is_open() -> None:
    pair = Pair(Heard)
    call = pair.ask(b"q")
    pair.talk()
    pair.server.close()
    pair.talk()
    assert pair.owner.accepted[0].losses
    assert not pair.owner.closes
    assert pair.asker.goings == [0]
    pair.client.disconnected()
    assert not call.losses[0].unprocessed


def test_the_peers_stream_limit_is_told_and_room_too() -> None:
    pair = Pair(Heard, theirs=Limits(open_streams=2))
    assert pair.client.room == 2
    pair.ask(b"1")
    pair.ask(b"2")
    with pytest.raises(NoRoom):
        pair.ask(b"3")
    assert pair.client.room == 0
    pair.talk()
    assert pair.asker.rooms == 0
    finish(pair, 0)
    pair.talk()
    assert pair.asker.rooms == 1
    pair.ask(b"3")
    finish(pair, 1)
    pair.talk()
    assert pair.asker.rooms == 1


def test_a_raised_stream_limit_makes_room() -> None:
    pair = Pair(Heard, theirs=Limits(open_streams=1))
    pair.ask(b"1")
    with pytest.raises(NoRoom):
        pair.ask(b"2")
    pair.client.receive(settings({3: 5}), 0.0)
    assert pair.asker.rooms == 1
    assert pair.client.room == 4


def test_settings_that_are_never_acknowledged_end_the_connection() -> None:
    pair = Pair(Heard, met=False)
    pair.server.tick(9.9)
    assert not pair.owner.closes
    pair.server.tick(10.1)
    assert pair.owner.closes[0] is not None
    assert pair.owner.closes[0].code is Code.SETTINGS_TIMEOUT


def test_met_settings_never_time_out() -> None:
    pair = Pair(Heard)
    pair.server.tick(1e6)
    pair.client.tick(1e6)
    assert not pair.owner.closes
    assert not pair.asker.closes


def test_the_last_number_of_a_stream_ends_a_connection_softly() -> None:
    pair = Pair(Heard)
    pair.client._newest = MAX_STREAM - 4
    pair.ask(b"q")
    pair.ask(b"q")
    with pytest.raises(Leaving):
        pair.ask(b"q")
    assert not pair.asker.closes


def test_a_receiver_may_end_the_connection() -> None:
    class Ending(Heard):
        def data(self, data: bytes) -> None:
            super().data(data)
            self.link.close()

    pair = Pair(Ending)
    pair.server.receive(frame(1, 4, 1, ASK) + frame(0, 0, 1, b"a") * 3 + frame(1, 5, 3, ASK), 0.0)
    assert len(pair.owner.accepted) == 1
    assert pair.owner.accepted[0].parts == [b"a"]
    assert pair.server.over
