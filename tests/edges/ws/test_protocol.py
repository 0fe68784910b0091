"""One socket on Autobahn: limits, slow readers, pings and ends."""

import pytest
from twisted.internet.defer import CancelledError

from otterd.core.operation import Answer, Operation
from otterd.errors import Draining
from otterd.gateway.seams import Asked, Ear
from tests.edges.ws.fakes import BUFFER, HEAD, TOKEN, House, frame, response

MB = 1 << 20


def test_switches_protocols_and_names_the_request(house: House) -> None:
    client = house.client().open(b"X-Request-Id: my-id\r\nSec-WebSocket-Extensions: permessage-deflate\r\n")
    assert b"\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in client.head
    assert b"\r\nX-Request-Id: my-id" in client.head
    assert b"Extensions" not in client.head
    assert b"Server" not in client.head
    assert house.ledger.lines == [("ws upgrade", 101)]
    client.hang_up()


def test_hears_messages_that_come_with_the_handshake(house: House) -> None:
    client = house.client()
    client.send(HEAD + b"\r\n" + frame(1, b'{"type":"ping"}'))
    assert client.texts == [b'{"status":"pong"}']
    client.hang_up()


def test_hears_what_comes_byte_by_byte(house: House) -> None:
    client = house.client()
    for byte in HEAD + b"\r\n" + frame(1, b'{"type":"ping"}') * 2:
        client.send(bytes((byte,)))
    assert client.texts == [b'{"status":"pong"}'] * 2
    client.hang_up()


def test_the_end_of_a_frame_is_not_taken_for_a_whole_one(house: House) -> None:
    client = house.client().open()
    cut = frame(1, b"x", mask=b"\x80abc")
    assert cut[1:3] == b"\x81\x80", "what is behind the first byte looks like an empty text"
    client.send(cut[:1])
    client.send(cut[1:])
    assert client.texts == [b'{"error":"invalid JSON: malformed at byte 0"}']
    client.hang_up()


def test_the_guard_sees_who_comes(house: House) -> None:
    house.client().open(b"Origin: null\r\nX-Forwarded-For: 198.51.100.1\r\n").hang_up()
    (caller,) = house.guard.admitted
    assert (caller.peer, caller.origin, caller.forwarded) == ("192.0.2.7", b"null", b"198.51.100.1")
    assert not caller.trusted


def test_reading_pauses_while_too_much_is_in_flight() -> None:
    house = House(ws_max_in_flight=2)
    client = house.client().open().authenticate()
    query = frame(1, b'{"type":"query","query":"q"}')
    client.send(query * 5 + frame(1, b'{"type":"ping"}'))
    assert not client.wire.reading
    assert len(house.gateway.operations) == 1
    for index in range(5):
        house.gateway.answer(index, response(b'{"n":%d}' % index))
    assert client.wire.reading
    assert client.texts == [b'{"n":%d}' % n for n in range(5)] + [b'{"status":"pong"}']
    client.hang_up()


def test_overlapping_messages_pause_reading_too() -> None:
    house = House(ws_max_in_flight=2)
    client = house.client().open().authenticate()
    for id in "abc":
        client.say(type="query", query=id, id=id)
    assert house.gateway.queries == ["a", "b"]
    house.gateway.answer(1, response(b"{}"))
    assert house.gateway.queries == ["a", "b", "c"]
    assert not client.wire.reading
    client.hang_up()


@pytest.mark.parametrize("size", [125, 126, 65_535, 65_536, 16_383, 16_384, 16_385, 5 * MB])
def test_answers_of_any_size_come_whole(house: House, size: int) -> None:
    client = house.client().open().authenticate()
    house.gateway.answers = [response(b"x" * size)]
    client.say(type="query", query="q")
    assert client.texts == [b"x" * size]
    client.hang_up()


def test_an_answer_that_is_not_utf8_is_mended(house: House) -> None:
    client = house.client().open().authenticate()
    house.gateway.answers = [response('{"é":"'.encode() + b'\xff"}'), response("é".encode() * MB)]
    client.say(type="query", query="q")
    client.say(type="query", query="q")
    assert client.texts == ['{"é":"\ufffd"}'.encode(), "é".encode() * MB]
    client.hang_up()


