"""What RFC 9113 demands for each wrong or odd frame, as a table: bytes in, code out."""

import pytest

from otterd.wire.h2 import ClientConnection, Code, Limits, ServerConnection, block, field
from otterd.wire.h2.encode import literal
from otterd.wire.h2.frames import PREFACE, SETTINGS_ACK, settings
from tests.wire.h2.peers import ANSWER, ASK, HEADED, TRAILED, Heard, Holder, frame, frames

DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, UPDATE, CONT = range(10)
OPEN = frame(HEADERS, 4, 1, ASK)
ENDED = frame(HEADERS, 5, 1, ASK)
ZERO = bytes(4)

# name: (frames after a met preface, GOAWAY code or None, {stream: RST code})
Case = tuple[bytes, Code | None, dict[int, Code]]
SERVED: dict[str, Case] = {
    "DATA on stream 0": (frame(DATA, 0, 0, b"a"), Code.PROTOCOL_ERROR, {}),
    "DATA on an idle stream": (frame(DATA, 0, 1, b"a"), Code.PROTOCOL_ERROR, {}),
    "DATA on an even stream": (frame(DATA, 0, 2, b"a"), Code.PROTOCOL_ERROR, {}),
    "DATA after END_STREAM": (ENDED + frame(DATA, 1, 1, b"a"), None, {1: Code.STREAM_CLOSED}),
    "DATA after RST_STREAM": (
        OPEN + frame(RST, 0, 1, b"\0\0\0\x08") + frame(DATA, 1, 1, b"a"),
        None,
        {1: Code.STREAM_CLOSED},
    ),
    "more padding than DATA": (OPEN + frame(DATA, 9, 1, b"\5abcd"), Code.PROTOCOL_ERROR, {}),
    "padded DATA of no bytes": (OPEN + frame(DATA, 9, 1), Code.FRAME_SIZE_ERROR, {}),
    "DATA that is all padding": (OPEN + frame(DATA, 9, 1, b"\3\0\0\0"), None, {}),
    "a frame too long": (OPEN + frame(DATA, 0, 1, bytes(16_385)), Code.FRAME_SIZE_ERROR, {}),
    "HEADERS on stream 0": (frame(HEADERS, 5, 0, ASK), Code.PROTOCOL_ERROR, {}),
    "HEADERS on an even stream": (frame(HEADERS, 5, 2, ASK), Code.PROTOCOL_ERROR, {}),
    "HEADERS with a lower number": (
        frame(HEADERS, 5, 5, ASK) + frame(HEADERS, 5, 3, ASK),
        Code.PROTOCOL_ERROR,
        {},
    ),
    "HEADERS after END_STREAM": (ENDED + frame(HEADERS, 5, 1, TRAILED), None, {1: Code.STREAM_CLOSED}),
    "HEADERS after RST_STREAM": (OPEN + frame(RST, 0, 1, ZERO) + ENDED, Code.STREAM_CLOSED, {}),
    "trailers that do not end": (OPEN + frame(HEADERS, 4, 1, TRAILED), None, {1: Code.PROTOCOL_ERROR}),
    "trailers with a pseudo-header": (OPEN + ENDED, None, {1: Code.PROTOCOL_ERROR}),
    "HEADERS with padding and priority": (
        frame(HEADERS, 0x2D, 1, b"\2\0\0\0\0\x10" + ASK + b"\0\0"),
        None,
        {},
    ),
    "more padding than HEADERS": (frame(HEADERS, 0xD, 1, b"\xff" + ASK), Code.PROTOCOL_ERROR, {}),
    "HEADERS too short for priority": (frame(HEADERS, 0x25, 1, b"\0\0"), Code.FRAME_SIZE_ERROR, {}),
    "HEADERS that depend on themselves": (
        frame(HEADERS, 0x25, 1, b"\0\0\0\1\x10" + ASK),
        Code.PROTOCOL_ERROR,
        {},
    ),
    "a request without pseudo-headers": (frame(HEADERS, 5, 1, TRAILED), None, {1: Code.PROTOCOL_ERROR}),
    "an answer as a request": (frame(HEADERS, 5, 1, HEADED), None, {1: Code.PROTOCOL_ERROR}),
    "an upper-case name": (
        frame(HEADERS, 5, 1, ASK + literal(b"X-A", b"1", never=False)),
        None,
        {1: Code.PROTOCOL_ERROR},
    ),
    "a block that cannot be decoded": (frame(HEADERS, 5, 1, b"\xff\xff"), Code.COMPRESSION_ERROR, {}),
    "a resize over the announced table": (
        frame(HEADERS, 5, 1, b"\x3f\xe1\x1f" + ASK),
        Code.COMPRESSION_ERROR,
        {},
    ),
    "a block in many frames": (
        frame(HEADERS, 1, 1, ASK[:3]) + frame(CONT, 0, 1, ASK[3:9]) + frame(CONT, 4, 1, ASK[9:]),
        None,
        {},
    ),
    "a block interrupted by another kind": (
        frame(HEADERS, 1, 1, ASK[:3]) + frame(PING, 0, 0, bytes(8)),
        Code.PROTOCOL_ERROR,
        {},
    ),
    "a block interrupted by an unknown kind": (
        frame(HEADERS, 1, 1, ASK[:3]) + frame(77, 0, 1),
        Code.PROTOCOL_ERROR,
        {},
    ),
    "a block interrupted by another stream": (
        frame(HEADERS, 1, 1, ASK[:3]) + frame(CONT, 4, 3, ASK[3:]),
        Code.PROTOCOL_ERROR,
        {},
    ),
    "CONTINUATION of nothing": (frame(CONT, 4, 1, ASK), Code.PROTOCOL_ERROR, {}),
    "CONTINUATION after the end": (OPEN + frame(CONT, 4, 1), Code.PROTOCOL_ERROR, {}),
    "PRIORITY": (frame(PRIORITY, 0, 1, bytes(5)), None, {}),
    "PRIORITY on stream 0": (frame(PRIORITY, 0, 0, bytes(5)), Code.PROTOCOL_ERROR, {}),
    "PRIORITY too short": (frame(PRIORITY, 0, 1, bytes(4)), Code.FRAME_SIZE_ERROR, {}),
    "PRIORITY on itself": (frame(PRIORITY, 0, 1, b"\0\0\0\1\0"), Code.PROTOCOL_ERROR, {}),
    "RST_STREAM on stream 0": (frame(RST, 0, 0, ZERO), Code.PROTOCOL_ERROR, {}),
    "RST_STREAM on an idle stream": (frame(RST, 0, 1, ZERO), Code.PROTOCOL_ERROR, {}),
    "RST_STREAM too short": (OPEN + frame(RST, 0, 1, b"\0"), Code.FRAME_SIZE_ERROR, {}),
    "RST_STREAM twice": (OPEN + frame(RST, 0, 1, ZERO) * 2, None, {}),
    "SETTINGS on a stream": (frame(SETTINGS, 0, 1), Code.PROTOCOL_ERROR, {}),
    "SETTINGS of five bytes": (frame(SETTINGS, 0, 0, bytes(5)), Code.FRAME_SIZE_ERROR, {}),
    "SETTINGS ACK with a payload": (frame(SETTINGS, 1, 0, bytes(6)), Code.FRAME_SIZE_ERROR, {}),
    "SETTINGS ACK of nothing": (SETTINGS_ACK, Code.PROTOCOL_ERROR, {}),
    "an unknown setting": (settings({0x77: 1, 0: 5}), None, {}),
    "ENABLE_PUSH 2": (settings({2: 2}), Code.PROTOCOL_ERROR, {}),
    "INITIAL_WINDOW_SIZE 2^31": (settings({4: 1 << 31}), Code.FLOW_CONTROL_ERROR, {}),
    "MAX_FRAME_SIZE 16383": (settings({5: 16_383}), Code.PROTOCOL_ERROR, {}),
    "MAX_FRAME_SIZE 2^24": (settings({5: 1 << 24}), Code.PROTOCOL_ERROR, {}),
    "PUSH_PROMISE": (OPEN + frame(PUSH, 4, 1, b"\0\0\0\2" + ASK), Code.PROTOCOL_ERROR, {}),
    "PING on a stream": (frame(PING, 0, 1, bytes(8)), Code.PROTOCOL_ERROR, {}),
    "PING of seven bytes": (frame(PING, 0, 0, bytes(7)), Code.FRAME_SIZE_ERROR, {}),
    "a PING ACK of nothing": (frame(PING, 1, 0, bytes(8)), None, {}),
    "GOAWAY on a stream": (frame(GOAWAY, 0, 1, bytes(8)), Code.PROTOCOL_ERROR, {}),
    "GOAWAY of seven bytes": (frame(GOAWAY, 0, 0, bytes(7)), Code.FRAME_SIZE_ERROR, {}),
    "WINDOW_UPDATE of three bytes": (frame(UPDATE, 0, 0, bytes(3)), Code.FRAME_SIZE_ERROR, {}),
    "WINDOW_UPDATE by 0": (frame(UPDATE, 0, 0, ZERO), Code.PROTOCOL_ERROR, {}),
    "WINDOW_UPDATE by 0 on a stream": (OPEN + frame(UPDATE, 0, 1, ZERO), None, {1: Code.PROTOCOL_ERROR}),
    "WINDOW_UPDATE on an idle stream": (frame(UPDATE, 0, 1, b"\0\0\0\1"), Code.PROTOCOL_ERROR, {}),
    "WINDOW_UPDATE on a closed stream": (
        OPEN + frame(RST, 0, 1, ZERO) + frame(UPDATE, 0, 1, b"\0\0\0\1"),
        None,
        {},
    ),
    "a connection window over 2^31-1": (
        frame(UPDATE, 0, 0, b"\x7f\xff\xff\xff") * 2,
        Code.FLOW_CONTROL_ERROR,
        {},
    ),
    "a stream window over 2^31-1": (
        OPEN + frame(UPDATE, 0, 1, b"\x7f\xff\xff\xff") * 2,
        None,
        {1: Code.FLOW_CONTROL_ERROR},
    ),
    "windows over 2^31-1 by SETTINGS": (
        OPEN + frame(UPDATE, 0, 1, b"\x7f\xff\x00\x00") + settings({4: 0x7FFFFFFF}),
        Code.FLOW_CONTROL_ERROR,
        {},
    ),
    "the reserved bit of a stream's number": (
        frame(HEADERS, 4, 0x80000001, ASK) + frame(DATA, 1, 0x80000001, b"a"),
        None,
        {},
    ),
    "an unknown frame": (frame(0xB7, 0xFF, 9, b"hello"), None, {}),
    "too little DATA for its content-length": (
        frame(HEADERS, 4, 1, ASK + field(b"content-length", b"5")) + frame(DATA, 1, 1, b"four"),
        None,
        {1: Code.PROTOCOL_ERROR},
    ),
    "END_STREAM with a content-length": (
        frame(HEADERS, 5, 1, ASK + field(b"content-length", b"5")),
        None,
        {1: Code.PROTOCOL_ERROR},
    ),
    "padding that is no content": (
        frame(HEADERS, 4, 1, ASK + field(b"content-length", b"4")) + frame(DATA, 9, 1, b"\2four\0\0"),
        None,
        {},
    ),
    "more DATA than content-length, in trailers' company": (
        frame(HEADERS, 4, 1, ASK + field(b"content-length", b"1"))
        + frame(DATA, 0, 1, b"two")
        + frame(HEADERS, 5, 1, TRAILED),
        None,
        {1: Code.PROTOCOL_ERROR},
    ),
}


