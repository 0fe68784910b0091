"""What every DQL request has around its text: method, parameters, media type, encoding, tokens."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import msgspec

from otterd.core.operation import Metadata
from otterd.edges.http.compress import decoded
from otterd.edges.http.exchange import Request
from otterd.edges.http.golang import Unsure, duration, params, uint

JSON = b"application/json"
RDF = b"application/rdf"
DQL = b"application/dql"
OLD_DQL = b"application/graphql+-"

_METHODS = frozenset((b"POST", b"PUT"))
_NO_PARAMS: Mapping[bytes, bytes] = {}
ACL = "accessjwt"
ACCESS_TOKEN = b"x-dgraph-accesstoken"
_TOKENS = ((ACCESS_TOKEN, ACL), (b"x-dgraph-authtoken", "auth-token"))
_CARRIED = re.compile(rb"[ -~]+").fullmatch


class Envelope(msgspec.Struct):
    """The parts of a request that all translators read; `body` is decompressed."""

    params: Mapping[bytes, bytes]
    body: bytes
    metadata: Metadata
    gzip: bool

    @property
    def has_token(self) -> bool:
        """Whether the caller showed an ACL token of its own."""
        return has_token(self.metadata)


@dataclass(slots=True, frozen=True)
class Hints:
    """What can be told of a request that goes to the alpha as it is; see `plan.Verbatim`."""

    timeout: float | None = None
    start_ts: int = 0


def opened(request: Request, names: Collection[bytes], limit: int) -> Envelope:
    """Return the envelope of `request`, whose parameters are `names`.

    Raise TooLarge when the body decompresses to more than `limit` bytes.
    """
    given, lower, body = parameters(request, names), request.lower, request.body
    if b"content-encoding" in lower:
        body = decoded(lower[b"content-encoding"], body, limit)
    return Envelope(given, body, tokens(lower), takes_gzip(lower))


def parameters(request: Request, names: Collection[bytes]) -> Mapping[bytes, bytes]:
    """Return those called `names` that `request` sets, if its method is one that carries DQL."""
    if request.method not in _METHODS:
        raise Unsure
    return params(request.query, names) if request.query else _NO_PARAMS


def takes_gzip(lower: Mapping[bytes, bytes]) -> bool:
    """Tell whether the caller takes a compressed answer, as Dgraph reads it."""
    return b"gzip" in lower.get(b"accept-encoding", b"")


def has_token(metadata: Metadata) -> bool:
    """Tell whether the `metadata` that `tokens` returned hold an ACL token."""
    return any(name == ACL for name, _ in metadata)


def tokens(lower: Mapping[bytes, bytes]) -> Metadata:
    """Return the caller's own tokens as gRPC metadata."""
    found: Metadata = ()
    for header, name in _TOKENS:
        value = lower.get(header)
        if value:
            if not _CARRIED(value):
                raise Unsure
            found += ((name, value.decode("ascii")),)
    return found


def hints(request: Request) -> Hints:
    """Return what the parameters of a request that could not be translated still tell."""
    try:
        found = params(request.query, (b"timeout", b"startTs"))
        return Hints(duration(found.get(b"timeout", b"")), uint(found.get(b"startTs", b"")))
    except Unsure:
        return Hints()
