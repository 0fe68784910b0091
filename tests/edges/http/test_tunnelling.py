"""Upgraded connections: bytes both ways, each side at the other's pace."""

from collections.abc import Iterator

import pytest
from twisted.internet.defer import Deferred

from otterd.edges.http.exchange import Reply
from tests.edges.http.wirerig import Client, FakeTunnel, House, get, push_until_paused

UPGRADE = get("/graphql", "Connection: keep-alive, Upgrade", "Upgrade: WebSocket", "X-Request-Id: mine")
SWITCH = ((b"Upgrade", b"websocket"), (b"Connection", b"upgrade"), (b"Sec-WebSocket-Accept", b"abc"))


@pytest.fixture
def house() -> Iterator[House]:
    house = House()
    yield house
    house.clear()


def tunnelled(house: House, *, early: bytes = b"") -> tuple[Client, FakeTunnel]:
    """Return a client whose upgrade was taken, and its tunnel."""
    tunnel = FakeTunnel()
    house.site.answers[b"/graphql"] = lambda request: Reply(101, SWITCH, tunnel, tunnel=True)
    return house.connect().send(UPGRADE + early), tunnel


def test_passes_bytes_both_ways(house: House) -> None:
    client, tunnel = tunnelled(house, early=b"early ")
    assert house.site.requests[0].upgrade
    head, _, rest = client.raw.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n")
    assert b"Connection: Upgrade" in head
    assert b"Content-Length" not in head
    assert rest == b""
    client.send(b"GET / HTTP/1.1\r\n\r\n")
    tunnel.push(b"from ", b"alpha")
    assert tunnel.received == b"early GET / HTTP/1.1\r\n\r\n"
    assert client.raw.endswith(b"\r\n\r\nfrom alpha")
    assert len(house.site.requests) == 1


def test_is_one_entry_that_ends_with_the_tunnel(house: House) -> None:
    client, tunnel = tunnelled(house, early=b"12")
    client.send(b"345")
    tunnel.push(b"abcd")
    assert not house.ledger.closed
    tunnel.finish()
    assert client.socket.disconnecting
    (entry,) = house.ledger.closed
    assert (entry.status, entry.received, entry.sent) == (101, 5, 4)
    client.lose()
    assert len(house.ledger.closed) == 1


def test_ends_when_the_client_goes(house: House) -> None:
    client, tunnel = tunnelled(house)
    client.lose()
    assert tunnel.stopped
    assert house.ledger.statuses() == [101]


def test_is_cut_off_when_the_alpha_breaks_off(house: House) -> None:
    client, tunnel = tunnelled(house)
    tunnel.fail()
    assert client.socket.aborted
    assert house.ledger.statuses() == [101]


def test_passes_the_clients_end_on_and_waits_for_the_alphas(house: House) -> None:
    client, tunnel = tunnelled(house)
    client.finish()
    assert tunnel.ended
    assert not client.socket.ended
    tunnel.push(b"last words")
    tunnel.finish()
    assert client.raw.endswith(b"last words")
    assert client.socket.disconnecting


def test_does_not_wait_for_the_alphas_end_for_ever(house: House) -> None:
    client, _ = tunnelled(house)
    client.finish()
    house.wait(122)
    assert client.socket.aborted


def test_may_be_idle_for_hours(house: House) -> None:
    client, tunnel = tunnelled(house)
    house.wait(3 * 3600)
    client.send(b"still here")
    assert tunnel.received == b"still here"
    assert not client.socket.ended


def test_holds_the_client_back_while_the_alpha_is_slow(house: House) -> None:
    client, tunnel = tunnelled(house)
    tunnel.slower()
    assert client.socket.producerState == "paused"
    house.wait(20)
    tunnel.faster()
    assert client.socket.producerState == "producing"
    house.wait(100)
    assert not client.socket.ended
    tunnel.slower()
    house.wait(32)
    assert client.socket.aborted


def test_holds_the_alpha_back_while_the_client_is_slow() -> None:
    house = House(tunnel_buffer_bytes=100_000)
    client, tunnel = tunnelled(house)
    client.socket.stuck = True
    push_until_paused(tunnel, b"x" * 10_000)
    assert 100_000 < client.socket.most_held <= 110_000
    client.socket.take(10**9)
    assert not tunnel.paused
    tunnel.push(b"x" * 200_000)
    assert tunnel.paused
    house.wait(32)
    assert client.socket.aborted
    house.clear()


def test_holds_early_bytes_within_the_limit_until_the_upgrade_is_answered() -> None:
    house = House(tunnel_buffer_bytes=1000)
    waiting: Deferred[Reply] = Deferred()
    tunnel = FakeTunnel()
    house.site.answers[b"/graphql"] = lambda request: waiting
    client = house.connect().send(UPGRADE)
    client.send(b"x" * 1000)
    assert client.socket.producerState == "producing"
    client.send(b"y" * 1000)
    assert client.socket.producerState == "paused"
    waiting.callback(Reply(101, SWITCH, tunnel, tunnel=True))
    assert tunnel.received == b"x" * 1000 + b"y" * 1000
    assert client.socket.producerState == "producing"
    house.clear()


def test_an_upgrade_that_is_not_taken_goes_on_as_http(house: House) -> None:
    waiting: Deferred[Reply] = Deferred()
    house.site.answers[b"/graphql"] = lambda request: waiting
    client = house.connect().send(UPGRADE + get("/b"))
    assert len(house.site.requests) == 1
    waiting.callback(Reply(403, (), b"no"))
    assert client.statuses == [403, 200]


@pytest.mark.parametrize("change", [(b"GET", b"POST"), (b"HTTP/1.1", b"HTTP/1.0"), (b"WebSocket", b"h2c")])
def test_only_a_get_for_a_websocket_over_http_1_1_is_an_upgrade(
    house: House, change: tuple[bytes, bytes]
) -> None:
    house.connect().send(UPGRADE.replace(*change))
    assert not house.site.requests[0].upgrade


def test_cancels_the_upgrade_when_the_client_goes(house: House) -> None:
    house.site.answers[b"/graphql"] = lambda request: Deferred()
    client = house.connect().send(UPGRADE + b"early")
    client.lose()
    assert house.ledger.statuses() == [499]


def test_stops_a_tunnel_that_comes_too_late(house: House) -> None:
    tunnel = FakeTunnel()
    late: Deferred[Reply] = Deferred(lambda d: d.callback(Reply(101, SWITCH, tunnel, tunnel=True)))
    house.site.answers[b"/graphql"] = lambda request: late
    house.connect().send(UPGRADE).lose()
    assert tunnel.stopped