def check(link: ClientConnection | ServerConnection, owner: Holder, case: Case, pieces: int) -> None:
    said, goes, resets = case
    for at in range(0, len(said), pieces):
        link.receive(said[at : at + pieces], 0.0)
    out = frames(link.data_to_send())
    gone = [int.from_bytes(payload[4:8]) for kind, _, _, payload in out if kind == GOAWAY]
    assert gone == ([goes] if goes is not None else [])
    assert {n: int.from_bytes(payload) for kind, _, n, payload in out if kind == RST} == resets
    assert [each and each.code for each in owner.closes] == ([goes] if goes is not None else [])
    assert link.over is (goes is not None)
    link.receive(frame(PING, 0, 0, b"12345678"), 0.0)
    assert (b"12345678" in link.data_to_send()) is not link.over


def server(*, met: bool = True, limits: Limits | None = None) -> tuple[ServerConnection, Holder]:
    owner = Holder(Heard)
    link = owner.link = ServerConnection(owner, limits)
    link.start(0.0)
    if met:
        link.receive(PREFACE + settings({}) + SETTINGS_ACK, 0.0)
        link.data_to_send()
    return link, owner


@pytest.mark.parametrize("pieces", [1 << 20, 1], ids=["at once", "by bytes"])
@pytest.mark.parametrize("case", SERVED.values(), ids=SERVED)
def test_a_server_answers_each_mistake_with_its_code(case: Case, pieces: int) -> None:
    link, owner = server()
    check(link, owner, case, pieces if len(case[0]) < 10_000 else 1 << 20)