def test_a_reader_that_stops_costs_one_answer_and_a_little() -> None:
    house = House(ws_max_in_flight=32)
    client = house.client().open().authenticate()
    client.wire.stalled = True
    for n in range(32):
        client.say(type="query", query="q", id=str(n))
    for n in range(32):
        house.gateway.answer(n, response(b"x" * (3 * MB)))
    assert client.unsent <= 3 * MB + MB
    assert not client.wire.reading
    client.send(frame(1, b'{"type":"ping"}') * 1000)
    assert client.unsent <= 3 * MB + MB
    house.pass_time(31)
    assert client.wire.closing == "abort"
    assert not house.factory.connections


def test_a_reader_that_stops_and_goes_on_gets_every_answer() -> None:
    house = House()
    client = house.client().open().authenticate()
    client.wire.stalled = True
    for n in range(8):
        client.say(type="query", query="q", id=str(n))
    for n in range(8):
        house.gateway.answer(n, response(b"x" * MB))
    house.gateway.answers = [response(b"y" * MB) for _ in range(8)]
    client.wire.stalled = False
    client.wire.take()
    assert sorted(text[7:8] for text in client.texts) == [b"%d" % n for n in range(8)]
    assert {len(text) for text in client.texts} == {MB + len(b'{"id":"0","result":}')}
    assert client.wire.reading
    client.hang_up()


def test_a_flood_of_pings_from_one_who_reads_nothing_is_not_read() -> None:
    house = House(ws_send_buffer_bytes=10_000)
    client = house.client().open()
    client.wire.stalled = True
    while client.wire.reading:
        client.send(frame(1, b'{"type":"ping","id":"%b"}' % (b"x" * 1000)) * 10)
        assert client.unsent + len(client.wire.dataBuffer) < 200_000
    client.wire.stalled = False
    client.wire.take()
    assert client.wire.reading
    client.hang_up()


def test_a_flood_of_control_pings_is_not_read_either() -> None:
    house = House(ws_send_buffer_bytes=10_000)
    client = house.client().open()
    client.wire.stalled = True
    for _ in range(500):
        if client.wire.reading:
            client.send(frame(9, b"x" * 125) * 100)
    assert not client.wire.reading
    assert client.unsent + len(client.wire.dataBuffer) < 200_000
    client.hang_up()


def test_a_slow_reader_is_not_cut_while_it_reads() -> None:
    house = House()
    client = house.client().open().authenticate()
    client.wire.stalled = True
    house.gateway.answers = [response(b"x" * MB)]
    client.say(type="query", query="q")
    for _ in range(8):
        house.pass_time(19)
        client.wire.take(1000)
        client.send(frame(10, b"")) if client.wire.reading else None
        assert client.wire.closing is None
    client.hang_up()


def test_reads_are_cancelled_and_writes_left_when_the_client_goes(house: House) -> None:
    client = house.client().open().authenticate()
    client.say(type="query", query="q", id="r")
    client.say(type="mutation", mutation="m", commitNow=True, id="w")
    client.say(type="query", query="q")
    client.hang_up()
    read, write, turn = house.gateway.calls
    assert house.gateway.cancelled == [read, turn] or house.gateway.cancelled == [turn, read]
    write.callback(response())
    assert sorted(house.ledger.lines) == [
        ("ws auth", 200),
        ("ws mutation", 200),
        ("ws query", 499),
        ("ws query", 499),
        ("ws upgrade", 101),
    ]


def test_pings_and_drops_whoever_does_not_answer() -> None:
    house = House(ws_ping_interval=20.0, ws_ping_timeout=20.0)
    deaf, alive = house.client().open(), house.client().open()
    house.pass_time(21)
    ((opcode, payload),) = alive.heard
    assert opcode == 9
    alive.send(frame(10, payload))
    house.pass_time(20)
    assert deaf.wire.closing == "abort"
    assert alive.wire.closing is None
    alive.hang_up()


