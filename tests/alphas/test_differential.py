"""The engine h2 against the one on grpc.aio: the same bytes from an alpha become equal results."""

import gzip
import zlib

import pytest
from twisted.internet.task import deferLater

from otterd.alphas.grpcio import GrpcioChannel
from otterd.alphas.h2 import H2Channel
from otterd.alphas.resolve import Resolver
from otterd.errors import AlphaFailure, Lost
from tests.alphas.calling import QUERY, Names
from tests.fakes.frames import HEAD, Server, fields, sends

OK = fields((b"grpc-status", b"0"))


def message(payload, flag=0):
    return bytes([flag]) + len(payload).to_bytes(4, "big") + payload


AB = message(b"ab")


def answer(*head, payload=AB, trailers=((b"grpc-status", b"0"),)):
    return sends((1, 4, fields(*HEAD, *head)), (0, 0, payload), (1, 5, fields(*trailers)))


def refusal(*trailers):
    return sends((1, 5, fields(*HEAD, *trailers)))


def status(code, *more):
    return ((b"grpc-status", code), *more)


ENCODED = (b"grpc-encoding", b"gzip")

SAID = {
    "an answer": answer(),
    "an empty message": answer(payload=message(b"")),
    "a message in pieces": sends(
        (1, 4, fields(*HEAD)), (0, 0, b"\0\0"), (0, 0, b"\0\0\3a"), (0, 0, b"bc"), (1, 5, OK)
    ),
    "padded": sends((1, 4, fields(*HEAD)), (0, 8, b"\3" + AB + b"\0\0\0"), (1, 5, OK)),
    "metadata": answer((b"dgraph-toucheduids", b"2"), (b"x", b"a"), (b"y", b""), (b"x", b"b")),
    "trailing metadata": answer(trailers=status(b"0", (b"x", b"1"), (b"date", b"now"), (b"server", b"s"))),
    "known fields": answer(
        (b"grpc-encoding", b"identity"),
        (b"grpc-accept-encoding", b"gzip"),
        (b"server", b"s"),
        (b"via", b"v"),
        (b"content-length", b"7"),
        (b"accept-encoding", b"gzip"),
        (b"te", b"trailers"),
        (b"user-agent", b"u"),
    ),
    "bytes": answer((b"a-bin", b"AP8="), (b"b-bin", b"AP8"), (b"c-bin", b"")),
    "bytes joined": answer((b"a-bin", b"AP8=,AA")),
    "bytes that are none": answer((b"a-bin", b"!!")),
    "details": refusal(*status(b"9", (b"grpc-message", b"no"), (b"grpc-status-details-bin", b"CAkSAm5v"))),
    "a value that is not ASCII": answer((b"x", "ü".encode())),
    "spaces around a value": answer((b"x", b" a ")),
    "trailers only": refusal(*status(b"2", (b"grpc-message", b"line 1 column 2: no"), (b"x", b"y"))),
    "success in trailers only": refusal(*status(b"0")),
    "an error after the head": sends(
        (1, 4, fields(*HEAD, (b"h", b"1"))), (1, 5, fields(*status(b"5", (b"t", b"2"))))
    ),
    "an error after a message": answer(trailers=status(b"5", (b"grpc-message", b"gone"))),
    "no text": refusal(*status(b"13")),
    "percent": refusal(*status(b"2", (b"grpc-message", b"a%20b%c3%BC%0A%"))),
    "percent of no UTF-8": refusal(*status(b"2", (b"grpc-message", b"a%FFb%zz%4"))),
    "raw UTF-8": refusal(*status(b"2", (b"grpc-message", "ü".encode()))),
    "spaces at the end": refusal(*status(b"2", (b"grpc-message", b" text  "))),
    "code 16": refusal(*status(b"16")),
    "code 17": refusal(*status(b"17", (b"grpc-message", b"no such"))),
    "code 999": refusal(*status(b"999")),
    "code -1": refusal(*status(b"-1")),
    "code 07": refusal(*status(b"07")),
    "no code": refusal(*status(b"abc", (b"grpc-message", b"no such"))),
    "code 00": answer(trailers=status(b"00")),
    "success with a text": answer(trailers=status(b"0", (b"grpc-message", b"fine"))),
    "a status in the head, then data": sends((1, 4, fields(*HEAD, *status(b"0"))), (0, 1, AB)),
    "two messages": answer(payload=AB + message(b"c")),
    "half a message": answer(payload=AB[:-1]),
    "a message and a bit": answer(payload=AB + b"\0\0"),
    "half a head": answer(payload=b"\0\0"),
    "nothing": answer(payload=b""),
    "gzip": answer(ENCODED, payload=message(gzip.compress(b"a" * 1000), 1)),
    "not compressed though announced": answer(ENCODED),
    "compressed without a word": answer(payload=message(gzip.compress(b"ab"), 1)),
    "compressed as identity": answer((b"grpc-encoding", b"identity"), payload=message(b"ab", 1)),
    "an unknown encoding": answer((b"grpc-encoding", b"br"), payload=message(b"ab", 1)),
    "an unknown encoding unused": answer((b"grpc-encoding", b"br")),
    "broken gzip": answer(ENCODED, payload=message(b"abcd", 1)),
    "deflate": answer((b"grpc-encoding", b"deflate"), payload=message(zlib.compress(b"ab"), 1)),
    "an unknown flag": answer(payload=message(b"ab", 2)),
    "no content type": sends((1, 4, fields((b":status", b"200"))), (0, 0, AB), (1, 5, OK)),
    "another content type": sends(
        (1, 4, fields((b":status", b"200"), (b"content-type", b"text/html"))), (0, 0, AB), (1, 5, OK)
    ),
    "HTTP 503": sends((1, 5, fields((b":status", b"503")))),
    "HTTP 404 with a page": sends((1, 4, fields((b":status", b"404"))), (0, 1, b"no such page")),
    "HTTP 502 with a status": sends(
        (1, 5, fields((b":status", b"502"), *status(b"14", (b"grpc-message", b"away"))))
    ),
    "an informational head": sends(
        (1, 4, fields((b":status", b"103"), (b"link", b"x"))), (1, 4, fields(*HEAD)), (0, 0, AB), (1, 5, OK)
    ),
    "reset, refused": sends((3, 0, (7).to_bytes(4, "big"))),
    "reset, cancelled": sends((3, 0, (8).to_bytes(4, "big"))),
    "reset, no error": sends((3, 0, (0).to_bytes(4, "big"))),
    "reset, calm": sends((3, 0, (11).to_bytes(4, "big"))),
    "reset after the head": sends((1, 4, fields(*HEAD)), (3, 0, (7).to_bytes(4, "big"))),
    "status, then reset": sends((1, 5, fields(*HEAD, *status(b"14"))), (3, 0, (0).to_bytes(4, "big"))),
    "closed": sends(close=True),
    "broken frames": sends((4, 0, b"abc")),
}

