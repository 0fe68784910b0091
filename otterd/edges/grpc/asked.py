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

_SKIPPED, _KIND, _TIMEOUT, _ENCODING, _READ = range(5)
_MEANING = {
    # Of this hop: the next one has its own.
    **dict.fromkeys(
        (b":method", b":scheme", b":path", b":authority", b"te", b"user-agent", b"host", b"content-length",
         b"grpc-accept-encoding", b"grpc-message-type", b"grpc-status", b"grpc-message"),
        _SKIPPED,
    ),
    b"content-type": _KIND,
    b"grpc-timeout": _TIMEOUT,
    b"grpc-encoding": _ENCODING,
    # Read here and passed on; of `authorization` not what is Otter's own.
    **dict.fromkeys(
        (b"authorization", b"x-forwarded-for", b"origin", b"sec-fetch-site", b"accessjwt", b"x-request-id",
         b"galaxy-operation", b"force-namespace"),
        _READ,
    ),
}  # fmt: skip
"""What is done with a field; those that are not here pass on."""

_CROSS_SITE = frozenset((b"cross-site", b"same-site"))
_OURS = b"x-otter-"

Values = dict[bytes, list[bytes]]
"""The values of fields by name, in their order."""


class Cleaner(Protocol):
    """The guard, as far as it knows what only Otter may read."""

    def clean(self, headers: Headers) -> Headers:
        """Return `headers` without that."""


@dataclass(slots=True)
class Asked:
    """What one request's head says.

    `kind` is its content type, `timeout` is in seconds, `encoding` that of its messages.
    """

    caller: Caller
    metadata: Metadata = field(default=(), repr=False)
    kind: bytes = b""
    timeout: float | None = None
    encoding: bytes = b""
    request_id: bytes | None = None
    galaxy: bool = False
    max_stale: float | None = None


def asked_of(head: Head, stranger: Caller, guard: Cleaner) -> Asked:
    """Return what `head` asks; `stranger` is the connection's caller as long as nothing tells more.

    Raise BadRequest for what gRPC cannot carry.
    """
    said = Asked(stranger)
    metadata: list[tuple[str, str | bytes]] = []
    special: Values = {}
    for name, value in head.fields:
        meaning = _MEANING.get(name)
        if meaning is None:
            if name.startswith(_OURS):
                special.setdefault(name, []).append(value)
            else:
                _add(metadata, name, value)
        elif meaning is _KIND:
            said.kind = value
        elif meaning is _TIMEOUT:
            said.timeout = parse_timeout(value)
            if said.timeout is None:
                raise BadRequest("grpc-timeout is no length of time")
        elif meaning is _ENCODING:
            said.encoding = value
        elif meaning is _READ:
            special.setdefault(name, []).append(value)
            if name != b"authorization" or guard.clean(((name, value),)):
                _add(metadata, name, value)
    said.metadata = tuple(metadata)
    if special:
        _read(said, special)
    return said


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


def _read(said: Asked, special: Values) -> None:
    """Take in the fields that mean something to Otter."""
    said.request_id = special.pop(b"x-request-id", (None,))[0]
    if not special:
        return
    said.galaxy = b"galaxy-operation" in special or b"force-namespace" in special
    if b"x-otter-max-stale" in special:
        try:
            said.max_stale = units.span(special[b"x-otter-max-stale"][0].decode("latin-1").strip())
        except ValueError as error:
            raise BadRequest(f"x-otter-max-stale: {error}") from None
    said.caller = _caller(special, said.caller.peer)


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
