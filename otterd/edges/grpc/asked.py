"""What the head of a request says: who asks, how long it may take, and the metadata for the alpha.

A Head that comes again is read once: what it says is kept with it. Of one that goes on where another
ended, only the rest is read.
"""

import re
from collections.abc import Iterable
from typing import Final, Protocol

from otterd.config import units
from otterd.core.operation import Caller, Door, Headers, Metadata
from otterd.edges.grpc.methods import METHODS, UNKNOWN
from otterd.edges.grpc.packing import ENCODINGS
from otterd.errors import BadRequest
from otterd.guard.tokens import bearer
from otterd.wire.h2 import Head
from otterd.wire.h2.fields import Field
from otterd.wire.h2.metadata import decode_binaries, parse_timeout

_NAME: Final = re.compile(rb"[0-9a-z_.-]+").fullmatch
_MOST_NAMES: Final = 1_024
_names: Final[dict[bytes, str]] = {}

_SKIPPED: Final = 0
_KIND: Final = 1
_TIMEOUT: Final = 2
_ENCODING: Final = 3
_STALE: Final = 4
_ADMIN: Final = 5
_ACCESS: Final = 6
"""From here on what is read is passed on as well; of `authorization` not what is Otter's own."""
_GALAXY: Final = 7
_ID: Final = 8
_FORWARDED: Final = 9
_ORIGIN: Final = 10
_SITE: Final = 11
_AUTHORIZATION: Final = 12

_MEANING: Final = {
    # Of this hop: the next one has its own.
    **dict.fromkeys(
        (b":method", b":scheme", b":path", b":authority", b"te", b"user-agent", b"host", b"content-length",
         b"grpc-accept-encoding", b"grpc-message-type", b"grpc-status", b"grpc-message"),
        _SKIPPED,
    ),
    b"content-type": _KIND,
    b"grpc-timeout": _TIMEOUT,
    b"grpc-encoding": _ENCODING,
    b"x-otter-max-stale": _STALE,
    b"x-otter-admin-token": _ADMIN,
    b"accessjwt": _ACCESS,
    b"galaxy-operation": _GALAXY,
    b"force-namespace": _GALAXY,
    b"x-request-id": _ID,
    b"x-forwarded-for": _FORWARDED,
    b"origin": _ORIGIN,
    b"sec-fetch-site": _SITE,
    b"authorization": _AUTHORIZATION,
}  # fmt: skip
"""What a field means; those that are not here pass on, but for Otter's own."""

_CROSS_SITE: Final = frozenset((b"cross-site", b"same-site"))
_OURS: Final = b"x-otter-"
_GRPC: Final = Door.GRPC


class Cleaner(Protocol):
    """The guard, as far as it knows what only Otter may read."""

    def clean(self, headers: Headers) -> Headers:
        """Return `headers` without that."""


class Asked:
    """What one head says; the same for all requests that have it, so it never changes.

    `kind` is its content type, `timeout` is in seconds, `encoding` that of its messages.
    """

    method = UNKNOWN
    metadata: Metadata = ()
    kind = b""
    timeout: float | None = None
    encoding = b""
    request_id: bytes | None = None
    galaxy = False
    max_stale: float | None = None
    usual = False
    """Whether it is a call for the corridor to which nothing is to be objected."""
    known = False
    """Whether it says more of the caller than the connection does."""
    access = False
    """Whether it carries a token of the caller's own, and that is all that is `known`."""
    lasting = True
    """Whether it says the same under every configuration."""
    forwarded: bytes | None = None
    origin: bytes | None = None
    site: bytes | None = None
    authorization: bytes | None = None
    admin: bytes | None = None
    own_token = False

    def caller(self, peer: str) -> Caller:
        """Say who asks from `peer`.

        As at the HTTP door, a page that hides its origin has the origin `null`.
        """
        origin = b"null" if self.origin is None and self.site in _CROSS_SITE else self.origin
        token = bearer(self.authorization)
        return Caller(_GRPC, peer, self.forwarded, origin, token, self.admin, False, self.own_token)


