"""Pass a request through to an alpha's HTTP port, and its answer back, without what belongs to a hop."""

from otterd.core.operation import Answer, Headers, HttpCall
from otterd.edges.http.compress import gunzip
from otterd.edges.http.exchange import Reply, Request
from otterd.edges.http.golang import Unsure
from otterd.errors import TooLarge
from otterd.guard.guard import Guard

HOP = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)
# Host and length are the channel's to write; `resolver` is a header that alphas use among themselves.
NOT_SENT = HOP | {b"host", b"content-length", b"expect", b"resolver", b"x-forwarded-for"}
NOT_RETURNED = HOP | {b"date", b"content-length", b"x-request-id", b"x-otter-alpha"}
NOT_SWITCHED = NOT_RETURNED - {b"upgrade"}
SWITCHING = 101


def call_of(
    request: Request, guard: Guard, *, target: bytes | None, headers: Headers | None, body: bytes | None
) -> HttpCall:
    """Return what an alpha is sent for `request`; the last three replace its parts where not None."""
    fields = request.headers if headers is None else headers
    kept = _without(fields, NOT_SENT, request.all(b"connection"))
    kept = tuple(field for field in guard.clean(kept) if not _blank_token(*field))
    hops = request.all(b"x-forwarded-for")
    if request.peer:
        hops.append(request.peer.encode())
    if hops:
        kept = (*kept, (b"X-Forwarded-For", b", ".join(hops)))
    return HttpCall(
        method=request.method,
        target=request.target if target is None else target,
        headers=kept,
        body=request.body if body is None else body,
        upgrade=request.upgrade and request.path == b"/graphql",
    )


def reply_of(answer: Answer) -> Reply:
    """Return the alpha's own `answer` as a reply, without its connection's and its CORS fields."""
    if answer.status == SWITCHING:
        return Reply(answer.status, _without(answer.headers, NOT_SWITCHED, []), answer.body, tunnel=True)
    named, length = [], None
    for name, value in answer.headers:
        low = name.lower()
        if low == b"connection":
            named.append(value)
        elif low == b"content-length" and value.isdigit():
            length = int(value)
    kept = tuple(
        field
        for field in _without(answer.headers, NOT_RETURNED, named)
        if not field[0].lower().startswith(b"access-control-")
    )
    return Reply(answer.status, kept, answer.body, length)


def plain_body(request: Request, limit: int) -> bytes | None:
    """Return the body decompressed, None when that cannot be done; raise TooLarge over `limit` bytes.

    Alphas take one encoding, gzip, and read any other body as it is.
    """
    if len(request.body) > limit:
        raise TooLarge(f"the body is over the limit of {limit} bytes")
    if request.lower.get(b"content-encoding") != b"gzip":
        return request.body
    try:
        return gunzip(request.body, limit)
    except Unsure:
        return None


def _without(fields: Headers, names: frozenset[bytes], connection: list[bytes]) -> Headers:
    """Return `fields` without those in `names` and those that the `connection` values name."""
    if connection:
        names = names | {name.strip().lower() for value in connection for name in value.split(b",")}
    return tuple(field for field in fields if field[0].lower() not in names)


def _blank_token(name: bytes, value: bytes) -> bool:
    """Tell whether this is an ACL token that is empty; it would hide one that is lent."""
    return not value.strip() and name.lower() == b"x-dgraph-accesstoken"
