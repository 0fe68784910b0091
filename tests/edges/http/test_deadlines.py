"""Slow and silent clients, and clients that do not read."""

from collections.abc import Iterator

import pytest
from twisted.internet.defer import Deferred

from otterd.edges.http.exchange import Reply
from tests.edges.http.wirerig import FakeBody, House, get, post, push_until_paused


@pytest.fixture
def house() -> Iterator[House]:
    house = House()
    yield house
    house.clear()


def test_closes_a_connection_that_is_idle_too_long(house: House) -> None:
    client = house.connect().send(get())
    house.wait(119)
    assert not client.socket.ended
    house.wait(3)
    assert client.socket.disconnecting
    assert client.statuses == [200]


def test_counts_idle_time_from_the_last_reply(house: House) -> None:
    client = house.connect()
    for _ in range(3):
        house.wait(100)
        client.send(get())
    assert client.statuses == [200, 200, 200]


def test_blank_lines_do_not_keep_a_connection_open(house: House) -> None:
    client = house.connect().send(get())
    for _ in range(15):
        house.wait(10)
        client.send(b"\r\n")
    assert client.socket.disconnecting


def test_refuses_a_head_that_drips(house: House) -> None:
    client = house.connect()
    for byte in get("/" + "a" * 100):
        client.send(bytes([byte]))
        house.wait(1)
    assert client.statuses == [408]
    assert "head" in client.reply.body.decode()
    assert house.ledger.statuses() == [408]


def test_refuses_a_body_that_drips(house: House) -> None:
    client = house.connect()
    for byte in post("/a", b"x" * 100):
        client.send(bytes([byte]))
        if client.raw == b"" and house.ledger.opened:
            house.wait(1)
    assert client.statuses == [408]
    assert "body" in client.reply.body.decode()
    assert 25 < house.ledger.closed[0].received <= 32


def test_an_answer_may_take_its_time(house: House) -> None:
    slow: Deferred[Reply] = Deferred()
    house.site.answers[b"/slow"] = lambda request: slow
    client = house.connect().send(get("/slow"))
    house.wait(500)
    slow.callback(Reply(200, (), b"done"))
    assert client.reply.body == b"done"


def test_half_a_request_behind_a_slow_one_is_refused_in_its_turn(house: House) -> None:
    slow: Deferred[Reply] = Deferred()
    house.site.answers[b"/slow"] = lambda request: slow
    client = house.connect().send(get("/slow") + get("/b")[:-1])
    house.wait(10)
    assert client.raw == b""
    slow.callback(Reply(200, (), b"done"))
    assert client.statuses == [200, 408]


def test_time_in_which_reading_is_paused_does_not_count() -> None:
    house = House(max_pipelined=1)
    slow: Deferred[Reply] = Deferred()
    house.site.answers[b"/slow"] = lambda request: slow
    client = house.connect().send(get("/slow") + get("/b") + get("/c")[:-1])
    assert client.socket.producerState == "paused"
    house.wait(60)
    slow.callback(Reply(200, (), b"done"))
    client.send(get("/c")[-1:])
    assert client.statuses == [200, 200, 200]
    house.clear()


def test_cuts_off_a_client_that_does_not_read_its_answer(house: House) -> None:
    house.site.answers[b"/big"] = lambda request: Reply(200, (), b"x" * 200_000)
    client = house.connect()
    client.socket.stuck = True
    client.send(get("/big"))
    house.wait(29)
    assert not client.socket.aborted
    house.wait(3)
    assert client.socket.aborted


def test_lets_a_client_read_slowly_as_long_as_it_reads(house: House) -> None:
    house.site.answers[b"/big"] = lambda request: Reply(200, (), b"x" * 1000)
    client = house.connect()
    client.socket.stuck = True
    client.send(get("/big"))
    for _ in range(10):
        house.wait(25)
        client.socket.take(10)
    assert not client.socket.aborted


def test_cuts_off_a_client_that_does_not_read_a_stream(house: House) -> None:
    body = FakeBody()
    house.site.answers[b"/a"] = lambda request: Reply(200, (), body)
    client = house.connect().send(get("/a"))
    client.socket.stuck = True
    push_until_paused(body, b"x" * 65536)
    house.wait(33)
    assert client.socket.aborted
    client.lose()
    assert body.stopped


def test_a_stream_that_waits_for_its_source_is_left_alone(house: House) -> None:
    body = FakeBody()
    house.site.answers[b"/a"] = lambda request: Reply(200, (), body)
    client = house.connect().send(get("/a"))
    body.push(b"x")
    house.wait(300)
    assert not client.socket.ended


def test_cuts_off_a_client_that_does_not_read_before_the_end(house: House) -> None:
    house.site.answers[b"/a"] = lambda request: Reply(200, (), b"x" * 100_000, close=True)
    client = house.connect()
    client.socket.stuck = True
    client.send(get("/a"))
    house.wait(33)
    assert client.socket.aborted


def test_a_transport_that_does_not_tell_is_judged_by_its_pauses(house: House) -> None:
    client = house.connect()
    del client.socket.dataBuffer
    client.protocol.pauseProducing()
    house.wait(20)
    client.protocol.resumeProducing()
    client.protocol.pauseProducing()
    house.wait(29)
    assert not client.socket.aborted
    house.wait(3)
    assert client.socket.aborted


def test_a_clock_that_jumps_takes_no_time_from_anybody(house: House) -> None:
    client = house.connect().send(get())
    house.clock.advance(3600)
    house.clock.rightNow -= 7200
    house.wait(1)
    assert not client.socket.ended


def test_one_timer_serves_all_connections_and_none_is_left(house: House) -> None:
    clients = [house.connect().send(get()) for _ in range(50)]
    assert len(house.clock.getDelayedCalls()) == 1
    for client in clients:
        client.lose()
    assert not house.clock.getDelayedCalls()
    assert house.connect().send(get()).statuses == [200]


def test_the_date_moves_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    client = house.connect()
    monkeypatch.setattr("otterd.edges.http.factory.date_line", lambda: b"Date: later\r\n")
    house.wait(1)
    assert client.send(get()).reply.headers[b"Date"] == b"later"