def asked_of(head: Head, guard: Cleaner) -> Asked:
    """Return what `head` asks; raise BadRequest for what gRPC cannot carry."""
    begun, more = head.begun, head.more
    if begun is None or more is None:
        said = Asked()
        said.method = METHODS.get(head.path, UNKNOWN)
        _read(said, head.fields, guard)
    else:
        before = begun.note
        said = _after(before if isinstance(before, Asked) else asked_of(begun, guard))
        _read(said, more, guard)
    method = said.method
    said.usual = (
        method.plan is not None
        and not method.refused
        and said.encoding in ENCODINGS
        and head.method == b"POST"
        and said.kind.startswith(b"application/grpc")
    )
    if said.lasting:
        head.note = said
    return said


def _after(begun: Asked) -> Asked:
    """Return one that says what `begun` does, to go on with."""
    said = Asked()
    said.method = begun.method
    said.metadata = begun.metadata
    said.kind = begun.kind
    said.timeout = begun.timeout
    said.encoding = begun.encoding
    said.request_id = begun.request_id
    said.max_stale = begun.max_stale
    said.galaxy = begun.galaxy
    if begun.known:
        said.known, said.access, said.own_token = True, begun.access, begun.own_token
        said.forwarded, said.origin, said.site = begun.forwarded, begun.origin, begun.site
        said.authorization, said.admin, said.lasting = begun.authorization, begun.admin, begun.lasting
    return said


def _read(said: Asked, fields: Iterable[Field], guard: Cleaner) -> None:
    """Take in `fields`, which follow on those that were taken in before."""
    metadata: list[tuple[str, str | bytes]] = []
    for name, value in fields:
        meaning = _MEANING.get(name)
        if meaning is None:
            if not name.startswith(_OURS):
                _add(metadata, name, value)
        elif meaning == _TIMEOUT:
            said.timeout = parse_timeout(value)
            if said.timeout is None:
                raise BadRequest("grpc-timeout is no length of time")
        elif meaning == _KIND:
            said.kind = value
        elif meaning == _ENCODING:
            said.encoding = value
        elif meaning >= _STALE:
            _note(said, meaning, value)
            if meaning >= _ACCESS and (meaning != _AUTHORIZATION or guard.clean(((name, value),))):
                _add(metadata, name, value)
    if metadata:
        said.metadata += tuple(metadata)


def _note(said: Asked, meaning: int, value: bytes) -> None:
    """Note what Otter itself reads: of a field that comes twice the first value, as a rule."""
    if meaning == _ID:
        if said.request_id is None:
            said.request_id = value
    elif meaning == _GALAXY:
        said.galaxy = True
    elif meaning == _STALE:
        if said.max_stale is None:
            said.max_stale = _span(value)
    elif meaning == _ACCESS:
        said.own_token = said.own_token or bool(value.strip())
        said.access = said.own_token and (said.access or not said.known)
        said.known = said.known or said.own_token
    else:
        said.known, said.access = True, False
        _note_caller(said, meaning, value)


def _add(metadata: list[tuple[str, str | bytes]], name: bytes, value: bytes) -> None:
    """Add what passes on to the alpha."""
    text = _names.get(name) or _named(name)
    if text.endswith("-bin"):
        try:
            metadata.extend([(text, raw) for raw in decode_binaries(value)])
        except ValueError:
            raise BadRequest("a metadata value of a name in -bin is no base64") from None
    elif value.isascii() and (said := value.decode()).isprintable():
        metadata.append((text, said))
    else:
        raise BadRequest("a metadata value has a character that gRPC does not allow")


def _named(name: bytes) -> str:
    """Return the name of a metadata field as text, and remember that it is one."""
    if _NAME(name) is None:
        raise BadRequest("a metadata name has a character that gRPC does not allow")
    if len(_names) >= _MOST_NAMES:
        _names.clear()
    text = _names[name] = name.decode()
    return text


def _note_caller(said: Asked, meaning: int, value: bytes) -> None:
    """Note what tells of the caller, from where and with what right."""
    if meaning == _FORWARDED:
        said.forwarded = value if said.forwarded is None else said.forwarded + b"," + value
    elif meaning == _ORIGIN:
        said.origin = value if said.origin is None else said.origin
    elif meaning == _SITE:
        said.site = value if said.site is None else said.site
    elif meaning == _ADMIN:
        said.admin = value if said.admin is None else said.admin
    else:
        said.authorization = value if said.authorization is None else said.authorization
        said.lasting = False


def _span(value: bytes) -> float:
    try:
        return units.span(value.decode("latin-1").strip())
    except ValueError as error:
        raise BadRequest(f"x-otter-max-stale: {error}") from None