FINE = (0, b"ab", (), (), "")

OURS = {
    # grpc.aio ends the connection.
    "padded": FINE,
    "an informational head": FINE,
    "bytes joined": (0, b"ab", ((b"a-bin", b"\0\xff"), (b"a-bin", b"\0")), (), ""),
    "an unknown encoding unused": FINE,
    # grpc.aio tells it in other words.
    "known fields": (
        0,
        b"ab",
        ((b"server", b"s"), (b"via", b"v"), (b"accept-encoding", b"gzip"), (b"user-agent", b"u")),
        (),
        "",
    ),
    "percent of no UTF-8": (2, b"", (), (), "a\ufffdb%zz%4"),
    # The alpha may have done its work, which a status that grpc.aio makes up would deny.
    "compressed without a word": Lost,
    "compressed as identity": Lost,
    "broken gzip": Lost,
    # grpc.aio hangs until the deadline.
    "two messages": Lost,
    "a message and a bit": Lost,
    # What has begun to answer has begun to work.
    "reset after the head": Lost,
}
"""Where h2 differs, and why."""


def grouped(headers):
    """Return `headers` as grpc.aio orders them: fields of a name side by side."""
    names = dict.fromkeys(name for name, _ in headers)
    return tuple((name, value) for name in names for other, value in headers if other == name)


async def outcome(reactor, engine, address):
    channel = engine(address, Resolver(reactor, Names().lookup), reactor, None, lambda: 5.0)
    try:
        got = await channel.call(QUERY, 5)
        result = (got.status, got.body, grouped(got.headers), grouped(got.trailers), got.message)
    except AlphaFailure as failure:
        result = type(failure)
    await channel.close()
    return result


@pytest.mark.parametrize("what", SAID)
async def test_both_engines_tell_the_same(reactor, what):
    server = Server(reactor, SAID[what])
    ours = await outcome(reactor, H2Channel, server.address)
    theirs = OURS[what] if what in OURS else await outcome(reactor, GrpcioChannel, server.address)
    await server.stop()
    await deferLater(reactor, 0)
    assert ours == theirs
