"""What the head of a request says: who asks, how long it may take, and the metadata for the alpha."""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

from otterd.config import units
from otterd.core.operation import Caller, Door, Headers, Metadata
from otterd.errors import BadRequest
from otterd.guard.tokens import bearer
from otterd.wire.h2 import Head
from otterd.wire.h2.metadata import decode_binaries, parse_timeout

_NAME = re.compile(rb"[0-9a-z_.-]+").fullmatch
_VALUE = re.compile(rb"[\x20-\x7e]*").fullmatch

_OF_THE_HOP = frozenset(
    (b":method", b":scheme", b":path", b":authority", b"te", b"content-type", b"user-agent", b"host",
     b"grpc-accept-encoding", b"grpc-message-type", b"content-length", b"grpc-status", b"grpc-message")
)  # fmt: skip
"""Fields that end here: the next hop has its own."""

_READ_HERE = frozenset((b"grpc-timeout", b"grpc-encoding"))
"""Fields that Otter acts on and does not pass on."""

_READ = frozenset(
    (b"authorization", b"x-forwarded-for", b"origin", b"sec-fetch-site", b"accessjwt", b"x-request-id",
     b"galaxy-operation", b"force-namespace")
)  # fmt: skip
"""Fields that Otter reads and passes on; of `authorization` not what is its own."""

_CROSS_SITE = frozenset((b"cross-site", b"same-site"))
_OURS = b"x-otter-"

Values = dict[bytes, list[bytes]]


class Cleaner(Protocol):
    """The guard, as far as it knows what only Otter may read."""

    def clean(self, headers: Headers) -> Headers:
        """Return `headers` without that."""


@dataclass(slots=True)
class Asked:
    """What one request's head says; `timeout` is in seconds, `encoding` that of its messages."""

    caller: Caller
    metadata: Metadata = field(default=(), repr=False)
    timeout: float | None = None
    encoding: bytes = b""
    galaxy: bool = False
    max_stale: float | None = None


def asked_of(head: Head, stranger: Caller, guard: Cleaner) -> Asked:
    """Return what `head` asks; `stranger` is the connection's caller as long as nothing tells more.

    Raise BadRequest for what gRPC cannot carry.
    """
    metadata: list[tuple[str, str | bytes]] = []
    special: Values = {}
    for name, value in head.fields:
        if name in _OF_THE_HOP:
            continue
        if name in _READ_HERE or name.startswith(_OURS):
            special.setdefault(name, []).append(value)
            continue
        if name in _READ:
            special.setdefault(name, []).append(value)
            if name == b"authorization" and not guard.clean(((name, value),)):
                continue
        _add(metadata, name, value)
    if not special:
        return Asked(stranger, tuple(metadata))
    return _read(special, tuple(metadata), stranger)


def _add(metadata: list[tuple[str, str | bytes]], name: bytes, value: bytes) -> None:
    text = _named(name)
    if not text.endswith("-bin"):
        if _VALUE(value) is None:
            raise BadRequest("a metadata value has a character that gRPC does not allow")
        metadata.append((text, value.decode()))
        return
    try:
        metadata.extend((text, raw) for raw in decode_binaries(value))
    except ValueError:
        raise BadRequest("a metadata value of a name in -bin is no base64") from None


@lru_cache(1024)
def _named(name: bytes) -> str:
    """Return the name of a metadata field as text."""
    if _NAME(name) is None:
        raise BadRequest("a metadata name has a character that gRPC does not allow")
    return name.decode()


def _read(special: Values, metadata: Metadata, stranger: Caller) -> Asked:
    """Take in the fields that mean something to Otter."""
    said = Asked(stranger, metadata)
    timeout = special.pop(b"grpc-timeout", None)
    if timeout is not None:
        said.timeout = parse_timeout(timeout[0])
        if said.timeout is None:
            raise BadRequest("grpc-timeout is no length of time")
    said.encoding = special.pop(b"grpc-encoding", (b"",))[0]
    special.pop(b"x-request-id", None)
    if not special:
        return said
    said.galaxy = b"galaxy-operation" in special or b"force-namespace" in special
    if b"x-otter-max-stale" in special:
        try:
            said.max_stale = units.span(special[b"x-otter-max-stale"][0].decode("latin-1").strip())
        except ValueError as error:
            raise BadRequest(f"x-otter-max-stale: {error}") from None
    said.caller = _caller(special, stranger.peer)
    return said


def _caller(special: Values, peer: str) -> Caller:
    """Say who asks; as at the HTTP door, a page that hides its origin has the origin `null`."""
    origin = special.get(b"origin", (None,))[0]
    if origin is None and special.get(b"sec-fetch-site", (b"",))[0] in _CROSS_SITE:
        origin = b"null"
    forwarded = special.get(b"x-forwarded-for")
    return Caller(
        Door.GRPC,
        peer,
        forwarded=b",".join(forwarded) if forwarded is not None else None,
        origin=origin,
        bearer=bearer(special.get(b"authorization", (None,))[0]),
        admin=special.get(b"x-otter-admin-token", (None,))[0],
        own_token=any(map(bytes.strip, special.get(b"accessjwt", ()))),
    )
