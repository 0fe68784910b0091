"""Who comes in, and how all are sent away."""

from otterd.errors import Forbidden, RateLimited
from tests.edges.ws.fakes import HEAD, House, frame


def told(house: House) -> bytes:
    """Return the whole answer to one more handshake."""
    client = house.client()
    client.send(HEAD + b"\r\n")
    if client.head.startswith(b"HTTP/1.1 101"):
        client.hang_up()
    return client.wire.received


def test_refuses_a_foreign_origin_and_tells_it(house: House) -> None:
    house.guard.refusal = Forbidden("this origin may not")
    assert told(house).startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert house.ledger.lines == [("ws upgrade", 403)]
    assert house.ledger.closed[0].verdict == "ErrorForbidden"


def test_refuses_whoever_comes_too_often(house: House) -> None:
    house.guard.refusal = RateLimited("rate limit exceeded", retry_after=3)
    answer = told(house)
    assert answer.startswith(b"HTTP/1.1 429 Too Many Requests\r\n")
    assert b"\r\nRetry-After: 3\r\n" in answer
    assert answer.endswith(b'\r\n\r\n{"error":"rate limit exceeded"}')


def test_refuses_connections_over_the_limit() -> None:
    house = House(ws_max_connections=2)
    first = house.client().open()
    second = house.client()
    assert told(house).startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    second.open()
    assert house.factory.connections == 2
    first.hang_up()
    assert told(house).startswith(b"HTTP/1.1 101 ")
    second.hang_up()


def test_cuts_what_is_far_over_the_limit_unheard() -> None:
    house = House(ws_max_connections=1)
    clients = [house.client() for _ in range(129)]
    over = house.client()
    assert over.wire.closing == "abort"
    assert house.factory.connections == 129
    for client in clients:
        client.hang_up()
    assert not house.factory.connections


def test_bounds_those_who_have_not_authenticated() -> None:
    house = House(ws_max_unauthenticated=2)
    first, second = house.client().open(), house.client().open()
    assert told(house).startswith(b"HTTP/1.1 503 ")
    first.authenticate()
    third = house.client().open()
    assert told(house).startswith(b"HTTP/1.1 503 ")
    third.hang_up()
    house.client().open().hang_up()
    second.hang_up()
    first.hang_up()
    assert house.factory.strangers == 0


def test_a_reload_changes_the_limits_of_those_to_come(house: House) -> None:
    before = house.client().open()
    house.reload(ws_max_message_bytes=20, ws_max_in_flight=1)
    after = house.client().open()
    long = frame(1, b'{"type":"ping","x":"yz"}')
    before.send(long)
    after.send(long)
    assert before.texts == [b'{"status":"pong"}']
    assert after.close is not None
    assert after.close[0] == 1009
    before.hang_up()
    after.hang_up()


def test_tells_when_all_are_gone(house: House) -> None:
    gone: list[None] = []
    house.factory.closed().addCallback(gone.append)
    assert gone == [None]
    one, two, shaking = house.client().open(), house.client().open(), house.client()
    house.factory.drain()
    house.factory.closed().addCallback(gone.append)
    assert shaking.wire.closing == "abort"
    assert one.close == two.close == (1001, b"going away")
    one.send(frame(8, b"\x03\xe9"))
    assert gone == [None]
    two.hang_up()
    assert gone == [None, None]
    assert told(house).startswith(b"HTTP/1.1 503 ")


def test_cuts_everything_when_told(house: House) -> None:
    clients = [house.client().open().authenticate(), house.client().open(), house.client()]
    house.factory.abort()
    assert [client.wire.closing for client in clients] == ["abort"] * 3
    assert not house.factory.connections
    house.pass_time(1)
    assert not house.clock.getDelayedCalls()
