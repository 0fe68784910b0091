"""Malformed input: each gets a clear error or a clean close, and the next connection works."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.edges.ws.fakes import HEAD, TOKEN, Client, House, frame

PING = frame(1, b'{"type":"ping"}')
AUTH = frame(1, b'{"type":"auth","token":"the-token"}')

HANDSHAKES = [
    (b"\x16\x03\x01\x02\x00\x01\x00", 400),
    (b"\r\n\r\n", 400),
    (b"\x00" * 100, 400),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    (b"GET /ws\r\n\r\n", 400),
    (b"GET  /ws HTTP/1.1\r\n\r\n", 400),
    (b"GET /ws HTTP/1.1\n\n\r\n\r\n", 400),
    (b"GET /ws HTTP/1.1\r\n\r\n", 400),
    (b"GET /ws HTTP/1.1\r\nHost: otter\r\n\r\n", 426),
    (b"POST /query HTTP/1.1\r\nHost: otter\r\nContent-Length: 2\r\n\r\n{}", 404),
    (HEAD.replace(b"/ws", b"/graphql") + b"\r\n", 404),
    (HEAD.replace(b"GET", b"OPTIONS") + b"\r\n", 405),
    (HEAD.replace(b"HTTP/1.1", b"HTTP/1.0") + b"\r\n", 505),
    (HEAD + b"Host: other\r\n\r\n", 400),
    (HEAD + b"Content-Length: 3\r\n\r\nabc", 400),
    (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    (HEAD + b"X: a\x00b\r\n\r\n", 400),
    (HEAD + b" folded: yes\r\n\r\n", 400),
    (HEAD + b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", 400),
    (HEAD.replace(b"13", b"99999999999999999999") + b"\r\n", 426),
    (HEAD + b"X: " + b"x" * 20_000, 431),
    (HEAD + b"X: y\r\n" * 200 + b"\r\n", 431),
]


def still_works(house: House) -> None:
    """See that the next connection is served as if nothing had been."""
    client = house.client().open()
    client.send(PING)
    assert client.texts == [b'{"status":"pong"}']
    client.hang_up()
    assert not house.factory.connections
    assert house.factory.strangers == 0
    assert len(house.ledger.opened) == len(house.ledger.closed)


@pytest.mark.parametrize(("data", "status"), HANDSHAKES)
def test_a_bad_handshake_is_refused_and_closed(house: House, data: bytes, status: int) -> None:
    client = house.client()
    client.send(data)
    assert client.head.startswith(b"HTTP/1.1 %d " % status)
    assert client.wire.closing == "lose"
    client.send(b"more")
    still_works(house)


FRAMES = [
    (frame(1, b"{}", mask=None), 1002),
    (frame(1, b"{}", rsv=4), 1002),
    (frame(1, b"{}", rsv=1), 1002),
    (frame(3, b""), 1002),
    (frame(7, b"x"), 1002),
    (frame(11, b""), 1002),
    (frame(15, b"x"), 1002),
    (frame(0, b"orphan"), 1002),
    (frame(1, b"a", fin=False) + frame(1, b"b"), 1002),
    (frame(9, b"x", fin=False), 1002),
    (frame(9, b"x" * 126), 1002),
    (frame(8, b"x"), 1002),
    (frame(8, b"\x00\x05"), 1002),
    (frame(8, b"\x03\xee"), 1002),
    (frame(8, b"\xff\xff"), 1002),
    (frame(8, b"\x03\xe8\xff\xfe"), 1007),
    (b"\x81\xfe\x00\x05" + b"mask" + b"hello", 1002),
    (b"\x81\xff\x00\x00\x00\x00\x00\x00\x00\x05" + b"mask" + b"hello", 1002),
    (b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff" + b"mask", 1002),
    (b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff" + b"mask", 1009),
    (frame(1, b" " * (1 << 20), fin=False) + frame(0, b" "), 1009),
    (frame(1, b'{"type":"\xff"}'), 1007),
    (frame(1, b'{"type":"\xc3', fin=False) + frame(0, b'x"}'), 1007),
    (frame(1, b"\xed\xa0\x80"), 1007),
    (frame(1, b"\xe2\x82"), 1007),
    (frame(2, b""), 1003),
    (frame(2, b"\x00" * 1000), 1003),
]


@pytest.mark.parametrize(("data", "code"), FRAMES)
def test_a_bad_frame_ends_the_socket_with_its_code(house: House, data: bytes, code: int) -> None:
    client = house.client().open()
    client.send(data)
    assert client.close is not None
    assert client.close[0] == code
    client.send(PING + frame(8, b"\x03\xe8"))
    assert client.texts == []
    house.pass_time(6)
    assert client.wire.closing in {"lose", "abort"}
    still_works(house)


MESSAGES = [
    b"",
    b" ",
    b"{",
    b"}",
    b"nope",
    b"[]",
    b"null",
    b'"query"',
    b"1e999",
    b"NaN",
    b'{"type":"query","query":"q"}x',
    b'{"type":"query","query":"q",}',
    b"{'type':'query'}",
    b'{"type":"query" "query":"q"}',
    b'{"type":["query"]}',
    b'{"type":"query","query":7}',
    b'{"type":"query","query":"\\ud800"}',
    b'{"type":"query","query":"\\x41"}',
    b'{"type":"query","query":"\t"}',
    b'{"type":"query","query":"q","variables":{"$a":1}}',
    b'{"type":"query","query":"q","variables":"$a"}',
    b'{"type":"query","query":"q","shape":"xml"}',
    b'{"type":"query","query":"q","maxStale":"soon"}',
    b'{"type":"mutation","mutation":"m","commitNow":"yes"}',
    b'{"type":"mutation","mutations":{"set":1},"commitNow":true}',
    b'{"type":"mutation","set":[,],"commitNow":true}',
    b'{"type":"auth","token":"the-token","accessJwt":"a\\u0000b"}',
    b'{"x":' + b"[" * 500_000,
    b'{"x":' + b'{"a":' * 100_000,
    b'{"id":' + b"[" * 100_000 + b"]" * 100_000 + b',"type":"ping"}',
    b'{"id":' + b"9" * 100_000 + b"}",
]


@pytest.mark.parametrize("text", MESSAGES, ids=range(len(MESSAGES)))
def test_a_bad_message_is_answered_with_an_error_and_the_socket_lives(house: House, text: bytes) -> None:
    client = house.client().open().authenticate()
    client.send(frame(1, text))
    (answer,) = client.texts
    assert answer.startswith(b'{"error":"')
    client.send(PING)
    assert client.texts[1:] == [b'{"status":"pong"}']
    assert not house.gateway.operations
    client.hang_up()
    still_works(house)


def splices(client: Client, pieces: list[bytes]) -> None:
    for piece in pieces:
        client.send(piece)


WELL = [
    HEAD + b"\r\n",
    PING,
    AUTH,
    frame(1, b'{"type":"query","query":"q"}'),
    frame(9, b"x"),
    frame(8, b"\x03\xe8"),
]


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_bytes_at_all_bring_it_down(data: st.DataObject) -> None:
    house = House()
    client = house.client()
    if data.draw(st.booleans()):
        client.open()
    stream = b"".join(data.draw(st.lists(st.sampled_from(WELL) | st.binary(max_size=40), max_size=12)))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    splices(client, [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)])
    house.clock.advance(1)
    client.hang_up()
    for call in house.gateway.calls:
        if not call.called:
            call.callback(None)  # type: ignore[arg-type]
    still_works(house)


@settings(max_examples=100)
@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_no_bytes_reach_an_answer_unasked(noise: bytes) -> None:
    house = House()
    client = house.client().open()
    client.send(frame(1, b'{"type":"auth","token":"%b' % TOKEN.encode() + noise + b'"}'))
    assert TOKEN.encode() not in client.body
    client.hang_up()