def test_whoever_is_not_read_from_is_not_dropped_for_its_pong() -> None:
    house = House(ws_ping_interval=20.0, ws_ping_timeout=20.0, ws_max_in_flight=1)
    client = house.client().open().authenticate()
    client.say(type="query", query="slow")
    house.pass_time(55)
    assert client.wire.closing is None
    house.gateway.answer(0, response(b"{}"))
    house.pass_time(45)
    assert client.wire.closing == "abort"


def test_whoever_is_still_sent_an_answer_is_not_dropped_for_its_pong() -> None:
    house = House(ws_ping_interval=20.0, ws_ping_timeout=20.0)
    client = house.client().open().authenticate()
    client.wire.stalled = True
    house.gateway.answers = [response(b"x" * 200_000)]
    client.say(type="query", query="q")
    assert client.wire.reading
    for _ in range(8):
        house.pass_time(10)
        client.wire.take(1000)
    assert client.wire.closing is None
    client.wire.take()
    house.pass_time(45)
    assert client.wire.closing == "abort"


def test_authenticating_too_late_changes_nothing() -> None:
    house = House(ws_unauthenticated_timeout=5.0)
    client = house.client().open()
    client.wire.stalled = True
    for _ in range(2):
        client.say(type="ping", id="x" * 60_000)
    house.pass_time(6)
    client.say(type="auth", token=TOKEN)
    client.wire.take()
    assert client.close == (1008, b"authenticate sooner")
    client.hang_up()
    assert house.factory.strangers == 0


def test_a_slow_handshake_is_cut() -> None:
    house = House(ws_handshake_timeout=3.0)
    client = house.client()
    client.send(HEAD)
    house.pass_time(2.5)
    assert client.wire.closing is None
    house.pass_time(1)
    assert client.wire.closing == "abort"


def test_a_handshake_over_its_limit_is_refused_before_it_ends() -> None:
    house = House(ws_max_handshake_bytes=1000)
    client = house.client()
    client.send(HEAD + b"X: " + b"x" * 1000)
    assert client.head.startswith(b"HTTP/1.1 431 ")
    assert client.wire.closing == "lose"


def test_a_handshake_of_just_its_limit_passes() -> None:
    house = House(ws_max_handshake_bytes=len(HEAD) + 2)
    house.client().open().hang_up()


def test_one_who_never_authenticates_is_closed_in_the_end() -> None:
    house = House(ws_unauthenticated_timeout=60.0, ws_ping_interval=1e6)
    stranger, known = house.client().open(), house.client().open().authenticate()
    house.pass_time(59.5)
    assert stranger.close is None
    house.pass_time(1)
    assert stranger.close == (1008, b"authenticate sooner")
    assert known.close is None
    known.hang_up()
    stranger.hang_up()


def test_an_unanswered_close_ends_all_the_same() -> None:
    house = House(ws_handshake_timeout=5.0)
    client = house.client().open()
    client.send(frame(2, b"x"))
    house.pass_time(4.5)
    assert client.wire.closing is None
    house.pass_time(1)
    assert client.wire.closing == "abort"


def test_a_clients_close_is_answered_with_what_waits_before_it(house: House) -> None:
    client = house.client().open().authenticate()
    client.wire.stalled = True
    house.gateway.answers = [response(b"x" * MB)]
    client.say(type="query", query="q")
    client.wire.take(100_000)
    client.send(frame(8, b"\x03\xe8"))
    client.wire.take()
    assert client.texts == [b"x" * MB]
    assert client.close == (1000, b"")
    assert client.wire.closing == "lose"
    assert not house.factory.connections


