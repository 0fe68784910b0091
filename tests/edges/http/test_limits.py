"""How much a client may send, hold and open."""

import pytest
from twisted.internet.defer import Deferred

from otterd.edges.http.exchange import Reply
from tests.edges.http.wirerig import House, chunked, get, post


def test_takes_what_is_exactly_at_each_limit() -> None:
    house = House(max_body_bytes=100, max_header_fields=4, max_url_bytes=20)
    url = "/" + "a" * 19
    assert house.connect().send(post(url, b"x" * 100, "A: b", "C: d")).statuses == [200]
    assert house.connect().send(chunked(url, b"x" * 50, b"y" * 50)).statuses == [200]
    assert house.connect().send(post(url + "a", b"")).statuses == [414]
    assert house.connect().send(get("/", "A: b", "C: d", "E: f", "G: h")).statuses == [431]
    house.clear()


def test_takes_a_head_exactly_at_the_limit() -> None:
    request = get("/a", "X: " + "y" * 100)
    for slack, status in ((0, 200), (-1, 431)):
        house = House(max_header_bytes=len(request) + slack)
        assert house.connect().send(request).statuses == [status]
        house.clear()


def test_refuses_a_length_over_the_limit_at_once() -> None:
    house = House(max_body_bytes=100)
    client = house.connect().send(b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n")
    assert client.statuses == [413]
    assert "100 bytes" in client.reply.body.decode()
    house.clear()


def test_refuses_chunks_over_the_limit_as_soon_as_they_are_announced() -> None:
    house = House(max_body_bytes=100)
    head = b"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    client = house.connect().send(head + b"64\r\n" + b"x" * 100 + b"\r\n")
    assert client.raw == b""
    client.send(b"1\r\n")
    assert client.statuses == [413]
    assert house.ledger.closed[0].received == 100
    house.clear()


def test_the_limit_in_force_is_the_one_of_the_last_reload() -> None:
    house = House(max_body_bytes=100)
    client = house.connect().send(post("/a", b"x" * 100))
    house.live.replace(type(house.live.config)(max_body_bytes=10))
    client.send(post("/a", b"x" * 11))
    assert client.statuses == [200, 413]
    house.clear()


@pytest.mark.parametrize("whole", [post("/a", b"x" * 600), chunked("/a", b"x" * 600)])
def test_refuses_a_body_when_all_connections_together_hold_too_much(whole: bytes) -> None:
    house = House(max_buffered_bytes=1000)
    waiting: list[Deferred[Reply]] = []

    def wait(request: object) -> Deferred[Reply]:
        waiting.append(Deferred())
        return waiting[-1]

    house.site.answers[b"/a"] = wait
    first, second = house.connect().send(whole), house.connect()
    second.send(whole[:-100])
    assert second.statuses == [503]
    assert second.reply.headers[b"Retry-After"] == b"1"
    assert house.ledger.closed[0].verdict == "ErrorOverloaded"
    waiting[0].callback(Reply(200, (), b"ok"))
    assert first.statuses == [200]
    third = house.connect().send(whole)
    waiting[1].callback(Reply(200, (), b"ok"))
    assert third.statuses == [200]
    house.clear()


def test_turns_connections_over_the_limit_away() -> None:
    house = House(max_connections=2)
    kept = [house.connect().send(get()) for _ in range(2)]
    away = house.connect()
    assert away.statuses == [503]
    assert away.reply.headers[b"Retry-After"] == b"1"
    assert not away.reply.keep_alive
    away.send(get())
    away.finish()
    assert away.socket.disconnecting
    away.lose()
    kept[0].lose()
    assert house.connect().send(get()).statuses == [200]
    assert kept[1].send(get()).statuses == [200, 200]
    house.clear()


def test_cuts_connections_far_over_the_limit_off_without_a_word() -> None:
    house = House(max_connections=1)
    clients = [house.connect() for _ in range(70)]
    assert [c.raw == b"" for c in clients] == [True] + [False] * 64 + [True] * 5
    assert all(c.socket.aborted for c in clients[65:])
    house.clear()
    assert len(house.ledger.closed) == 64


def test_input_behind_the_last_request_is_thrown_away_within_bounds() -> None:
    house = House()
    house.site.answers[b"/slow"] = lambda request: Deferred()
    client = house.connect().send(get("/slow", "Connection: close"))
    for _ in range(33):
        client.send(bytes(1048576))
    assert client.socket.aborted
    house.clear()
