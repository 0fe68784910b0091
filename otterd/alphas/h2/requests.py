"""The header fields of a call, encoded: what is the same in every call of a method only once."""

from math import ceil, inf
from typing import Final

from otterd import __version__
from otterd.core.operation import Duplex, Metadata, Rpc
from otterd.wire.h2 import block, field
from otterd.wire.h2.encode import literal
from otterd.wire.h2.metadata import encode_binary, format_timeout

FLOW: Final = 600.0
"""Seconds that the alpha is given on top to be rid of an answer that may flow. The deadline itself is
kept by cancelling the stream, which ends the work as well."""

_MOST_KEPT: Final = 1024
_LEAST_IN_MS: Final = 90
_MOST_IN_MS: Final = 99_999_999
_TIMEOUTS: Final = [literal(b"grpc-timeout", b"0" * size, never=False)[: -size or None] for size in range(10)]
"""What stands before a `grpc-timeout`, by the length of that."""


class Requests:
    """Encodes the calls to one alpha, whose `authority` is "host:port"."""

    def __init__(self, authority: str, *, secure: bool) -> None:
        self._before = [
            (b":method", b"POST"),
            (b":scheme", b"https" if secure else b"http"),
            (b":authority", authority.encode()),
        ]
        self._methods: dict[str, bytes] = {}
        self._ms = -1
        self._left = b""
        """What was said last of the time that is left: `_ms` milliseconds."""

    def block(self, rpc: Rpc, timeout: float) -> bytes:
        """Return the header block of `rpc`, which has `timeout` seconds left."""
        constant = self._methods.get(rpc.method) or self._constant(rpc.method)
        if rpc.streams and not rpc.strict:
            timeout += FLOW
        # A whole number of ms, rounded up: most calls of a purpose then say the same.
        ms = ceil(timeout * 1000)
        if ms != self._ms or ms < _LEAST_IN_MS:
            self._ms, self._left = ms, _left(ms, timeout)
        told = constant + self._left
        return told + _fields(rpc.metadata) if rpc.metadata else told

    def opening(self, rpc: Duplex, timeout: float) -> bytes:
        """Return the header block of a call with messages both ways, to begin within `timeout` seconds.

        Messages pass as they are, so the alpha may pack its own only as the caller packs.
        """
        accepted = b"identity," + rpc.encoding if rpc.encoding else b"identity"
        fields = [*self._fields_of(rpc.method), (b"grpc-accept-encoding", accepted)]
        if rpc.encoding:
            fields.append((b"grpc-encoding", rpc.encoding))
        if rpc.beyond < inf:
            fields.append((b"grpc-timeout", format_timeout(timeout + rpc.beyond)))
        return block(fields) + _fields(rpc.metadata)

    def _fields_of(self, method: str) -> list[tuple[bytes, bytes]]:
        return [
            *self._before,
            (b":path", f"/api.Dgraph/{method}".encode()),
            (b"te", b"trailers"),
            (b"content-type", b"application/grpc"),
            (b"user-agent", f"otter/{__version__}".encode()),
        ]

    def _constant(self, method: str) -> bytes:
        made = block([*self._fields_of(method), (b"grpc-accept-encoding", b"identity,deflate,gzip")])
        if len(self._methods) < _MOST_KEPT:
            self._methods[method] = made
        return made


def _left(ms: int, timeout: float) -> bytes:
    """Return the field that tells of `timeout` seconds, which are `ms` milliseconds and no more."""
    if not _LEAST_IN_MS <= ms <= _MOST_IN_MS:
        return literal(b"grpc-timeout", format_timeout(timeout), never=False)
    said = b"%dm" % ms
    return _TIMEOUTS[len(said)] + said


def _fields(metadata: Metadata) -> bytes:
    return b"".join(
        [
            field(name.encode(), encode_binary(value) if isinstance(value, bytes) else value.encode())
            for name, value in metadata
        ]
    )
