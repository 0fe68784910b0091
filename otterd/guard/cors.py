"""What browsers are told about reading answers across origins; it replaces what Dgraph says."""

import re

from otterd.core.operation import Headers
from otterd.guard.origins import Origins

METHODS = b"GET, POST, PUT, OPTIONS"
REQUEST_HEADERS = (
    b"X-Dgraph-AccessToken, X-Dgraph-AuthToken, Content-Type, Content-Length, Content-Encoding,"
    b" Accept-Encoding, Cache-Control, X-CSRF-Token, X-Auth-Token, X-Requested-With, Authorization,"
    b" X-Request-Id, X-Otter-Alpha, X-Otter-Max-Stale, X-Otter-Explain, X-Otter-Admin-Token"
)
EXPOSED = (
    b"Access-Control-Expose-Headers",
    b"X-Request-Id, X-Otter-Alpha, X-Otter-Stale, X-Otter-Schema-Behind, X-Otter-Explain,"
    b" Dgraph-TouchedUids, Graphql-TouchedUids",
)
ANY = (b"Access-Control-Allow-Origin", b"*")
CREDENTIALS = (b"Access-Control-Allow-Credentials", b"true")
VARY: Headers = ((b"Vary", b"Origin"),)
FOR_ANY: Headers = (ANY, EXPOSED)
MOST_ASKED = 1024
NAMES = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~-]+(?:[ \t]*,[ \t]*[A-Za-z0-9!#$%&'*+.^_`|~-]+)*")


class Cors:
    """Answers for one allow-list: credentials only for an origin that is listed."""

    __slots__ = ("_allowed",)

    def __init__(self, allowed: Origins) -> None:
        self._allowed = allowed

    def headers(self, origin: bytes | None) -> Headers:
        """Return the fields for any answer to a request from `origin`."""
        if self._allowed.empty:
            return FOR_ANY
        if origin is not None and self._allowed.match(origin):
            return ((b"Access-Control-Allow-Origin", origin), CREDENTIALS, EXPOSED, *VARY)
        return (*FOR_ANY, *VARY) if self._allowed.any else VARY

    def preflight(self, origin: bytes | None, asked: bytes | None, *, any_header: bool) -> Headers:
        """Return the fields for an answer to OPTIONS; `asked` is what the request wants to send.

        With `any_header` the names in `asked` are allowed too, for a GraphQL schema may
        name headers of its own and only the alpha knows it.
        """
        fields = self.headers(origin)
        if fields == VARY:
            return fields
        names = REQUEST_HEADERS
        if any_header and asked is not None and len(asked) <= MOST_ASKED and NAMES.fullmatch(asked):
            names = names + b", " + asked
        return (
            *fields,
            (b"Access-Control-Allow-Methods", METHODS),
            (b"Access-Control-Allow-Headers", names),
            (b"Access-Control-Max-Age", b"600"),
        )
