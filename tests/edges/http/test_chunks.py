"""Chunked bodies: llhttp, which is not used for them, is the oracle."""

from itertools import pairwise

import httptools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otterd.edges.http.chunks import ChunkedBody
from otterd.edges.http.refused import Refused

HEAD = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
SIZES = [b"0", b"1", b"3", b"A", b"003", b"\r\n"]
PARTS = [*SIZES, b"\r\n0\r\n", b"\r", b"\n", b";", b"a=b", b'"', b"\\", b" ", b"abc", b"x:", b"\xff"]
WHOLE = st.sampled_from(
    [b"3\r\nabc\r\n", b"1;a\r\n0\r\n", b"0\r\n", b'2;a="b"\r\n\r\n\r\n', b"0\r\nx:y\r\n\r\n"]
)


class Oracle:
    """What llhttp makes of a chunked body."""

    def __init__(self) -> None:
        self.body = b""
        self.done = False
        self._parser = httptools.HttpRequestParser(self)
        self._parser.feed_data(HEAD)

    def on_body(self, data: bytes) -> None:
        self.body += data

    def on_message_complete(self) -> None:
        self.done = True

    def takes(self, data: bytes) -> bool:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            return False
        return True


def test_gives_the_body_and_what_follows() -> None:
    chunks = ChunkedBody(100, 100)
    assert chunks.feed(b"5\r\nhello\r\n0\r\nX: y\r\n\r\nGET /") == b"GET /"
    assert chunks.body == b"hello"


def test_gives_an_empty_rest_when_nothing_follows() -> None:
    assert ChunkedBody(100, 100).feed(b"0\r\n\r\n") == b""


def test_takes_a_body_as_large_as_the_limit_and_no_larger() -> None:
    assert ChunkedBody(5, 0).feed(b"2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n") == b""
    with pytest.raises(Refused) as caught:
        ChunkedBody(5, 0).feed(b"2\r\nab\r\n4\r\n")
    assert caught.value.status == 413


def test_takes_an_extension_as_long_as_the_limit_and_no_longer() -> None:
    assert ChunkedBody(5, 0).feed(b"0000000000000002;" + b"x" * 255 + b"\r\n") is None
    for size in (256, 300):
        with pytest.raises(Refused):
            ChunkedBody(5, 0).feed(b"2;" + b"x" * size + b"\r\n")


def test_bounds_the_trailers_together() -> None:
    assert ChunkedBody(5, 10).feed(b"0\r\nA: bcdefg\r\n\r\n") == b""
    with pytest.raises(Refused):
        ChunkedBody(5, 10).feed(b"0\r\nA: bcd\r\nB: cde\r\n\r\n")


@settings(max_examples=1500, deadline=None)
@given(st.lists(WHOLE | st.sampled_from(PARTS), max_size=10), st.integers(1, 40))
def test_takes_nothing_that_llhttp_reads_otherwise(parts: list[bytes], size: int) -> None:
    raw = b"".join(parts)
    chunks = ChunkedBody(10**6, 10**6)
    for at in range(0, len(raw), size):
        try:
            rest = chunks.feed(raw[at : at + size])
        except Refused:
            return
        if rest is not None:
            oracle = Oracle()
            assert oracle.takes(raw[: at + len(raw[at : at + size]) - len(rest)])
            assert oracle.done
            assert chunks.body == oracle.body
            return


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=6), st.lists(st.integers(0, 200), max_size=6))
def test_joins_any_chunks_cut_anywhere(pieces: list[bytes], cuts: list[int]) -> None:
    raw = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"
    chunks = ChunkedBody(10**6, 0)
    edges = sorted({0, len(raw), *(cut for cut in cuts if cut < len(raw))})
    rests = [chunks.feed(raw[a:b]) for a, b in pairwise(edges)]
    assert rests == [None] * (len(rests) - 1) + [b""]
    assert chunks.body == b"".join(pieces)
