"""Whole conversations: between our two sides, and of each with the `h2` library, split at every byte."""

import h2.config
import h2.connection
import h2.events
import h2.settings
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otterd.wire.h2 import ClientConnection, Code, Limits, Memo, ServerConnection, block, pack
from otterd.wire.h2.frames import rst_stream
from tests.wire.h2.peers import (
    ANSWER,
    ASK,
    HEADED,
    REQUEST,
    TRAILED,
    TRAILERS,
    Echo,
    Heard,
    Holder,
    Pair,
    frame,
)

BODY = pack(b"question")


def check_answered(call: Heard, body: bytes) -> None:
    assert [list(head.fields) for head in call.heads] == [ANSWER]
    assert call.body == body
    assert [list(each.fields) for each in call.trailers if each] == [TRAILERS]
    assert not call.losses


@pytest.mark.parametrize("step", [1, 2, 3, 7, 8, 9, 10, 24, 1 << 30])
def test_a_call_is_the_same_in_pieces_of_any_size(step: int) -> None:
    pair = Pair(met=False)
    calls = [pair.ask(BODY), pair.ask(BODY * 3)]
    pair.talk(step=step)
    calls.append(pair.ask(BODY))
    pair.talk(step=step)
    for call, times in zip(calls, (1, 3, 1), strict=True):
        check_answered(call, BODY * times)
    assert not pair.client.streams
    assert not pair.server.streams
    assert [head.path for head in pair.owner.requests] == [b"/api.Dgraph/Query"] * 3


def test_a_conversation_may_be_cut_at_every_byte() -> None:
    asker, owner = Holder(), Holder()
    client = ClientConnection(asker, None, Memo())
    client.start(0.0)
    call = Heard(client)
    call.stream = client.request(ASK, call, BODY)
    said = client.data_to_send()
    for cut in range(len(said) + 1):
        owner = Holder()
        server = owner.link = ServerConnection(owner)
        server.start(0.0)
        server.receive(said[:cut], 0.0)
        server.receive(said[cut:], 0.0)
        assert owner.accepted[0].body == BODY
        assert server.data_to_send().endswith(TRAILED)


def theirs(*, client: bool, **settings: int) -> h2.connection.H2Connection:
    peer = h2.connection.H2Connection(
        h2.config.H2Configuration(client_side=client, header_encoding=None, validate_inbound_headers=True)
    )
    peer.initiate_connection()
    if settings:
        peer.update_settings(
            {h2.settings.SettingCodes[key.upper()]: value for key, value in settings.items()}
        )
    return peer


def exchange(
    peer: h2.connection.H2Connection, ours: ClientConnection | ServerConnection, step: int
) -> list[object]:
    """Carry bytes both ways, the peer taking all DATA at once, and return the peer's events."""
    events: list[object] = []
    while True:
        out, back = peer.data_to_send(), ours.data_to_send()
        if not out and not back:
            return events
        for at in range(0, len(out), step):
            ours.receive(out[at : at + step], 0.0)
        for at in range(0, len(back), step):
            for event in peer.receive_data(back[at : at + step]):
                events.append(event)
                if isinstance(event, h2.events.DataReceived):
                    peer.acknowledge_received_data(event.flow_controlled_length, event.stream_id)


@pytest.mark.parametrize("step", [1, 5, 1 << 30])
@pytest.mark.parametrize("size", [0, 10, 16_384, 65_535, 300_000])
def test_the_librarys_client_is_answered(size: int, step: int) -> None:
    if size > 20_000 and step == 1:
        step = 1_001
    peer, owner = theirs(client=True), Holder()
    server = owner.link = ServerConnection(owner)
    server.start(0.0)
    for number in (1, 3, 5):
        peer.send_headers(number, REQUEST)
        events: list[object] = []
        left = b"x" * size
        while left:
            most = min(len(left), peer.local_flow_control_window(number), peer.max_outbound_frame_size)
            peer.send_data(number, left[:most], pad_length=3 if most < 1_000 else None)
            left = left[most:]
            events += exchange(peer, server, step)
        peer.end_stream(number)
        events += exchange(peer, server, step)
        got = b"".join(e.data for e in events if isinstance(e, h2.events.DataReceived))
        assert got == b"x" * size
        heads = [list(map(tuple, e.headers)) for e in events if isinstance(e, h2.events.ResponseReceived)]
        assert heads == [ANSWER]
        tails = [list(map(tuple, e.headers)) for e in events if isinstance(e, h2.events.TrailersReceived)]
        assert tails == [TRAILERS]
        assert any(isinstance(e, h2.events.StreamEnded) for e in events)
    assert not server.streams
    assert not owner.closes


