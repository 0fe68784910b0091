"""A head that came before is known by its bytes, and nothing but the time it takes is different."""

import re
from dataclasses import replace
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from otterd.edges.http.exchange import Reply
from otterd.edges.http.heads import LONGEST, MOST
from tests.edges.http.test_splits import CONVERSATION, PARTS
from tests.edges.http.wirerig import Client, FakeBody, House, chunked, get, post

TWICE = 2
"""How often a head must come to be known."""


def knowing(*requests: bytes, **config: Any) -> House:
    """Return a house that knows the heads of `requests`."""
    house = House(**config)
    for request in requests:
        assert house.connect().send(request * TWICE).statuses == [200] * TWICE
    assert len(house.factory.keeper.heads) == len(requests)
    return house


def told(client: Client) -> bytes:
    return re.sub(rb"(Date: [^\r]*|X-Request-Id: id\d+)\r\n", b"", client.raw)


def test_keeps_what_comes_again() -> None:
    house = House()
    client = house.connect()
    for known in (0, 1, 1):
        client.send(get("/a"))
        assert len(house.factory.keeper.heads) == known
    assert client.statuses == [200] * 3
    house.clear()


def test_a_conversation_with_known_heads_is_the_same_however_it_is_cut() -> None:
    fresh, house = House(), House()
    expected = told(fresh.connect().send(CONVERSATION))
    fresh.clear()
    for part in PARTS:
        house.connect().send(part * TWICE)
    assert len(house.factory.keeper.heads) == 4
    for at in range(len(CONVERSATION)):
        client = house.connect().send(CONVERSATION[:at]).send(CONVERSATION[at:])
        assert told(client) == expected, at
        client.lose()
    house.clear()


def test_known_heads_behind_one_another_are_all_answered() -> None:
    request = post("/a", b"GET /b HTTP/1.1\r\nHost: c\r\n\r\n")
    house = knowing(request)
    client = house.connect().send(request * 3 + request[:-4])
    assert client.statuses == [200] * 3
    client.send(request[-4:] + get("/new") + request)
    assert client.statuses == [200] * 6
    assert [r.target for r in house.site.requests[-3:]] == [b"/a", b"/new", b"/a"]
    house.clear()


def test_a_head_that_came_in_parts_is_read_anew() -> None:
    request = post("/a", b"12345")
    house = knowing(request)
    client = house.connect().send(request[:20]).send(request[20:] + request + request)
    assert client.statuses == [200] * 3
    house.clear()


def test_heads_that_differ_in_one_byte_are_different() -> None:
    house = knowing(post("/a", b"12345"))
    client = house.connect().send(b"POST /a HTTP/1.1\r\nHost: otter\r\nContent-Length: 6\r\n\r\n123456")
    client.send(b"POST /a HTTP/1.0\r\nHost: otter\r\nContent-Length: 5\r\n\r\n12345")
    assert client.statuses == [200] * 2
    assert [r.body for r in house.site.requests[-2:]] == [b"123456", b"12345"]
    assert not client.replies[1].keep_alive
    bad = b"POST /a HTTP/1.1\rHost: otter\r\nContent-Length: 5\r\n\r\n12345"
    assert house.connect().send(bad).statuses == [400]
    house.clear()


@pytest.mark.parametrize(
    ("limit", "status"),
    [
        ({"max_url_bytes": 5}, 414),
        ({"max_header_fields": 2}, 431),
        ({"max_header_bytes": 50}, 431),
        ({"max_body_bytes": 4}, 413),
        ({"max_buffered_bytes": 4}, 503),
    ],
)
def test_a_limit_that_a_reload_lowers_holds_for_known_heads(limit: dict[str, int], status: int) -> None:
    request = post("/abcdef", b"12345", "A: b")
    house = knowing(request)
    house.live.replace(replace(house.live.config, **limit))
    assert house.connect().send(request).statuses == [status]
    house.clear()


def test_what_was_refused_is_refused_again_and_taken_once_a_reload_allows_it() -> None:
    request = get("/abcdef")
    house = House(max_url_bytes=5)
    for _ in range(3):
        assert house.connect().send(request).statuses == [414]
    house.live.replace(replace(house.live.config, max_url_bytes=100))
    assert house.connect().send(request).statuses == [200]
    house.clear()


@pytest.mark.parametrize(
    "request_",
    [
        chunked("/a", b"b"),
        get("/a", "Connection: close"),
        b"GET /a HTTP/1.0\r\n\r\n",
        post("/a", b"b", "Expect: 100-continue"),
        get("/a", "Upgrade: websocket", "Connection: Upgrade"),
        get("/a", "Upgrade: h2c", "Connection: Upgrade"),
        get("/a", "X: " + "y" * LONGEST),
    ],
)
def test_does_not_keep_what_leaves_the_parser_elsewhere_or_is_long(request_: bytes) -> None:
    house = House()
    for _ in range(3):
        assert house.connect().send(request_).statuses[-1] == 200
    assert len(house.factory.keeper.heads) == 0
    house.clear()


def test_keeps_no_more_than_so_many() -> None:
    house = House()
    client = house.connect()
    for at in range(MOST * 2):
        client.send(get(f"/{at}") * TWICE)
        client.socket.clear()
        assert len(house.factory.keeper.heads) <= MOST
    house.clear()


def test_a_known_request_waits_while_the_client_does_not_read() -> None:
    house = House()
    house.site.answers[b"/big"] = lambda request: Reply(200, (), b"x" * 100_000)
    client = house.connect().send(get("/a") * TWICE + get("/big"))
    client.socket.stuck = True
    client.send(get("/big"))
    asked = len(house.site.requests)
    client.send(get("/a"))
    assert len(house.site.requests) == asked
    client.socket.stuck = False
    client.socket.take(200_000)
    assert len(house.site.requests) == asked + 1
    house.clear()


def test_a_known_request_keeps_the_deadlines_of_any_other() -> None:
    house = knowing(get("/a"))
    slow: Deferred[Reply] = Deferred()
    client = house.connect()
    house.wait(100)
    house.site.answers[b"/a"] = lambda request: slow
    client.send(get("/a"))
    house.wait(500)
    slow.callback(Reply(200, (), b"done"))
    house.wait(119)
    assert not client.socket.ended
    house.wait(3)
    assert client.socket.disconnecting
    assert client.statuses == [200]
    house.clear()


def test_a_known_request_is_the_last_of_a_client_that_ends_or_a_gateway_that_drains() -> None:
    house = knowing(get("/a"))
    slow: Deferred[Reply] = Deferred()
    house.site.answers[b"/a"] = lambda request: slow
    client, other = house.connect().send(get("/a")), house.connect()
    client.finish()
    house.factory.drain()
    slow.callback(Reply(200, (), b"done"))
    del house.site.answers[b"/a"]
    other.send(get("/a"))
    assert [client.reply.keep_alive, other.reply.keep_alive] == [False, False]
    assert client.socket.disconnecting
    house.clear()


def test_a_known_request_is_answered_by_a_stream_like_any_other() -> None:
    house = knowing(get("/a"))
    body = FakeBody()
    house.site.answers[b"/a"] = lambda request: Reply(200, (), body)
    client = house.connect().send(get("/a"))
    body.push(b"abc")
    client.send(get("/b"))
    assert house.site.requests[-1].path == b"/a"
    body.finish()
    assert [reply.body for reply in client.replies] == [b"abc", b"GET /b "]
    house.clear()