FIRST = {
    "no preface": b"GET / HTTP/1.1\r\n\r\n",
    "a preface cut short by something else": PREFACE[:20] + b"xxxx",
    "no SETTINGS after it": PREFACE + frame(PING, 0, 0, bytes(8)),
    "an ACK after it": PREFACE + SETTINGS_ACK,
}


@pytest.mark.parametrize("said", FIRST.values(), ids=FIRST)
def test_a_client_must_begin_as_it_should(said: bytes) -> None:
    link, owner = server(met=False)
    for byte in said:
        link.receive(bytes((byte,)), 0.0)
    assert [each and each.code for each in owner.closes] == [Code.PROTOCOL_ERROR]


ASKED: dict[str, Case] = {
    "DATA before the head": (frame(DATA, 0, 1, b"a"), None, {1: Code.PROTOCOL_ERROR}),
    "an answer on an idle stream": (frame(HEADERS, 4, 3, HEADED), Code.PROTOCOL_ERROR, {}),
    "an answer on an even stream": (frame(HEADERS, 4, 2, HEADED), Code.PROTOCOL_ERROR, {}),
    "a request": (frame(HEADERS, 4, 1, ASK), None, {1: Code.PROTOCOL_ERROR}),
    "trailers first": (frame(HEADERS, 5, 1, TRAILED), None, {1: Code.PROTOCOL_ERROR}),
    "a second head": (frame(HEADERS, 4, 1, HEADED) * 2, None, {1: Code.PROTOCOL_ERROR}),
    "a second head that ends": (
        frame(HEADERS, 4, 1, HEADED) + frame(HEADERS, 5, 1, HEADED),
        None,
        {1: Code.PROTOCOL_ERROR},
    ),
    "trailers that do not end": (
        frame(HEADERS, 4, 1, HEADED) + frame(HEADERS, 4, 1, TRAILED),
        None,
        {1: Code.PROTOCOL_ERROR},
    ),
    "a 1xx that ends": (frame(HEADERS, 5, 1, block([(b":status", b"100")])), None, {1: Code.PROTOCOL_ERROR}),
    "too many 1xx": (
        frame(HEADERS, 4, 1, block([(b":status", b"103")])) * 9,
        None,
        {1: Code.ENHANCE_YOUR_CALM},
    ),
    "101": (frame(HEADERS, 4, 1, block([(b":status", b"101")])), None, {1: Code.PROTOCOL_ERROR}),
    "a push": (frame(PUSH, 4, 1, b"\0\0\0\2" + ASK), Code.PROTOCOL_ERROR, {}),
    "ENABLE_PUSH 1": (settings({2: 1}), Code.PROTOCOL_ERROR, {}),
    "a content-length that is not kept": (
        frame(HEADERS, 4, 1, block([*ANSWER, (b"content-length", b"9")])) + frame(DATA, 1, 1, b"short"),
        None,
        {1: Code.PROTOCOL_ERROR},
    ),
    "HEADERS after the end": (
        frame(HEADERS, 5, 1, HEADED) + frame(HEADERS, 5, 1, TRAILED),
        None,
        {1: Code.STREAM_CLOSED},
    ),
    "an end without trailers": (frame(HEADERS, 4, 1, HEADED) + frame(DATA, 1, 1, b"a"), None, {}),
}


