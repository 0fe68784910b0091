"""Draining: every connection ends with what it has in hand."""

from collections.abc import Iterator

import pytest
from twisted.internet.defer import Deferred

from otterd.edges.http.exchange import Reply
from tests.edges.http.wirerig import FakeTunnel, House, get, post


@pytest.fixture
def house() -> Iterator[House]:
    house = House(drain_timeout=8.0)
    yield house
    house.clear()


def fired(done: "Deferred[None]") -> list[None]:
    results: list[None] = []
    done.addCallback(results.append)
    return results


def test_counts_its_connections(house: House) -> None:
    first, second = house.connect(), house.connect()
    assert house.factory.connections == 2
    first.lose()
    assert house.factory.connections == 1
    second.lose()


def test_is_closed_at_once_without_connections(house: House) -> None:
    assert fired(house.factory.closed()) == [None]


def test_is_closed_when_the_last_connection_is(house: House) -> None:
    clients = [house.connect(), house.connect()]
    closed = [fired(house.factory.closed()), fired(house.factory.closed())]
    clients[0].lose()
    assert closed == [[], []]
    clients[1].lose()
    assert closed == [[None], [None]]


def test_closes_idle_connections_after_a_quarter_of_the_drain(house: House) -> None:
    client = house.connect().send(get())
    house.factory.drain()
    house.wait(1.75)
    assert not client.socket.ended
    house.wait(1.5)
    assert client.socket.disconnecting


def test_answers_one_more_request_on_an_idle_connection_and_closes(house: House) -> None:
    client = house.connect().send(get("/a"))
    house.factory.drain()
    house.wait(1)
    client.send(get("/b"))
    assert client.statuses == [200, 200]
    assert client.replies[1].headers[b"Connection"] == b"close"
    assert client.socket.half_closed
    client.finish()
    assert client.socket.disconnecting


def test_says_close_with_the_last_reply_to_what_was_sent(house: House) -> None:
    slow: Deferred[Reply] = Deferred()
    house.site.answers[b"/slow"] = lambda request: slow
    client = house.connect().send(get("/slow") + get("/b") + get("/c"))
    house.factory.drain()
    house.wait(5)
    assert not client.socket.ended
    slow.callback(Reply(200, (), b"done"))
    assert [r.keep_alive for r in client.replies] == [True, True, False]


def test_waits_for_a_request_that_has_begun_to_come_in(house: House) -> None:
    slow: Deferred[Reply] = Deferred()
    house.site.answers[b"/slow"] = lambda request: slow
    request = post("/b", b"hello")
    client, other = house.connect().send(get("/slow") + request[:-3]), house.connect().send(request[:10])
    house.factory.drain()
    slow.callback(Reply(200, (), b"done"))
    house.wait(3)
    client.send(request[-3:])
    other.send(request[10:])
    assert [r.keep_alive for r in client.replies] == [True, False]
    assert [r.keep_alive for r in other.replies] == [False]


def test_ends_tunnels_once_only_they_are_left(house: House) -> None:
    tunnel, slow = FakeTunnel(), Deferred[Reply]()
    house.site.answers[b"/graphql"] = lambda request: Reply(101, (), tunnel, tunnel=True)
    house.site.answers[b"/slow"] = lambda request: slow
    upgraded = house.connect().send(get("/graphql", "Connection: Upgrade", "Upgrade: websocket"))
    busy = house.connect().send(get("/slow"))
    house.factory.drain()
    house.wait(6)
    assert not upgraded.socket.ended
    slow.callback(Reply(200, (), b"done"))
    busy.lose()
    house.wait(1)
    assert upgraded.socket.disconnecting
    upgraded.lose()
    assert tunnel.stopped


def test_a_connection_made_while_draining_may_bring_one_request(house: House) -> None:
    keeper = house.connect()
    house.factory.drain()
    house.factory.drain()
    late = house.connect()
    silent = house.connect()
    assert late.send(get()).statuses == [200]
    assert not late.reply.keep_alive
    house.wait(3.25)
    assert silent.socket.disconnecting
    assert keeper.socket.disconnecting


def test_cuts_all_connections_off(house: House) -> None:
    cancelled: list[object] = []
    house.site.answers[b"/slow"] = lambda request: Deferred(cancelled.append)
    clients = [house.connect().send(get("/slow")), house.connect()]
    house.factory.abort()
    assert all(c.socket.aborted for c in clients)
    clients[0].lose(clean=False)
    assert len(cancelled) == 1
