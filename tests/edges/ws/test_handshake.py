"""The opening handshake, read strictly."""

import json
import time

import pytest

from otterd.edges.ws.handshake import Refused, check_beginning, parse
from otterd.errors import Forbidden, RateLimited
from tests.edges.ws.fakes import HEAD

GOOD = HEAD.removesuffix(b"\r\n")
KEY = b"dGhlIHNhbXBsZSBub25jZQ=="


def refusal(head: bytes, max_fields: int = 100) -> Refused:
    with pytest.raises(Refused) as caught:
        parse(head, b"/ws", max_fields)
    return caught.value


def test_reads_what_the_door_needs() -> None:
    head = (
        GOOD
        + b"\r\nOrigin: https://a.example\r\nX-Forwarded-For: 1.1.1.1\r\nx-forwarded-for:2.2.2.2 "
        + b"\r\nX-Request-Id: abc\r\nSec-WebSocket-Extensions: permessage-deflate"
    )
    shake = parse(head, b"/ws", 100)
    assert (shake.key, shake.origin) == (KEY.decode(), b"https://a.example")
    assert (shake.forwarded, shake.request_id) == (b"1.1.1.1, 2.2.2.2", b"abc")


def test_needs_nothing_more() -> None:
    shake = parse(GOOD, b"/ws", 100)
    assert (shake.origin, shake.forwarded, shake.request_id) == (None, None, None)


def test_the_query_of_the_target_does_not_matter() -> None:
    parse(GOOD.replace(b"/ws ", b"/ws?x=1 "), b"/ws", 100)


def test_names_and_lists_are_read_in_any_case() -> None:
    head = GOOD.replace(b"Upgrade: websocket", b"UPGRADE: h2c, WebSocket")
    parse(head.replace(b"Connection: Upgrade", b"connection: keep-alive, UPGRADE"), b"/ws", 100)


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        (b"GET", b"POST", 405),
        (b"GET", b"G\x00T", 400),
        (b"HTTP/1.1", b"HTTP/1.0", 505),
        (b"HTTP/1.1", b"HTTP/2.0", 505),
        (b"HTTP/1.1", b"SIP/2.0", 400),
        (b" HTTP/1.1", b"", 400),
        (b"/ws", b"/", 404),
        (b"/ws", b"/ws/", 404),
        (b"/ws", b"//ws", 404),
        (b"/ws", b"/%77s", 404),
        (b"/ws", b"/ws#x", 404),
        (b"/ws", b"/a/../ws", 404),
        (b"/ws", b"http://otter/ws", 404),
        (b"/ws", b"/w s", 400),
        (b"Host: otter\r\n", b"", 400),
        (b"Host: otter", b"Host: otter\r\nHost: otter", 400),
        (b"Host: otter", b"Host : otter", 400),
        (b"Host: otter", b"Host: ot\x01ter", 400),
        (b"Host: otter", b"Host: ot\nter", 400),
        (b"Host: otter", b"Host: ot\rter", 400),
        (b"Host: otter", b"Host: otter\r\n folded", 400),
        (b"Host: otter", b"Host: otter\r\nnonsense", 400),
        (b"Host: otter", b"Host: otter\r\n: nameless", 400),
        (b"Host: otter", b"Host: otter\r\nContent-Length: 5", 400),
        (b"Host: otter", b"Host: otter\r\nTransfer-Encoding: chunked", 400),
        (b"Host: otter", b"Host: otter\r\nOrigin: a\r\nOrigin: b", 400),
        (b"Upgrade: websocket\r\n", b"", 426),
        (b"Upgrade: websocket", b"Upgrade: h2c", 426),
        (b"Connection: Upgrade\r\n", b"", 400),
        (b"Connection: Upgrade", b"Connection: close", 400),
        (b"Version: 13", b"Version: 8", 426),
        (b"Version: 13", b"Version: 13\r\nSec-WebSocket-Version: 13", 426),
        (b"Version: 13", b"Version: thirteen", 426),
        (b"\r\nSec-WebSocket-Version: 13", b"", 426),
        (KEY, b"", 400),
        (KEY, b"short", 400),
        (KEY, KEY[:-2], 400),
        (KEY, KEY.replace(b"G", b"!"), 400),
        (KEY, b"\xe9" * 24, 400),
        (KEY, KEY + b"\r\nSec-WebSocket-Key: " + KEY, 400),
    ],
)
def test_refuses(old: bytes, new: bytes, status: int) -> None:
    assert old in GOOD
    assert refusal(GOOD.replace(old, new, 1)).status == status


def test_refuses_too_many_fields() -> None:
    assert refusal(GOOD, 4).status == 431


def test_refusals_say_what_would_do() -> None:
    assert b"\r\nSec-WebSocket-Version: 13\r\n" in refusal(GOOD.replace(b": 13", b": 8")).render()
    assert b"\r\nAllow: GET\r\n" in refusal(GOOD.replace(b"GET", b"PUT")).render()


def test_a_refusal_is_a_whole_http_answer_that_repeats_nothing() -> None:
    head, _, body = refusal(GOOD.replace(KEY, b"s3cret<>")).render().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"\r\nConnection: close" in head
    assert b"\r\nContent-Length: %d\r\n" % len(body) in head
    assert list(json.loads(body)) == ["error"]
    assert b"s3cret" not in body


def test_tells_the_guards_refusals() -> None:
    told = Refused.by(RateLimited("rate limit exceeded", retry_after=2.4)).render()
    assert told.startswith(b"HTTP/1.1 429 Too Many Requests\r\n")
    assert b"\r\nRetry-After: 3\r\n" in told
    assert told.endswith(b'\r\n\r\n{"error":"rate limit exceeded"}')
    assert Refused.by(Forbidden("not you")).render().startswith(b"HTTP/1.1 403 Forbidden\r\n")


@pytest.mark.parametrize("end", [1, 3, 4, 7, 10, 16, 17, 18, 40, len(GOOD)])
def test_waits_for_the_rest_of_what_may_become_a_request(end: int) -> None:
    check_beginning(GOOD[:end])


@pytest.mark.parametrize(
    "data",
    [b"\x16\x03\x01\x02\x00", b" GET", b"\r\n", b"GET /ws\r\n", b"A" * 40, b"GET /\x00", b"GET  /", b"{}"],
)
def test_refuses_at_once_what_cannot(data: bytes) -> None:
    with pytest.raises(Refused):
        check_beginning(data)


def test_no_head_takes_long_to_read() -> None:
    head = GOOD + b"\r\nX: " + b" " * 16_000 + b"\x01"
    began = time.perf_counter()
    refusal(head)
    refusal(GOOD + b"\r\nX: " + b" x" * 8_000 + b"\x01")
    assert time.perf_counter() - began < 0.1