@pytest.mark.parametrize("step", [1, 5, 1 << 30])
@pytest.mark.parametrize("size", [1, 5_000, 300_000])
def test_the_librarys_server_answers_us(size: int, step: int) -> None:
    if size > 20_000 and step == 1:
        step = 1_001
    peer, asker = theirs(client=False, max_concurrent_streams=5), Holder()
    client = ClientConnection(asker)
    client.start(0.0)
    exchange(peer, client, step)
    assert client.room == 5
    for _ in range(3):
        call = Heard(client)
        call.stream = client.request(ASK, call, b"q" * size)
        events = exchange(peer, client, step)
        number = call.stream.number
        assert sum(len(e.data) for e in events if isinstance(e, h2.events.DataReceived)) == size
        peer.send_headers(number, [(b":status", b"103"), (b"link", b"x")])
        peer.send_headers(number, ANSWER)
        left = size
        while left:
            most = min(left, peer.local_flow_control_window(number), peer.max_outbound_frame_size)
            peer.send_data(number, b"a" * most, pad_length=9) if most < 10_000 else peer.send_data(
                number, b"a" * most
            )
            left -= most
            exchange(peer, client, step)
        peer.send_headers(number, TRAILERS, end_stream=True)
        exchange(peer, client, step)
        check_answered(call, b"a" * size)
        assert call.interim == [103]
    assert not client.streams


def test_a_trailers_only_answer_ends_with_its_head() -> None:
    class Refusing(Echo):
        def ended(self, trailers: object) -> None:
            assert isinstance(self.link, ServerConnection)
            assert self.stream is not None
            self.link.head(self.stream, block([*ANSWER, (b"grpc-status", b"12")]), end=True)

    pair = Pair(Refusing)
    call = pair.ask(BODY)
    pair.talk()
    assert call.heads[0].get(b"grpc-status") == b"12"
    assert call.trailers == [None]
    assert not pair.server.streams
    assert not pair.client.streams


def test_a_long_header_list_goes_in_continuations() -> None:
    limits = Limits(header_list_bytes=100_000, header_block_bytes=100_000)
    pair = Pair(theirs=limits)
    more = [(b"x-%d" % n, b"v" * 1_000) for n in range(60)]
    call = pair.ask(BODY, head=block([*REQUEST, *more]))
    pair.talk(step=997)
    assert list(pair.owner.requests[0].fields) == [*REQUEST, *more]
    check_answered(call, BODY)


def test_an_answer_before_the_requests_end_ends_the_call() -> None:
    pair = Pair(Heard)
    call = pair.ask(BODY, end=False)
    pair.talk()
    stream = pair.owner.accepted[0].stream
    assert stream is not None
    pair.server.answer(stream, HEADED, b"early", TRAILED)
    assert pair.server._out[-1] == rst_stream(1, Code.NO_ERROR)
    pair.client.receive(pair.server.data_to_send().removesuffix(rst_stream(1, Code.NO_ERROR)), 0.0)
    assert pair.client.data_to_send() == rst_stream(1, Code.CANCEL)
    pair.talk()
    check_answered(call, b"early")
    assert not pair.client.streams
    assert not pair.server.streams
    assert call.stream is not None
    assert pair.client.send(call.stream, b"late")
    pair.talk()
    assert not pair.asker.closes
    assert not pair.owner.closes


