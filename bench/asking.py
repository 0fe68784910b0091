"""The bytes that load is made of: what is asked of each door, and what opens a connection to it.

A run of `\\x01` stands for digits and one of `\\x02` for hex digits that the loader chooses anew
for each call; `settled` turns them into the same ones every time.
"""

import json
from dataclasses import dataclass
from struct import pack

from otterd.wire import api_pb2

ANSWER = json.dumps(
    {"q": [{"uid": hex(0x2710 + n), "name": f"somebody number {n:02}"} for n in range(13)]},
    separators=(",", ":"),
).encode()
"""Dgraph's JSON in every answer of the stub: some 0.6 KB."""

DIGITS, DEADLINE, TOKEN = "\x01" * 10, "\x01" * 4, "\x02" * 32
"""A literal of the query, a deadline of one to ten seconds in milliseconds, and a caller's token."""

PREDICATE = "bench.name"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Asked:
    """How one door is asked: `protocol` as the loader names it, what opens, and one request."""

    protocol: str
    hello: bytes
    request: bytes


def query(literal: str = DIGITS) -> str:
    """Return the query of every row."""
    return f'{{ q(func: eq({PREDICATE}, "{literal}")) {{ uid {PREDICATE} }} }}'


def settled(template: bytes) -> bytes:
    """Return `template` with the same digits and token every time."""
    for run, fixed in ((DIGITS, "4711004711"), (DEADLINE, "5000"), (TOKEN, "7" * len(TOKEN))):
        template = template.replace(run.encode(), fixed.encode())
    return template


def body() -> bytes:
    """Return the JSON body of `/query`."""
    # The runs are no valid JSON until they are filled in, and must not be escaped.
    return b'{"query":"' + query().replace('"', '\\"').encode() + b'"}'


def http(*, distinct: bool) -> Asked:
    """Return how `/query` is asked; `distinct` with new literals, deadlines and tokens each time."""
    target = f"/query?timeout={DEADLINE}ms" if distinct else "/query"
    token = f"X-Dgraph-AccessToken: {TOKEN}\r\n" if distinct else ""
    text = body()
    head = (
        f"POST {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"{token}Content-Length: {len(text)}\r\n\r\n"
    )
    return Asked("http", b"", _as_wanted(head.encode() + text, distinct=distinct))


def websocket(token: str, *, distinct: bool) -> Asked:
    """Return how a WebSocket is opened, authenticated with `token`, and asked."""
    upgrade = (
        "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    papers = text_frame(json.dumps({"type": "auth", "token": token}).encode())
    asked = b'{"type":"query",' + body()[1:]
    return Asked("ws", upgrade.encode() + papers, _as_wanted(text_frame(asked), distinct=distinct))


def text_frame(payload: bytes) -> bytes:
    """Return a client's text frame; its mask is zero, so that runs in `payload` stay what they are."""
    size = len(payload)
    head = bytes((0x81, 0x80 | size)) if size < 126 else b"\x81\xfe" + pack("!H", size)
    return head + bytes(4) + payload


def message() -> bytes:
    """Return `api.Request` with its gRPC prefix."""
    payload = api_pb2.Request(query=query()).SerializeToString()
    return b"\x00" + pack("!I", len(payload)) + payload


def grpc(*, distinct: bool) -> Asked:
    """Return how `Query` is called: HEADERS and DATA of a stream that the loader numbers."""
    fields = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/api.Dgraph/Query"),
        (":authority", "127.0.0.1"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ]
    if distinct:
        fields += [("grpc-timeout", DEADLINE + "m"), ("accessjwt", TOKEN)]
    block = b"".join(literal(name, value) for name, value in fields)
    request = frame(1, 4, 1, block) + frame(0, 1, 1, message())
    settings = pack("!HIHI", 2, 0, 4, 1 << 20)  # no push, and a window of 1 MiB for each stream
    hello = PREFACE + frame(4, 0, 0, settings) + frame(8, 0, 0, pack("!I", 1 << 30))
    return Asked("grpc", hello, _as_wanted(request, distinct=distinct))


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """Return one HTTP/2 frame."""
    return pack("!I", len(payload) << 8 | kind) + pack("!BI", flags, stream) + payload


def literal(name: str, value: str) -> bytes:
    """Return a header that no table remembers."""
    return b"\x10" + bytes((len(name),)) + name.encode() + bytes((len(value),)) + value.encode()


def answer() -> bytes:
    """Return the `api.Response` of the stub."""
    spent = api_pb2.Latency(parsing_ns=20_000, processing_ns=80_000, encoding_ns=9_000, total_ns=120_000)
    return api_pb2.Response(
        json=ANSWER, txn=api_pb2.TxnContext(start_ts=10_000), latency=spent
    ).SerializeToString()


def _as_wanted(template: bytes, *, distinct: bool) -> bytes:
    return template if distinct else settled(template)