@pytest.mark.parametrize("pieces", [1 << 20, 1], ids=["at once", "by bytes"])
@pytest.mark.parametrize("case", ASKED.values(), ids=ASKED)
def test_a_client_answers_each_mistake_with_its_code(case: Case, pieces: int) -> None:
    owner = Holder()
    link = ClientConnection(owner)
    link.start(0.0)
    call = Heard(link)
    call.stream = link.request(ASK, call, b"body")
    link.receive(settings({}) + SETTINGS_ACK, 0.0)
    link.data_to_send()
    check(link, owner, case, pieces)
    assert len(call.losses) + len(call.trailers) <= 1
    assert bool(call.losses) == bool(link.over or (1 in case[2] and not call.trailers))


def test_the_first_frame_of_a_server_is_settings() -> None:
    owner = Holder()
    link = ClientConnection(owner)
    link.start(0.0)
    link.receive(frame(PING, 0, 0, bytes(8)), 0.0)
    assert owner.closes[0] is not None
    assert owner.closes[0].code is Code.PROTOCOL_ERROR


def test_streams_over_the_announced_number_are_refused_and_cost_no_call() -> None:
    link, owner = server(limits=Limits(open_streams=2))
    link.receive(b"".join(frame(HEADERS, 4, number, ASK) for number in (1, 3, 5)), 0.0)
    assert len(owner.accepted) == 2
    assert frame(RST, 0, 5, b"\0\0\0\7") in link.data_to_send()


def test_nothing_that_a_peer_sent_is_in_what_is_said_of_it() -> None:
    link, owner = server()
    link.receive(frame(HEADERS, 5, 1, b"\x00\x06secret\x7f"), 0.0)
    assert owner.closes[0] is not None
    assert "secret" not in str(owner.closes[0])