@pytest.mark.parametrize("size", [0, 5, 16_379, 16_380, 100_000])
def test_an_answer_of_one_message_is_the_same_in_one_step(size: int) -> None:
    said = []
    for whole in (True, False):
        pair = Pair(Heard)
        call, payload = pair.ask(BODY), b"a" * size
        pair.talk()
        stream = pair.owner.accepted[0].stream
        assert stream is not None
        if whole:
            gone = pair.server.reply(stream, HEADED, payload, TRAILED)
        else:
            gone = pair.server.answer(stream, HEADED, pack(payload), TRAILED)
        assert gone
        said.append(pair.server.data_to_send())
        assert not pair.server.streams
        pair.client.receive(said[-1], 0.0)
        check_answered(call, pack(payload))
    assert said[0] == said[1]


def test_a_reset_is_heard_on_the_other_side_and_by_nobody_here() -> None:
    pair = Pair(Heard)
    call, other = pair.ask(BODY, end=False), pair.ask(BODY)
    pair.talk()
    assert call.stream is not None
    pair.client.reset(call.stream)
    pair.talk()
    lost = pair.owner.accepted[0].losses[0]
    assert (lost.code, lost.remote) == (8, True)
    assert not call.losses
    stream = pair.owner.accepted[1].stream
    assert stream is not None
    pair.server.refuse(stream)
    pair.talk()
    assert other.losses[0].unprocessed
    assert not pair.client.streams
    assert not pair.server.streams


def test_what_comes_late_for_a_stream_that_was_reset_is_ignored() -> None:
    pair = Pair(Heard)
    call = pair.ask(BODY)
    pair.talk()
    served = pair.owner.accepted[0].stream
    assert served is not None
    assert call.stream is not None
    pair.client.reset(call.stream)
    pair.server.answer(served, HEADED, b"a" * 100, TRAILED)
    pair.talk()
    assert not call.heads
    again = pair.ask(BODY)
    pair.talk()
    assert pair.owner.accepted[1].body == BODY
    assert not again.losses


def test_trailers_of_a_request_reach_its_receiver() -> None:
    pair = Pair(Heard)
    call = pair.ask(BODY, end=False)
    assert call.stream is not None
    pair.client._send_trailers(call.stream, block([(b"x-checksum", b"1")]))
    pair.talk()
    trailers = pair.owner.accepted[0].trailers[0]
    assert trailers is not None
    assert trailers.get(b"x-checksum") == b"1"


def test_nothing_to_send_makes_no_frame() -> None:
    pair = Pair(Heard)
    call = pair.ask(b"", end=False)
    assert call.stream is not None
    pair.client.data_to_send()
    assert pair.client.send(call.stream, b"")
    assert pair.client.data_to_send() == b""
    pair.client.send(call.stream, b"", end=True)
    assert pair.client.data_to_send() == frame(0, 1, 1)


def test_wake_is_said_once_until_the_bytes_are_taken() -> None:
    pair = Pair()
    pair.asker.wakes = 0
    pair.ask(BODY)
    pair.ask(BODY)
    assert pair.asker.wakes == 1
    pair.client.data_to_send()
    pair.ask(BODY)
    assert pair.asker.wakes == 2


def test_priority_and_unknown_frames_are_ignored() -> None:
    pair = Pair()
    pair.server.receive(frame(2, 0, 1, b"\0\0\0\0\1") + frame(99, 255, 7, b"what"), 0.0)
    call = pair.ask(BODY)
    pair.talk()
    check_answered(call, BODY)


@given(st.data())
def test_calls_in_any_order_and_pieces_are_answered(data: st.DataObject) -> None:
    pair = Pair(ours=Limits(stream_window=70_000, connection_window=100_000))
    calls: list[tuple[Heard, bytes]] = []
    for _ in range(data.draw(st.integers(1, 6))):
        body = b"z" * data.draw(st.sampled_from([0, 1, 100, 16_384, 16_385, 65_536, 200_000]))
        calls.append((pair.ask(body), body))
        if data.draw(st.booleans()):
            pair.talk(step=data.draw(st.integers(50, 20_000)))
    pair.talk()
    for call, body in calls:
        check_answered(call, body)
    assert pair.client._got == pair.client._returned
    assert pair.server._got == pair.server._returned
    assert pair.server.queued == pair.client.queued == 0
