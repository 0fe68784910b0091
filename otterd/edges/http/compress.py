"""Gzip in both directions, as Dgraph's HTTP port takes and gives it."""

import zlib

from otterd.edges.http.golang import Unsure
from otterd.errors import TooLarge

_GZIP = 31  # window bits: gzip header and trailer wanted
_LEVEL = 1  # the reactor waits meanwhile; higher levels cost several times more for a few per cent


def decoded(encoding: bytes, body: bytes, limit: int) -> bytes:
    """Return `body` without its `encoding`; raise TooLarge when that is over `limit` bytes."""
    if not encoding or encoding == b"identity":
        return body
    if encoding != b"gzip" or not body:
        raise Unsure
    return gunzip(body, limit)


def gunzip(body: bytes, limit: int) -> bytes:
    """Return what the gzip members of `body` hold; raise TooLarge over `limit` bytes."""
    pieces: list[bytes] = []
    left = limit
    while body:
        member = zlib.decompressobj(_GZIP)
        try:
            piece = member.decompress(body, left + 1)
        except zlib.error:
            raise Unsure from None
        left -= len(piece)
        if left < 0:
            raise TooLarge(f"the body is over the limit of {limit} bytes when decompressed")
        if not member.eof:
            raise Unsure
        pieces.append(piece)
        body = member.unused_data
    return b"".join(pieces)


def gzip(data: bytes) -> bytes:
    """Return `data` as one gzip member."""
    member = packer()
    return member.compress(data) + member.flush()


def packer() -> "zlib._Compress":
    """Return what compresses one gzip member, piece by piece."""
    return zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
