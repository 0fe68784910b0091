"""Gzip in both directions."""

import gzip
import zlib

import pytest

from otterd.edges.http import compress
from otterd.edges.http.compress import decoded
from otterd.edges.http.golang import Unsure
from otterd.errors import TooLarge


@pytest.mark.parametrize("encoding", [b"", b"identity"])
def test_leaves_what_is_not_encoded(encoding):
    assert decoded(encoding, b"text", 2) == b"text"


def test_reads_one_member_and_several():
    assert decoded(b"gzip", gzip.compress(b"text"), 4) == b"text"
    assert decoded(b"gzip", gzip.compress(b"te") + gzip.compress(b"") + gzip.compress(b"xt"), 4) == b"text"


def test_refuses_what_becomes_larger_than_the_limit():
    bomb = gzip.compress(bytes(10_000_000))
    with pytest.raises(TooLarge, match="1000 bytes"):
        decoded(b"gzip", bomb, 1000)
    with pytest.raises(TooLarge):
        decoded(b"gzip", gzip.compress(b"te") + gzip.compress(b"xts"), 4)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"text",
        gzip.compress(b"text")[:-1],
        gzip.compress(b"text") + b"x",
        gzip.compress(b"text") + b"\0",
        zlib.compress(b"text"),
        gzip.compress(b"text")[:-8] + b"12345678",
    ],
)
def test_leaves_broken_gzip_to_dgraph(body):
    with pytest.raises(Unsure):
        decoded(b"gzip", body, 100)


@pytest.mark.parametrize("encoding", [b"GZIP", b"br", b"deflate", b"gzip, gzip", b" gzip"])
def test_leaves_other_encodings_to_dgraph(encoding):
    with pytest.raises(Unsure):
        decoded(encoding, gzip.compress(b"text"), 100)


def test_what_is_compressed_reads_back():
    assert gzip.decompress(compress.gzip(b"text" * 1000)) == b"text" * 1000