def test_one_who_closes_but_never_reads_is_cut(house: House) -> None:
    client = house.client().open().authenticate()
    client.wire.stalled = True
    house.gateway.answers = [response(b"x" * (BUFFER // 2))]
    client.say(type="query", query="q")
    client.send(frame(8, b"\x03\xe8"))
    assert client.wire.protocol is not None
    house.pass_time(31)
    assert client.wire.closing == "abort"


def test_a_mistake_of_ours_is_answered_and_logged(house: House, expected_failures: list[str]) -> None:
    client = house.client().open().authenticate()
    house.gateway.answers = [Answer(0, b"\xff not protobuf"), ValueError("boom")]
    client.say(type="query", query="q")
    client.say(type="query", query="q", id="i")
    house.gateway.mistake = ValueError("s3cret")
    client.say(type="query", query="q")
    assert client.texts == [
        b'{"error":"internal error"}',
        b'{"id":"i","error":"internal error"}',
        b'{"error":"internal error"}',
    ]
    assert len(expected_failures) == 3
    assert house.ledger.lines[-1] == ("ws query", 500)
    client.hang_up()


def test_a_read_that_somebody_else_cancels_is_answered_too(house: House) -> None:
    client = house.client().open().authenticate()
    house.gateway.answers = [CancelledError()]
    client.say(type="query", query="q")
    assert client.texts == [b'{"error":"the request was cancelled"}']
    client.hang_up()


def test_drains_by_finishing_and_then_closing(house: House) -> None:
    client = house.client().open().authenticate()
    client.say(type="query", query="1")
    client.say(type="query", query="2")
    house.factory.drain()
    assert not client.wire.reading
    assert client.close is None
    house.gateway.answer(0, response(b"{}"))
    house.gateway.answer(1, Draining("this gateway is going away"))
    assert client.texts == [b"{}", b'{"error":"this gateway is going away"}']
    assert client.close == (1001, b"going away")
    assert client.wire.reading
    client.send(frame(1, b'{"type":"ping"}') + frame(8, b"\x03\xe9"))
    assert len(client.texts) == 2
    assert client.wire.closing
    assert not house.factory.connections


def test_hears_nothing_behind_what_it_said_goodbye_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    client = house.client().open().authenticate()
    ask = house.gateway.ask

    def drained_meanwhile(operation: Operation, ear: Ear) -> Asked:
        house.factory.drain()
        return ask(operation, ear)

    monkeypatch.setattr(house.gateway, "ask", drained_meanwhile)
    house.gateway.answers = [response(b"{}")]
    client.send(frame(1, b'{"type":"query","query":"q"}') * 2)
    assert client.texts == [b"{}"]
    assert house.gateway.queries == ["q"]
    assert client.close == (1001, b"going away")
    client.hang_up()


def test_says_goodbye_after_the_last_byte_of_an_answer(house: House) -> None:
    client = house.client().open().authenticate()
    client.wire.stalled = True
    house.gateway.answers = [response(b"x" * MB)]
    client.say(type="query", query="q")
    house.factory.drain()
    client.wire.take()
    assert client.texts == [b"x" * MB]
    assert client.close == (1001, b"going away")
    client.hang_up()


def test_a_goodbye_waits_for_a_slow_reader_while_it_reads() -> None:
    house = House(ws_handshake_timeout=3.0)
    client = house.client().open().authenticate()
    client.wire.stalled = True
    house.gateway.answers = [response(b"x" * MB)]
    client.say(type="query", query="q")
    house.factory.drain()
    for _ in range(3):
        house.pass_time(4)
        client.wire.take(1000)
    client.wire.take()
    assert client.close == (1001, b"going away")
    client.hang_up()


def test_the_last_answers_still_come_before_the_door_is_shown(house: House) -> None:
    client = house.client().open().authenticate()
    client.say(type="query", query="q", id="i")
    for _ in range(8):
        client.say(type="auth", token="wrong")
    client.forget()
    house.gateway.answer(0, response(b"{}"))
    house.pass_time(3.1)
    assert client.heard == [(1, b'{"id":"i","result":{}}'), (8, b"\x03\xf0Go away! bye!")]
    client.hang_up()


def test_nothing_is_left_of_a_socket_that_is_gone(house: House) -> None:
    client = house.client().open()
    client.say(type="auth", token=TOKEN + "x")
    client.hang_up()
    house.pass_time(1)
    assert not house.clock.getDelayedCalls()
    assert house.factory.strangers == 0
