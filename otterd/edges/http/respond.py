"""A Reply as bytes: status line, fields, and how its body is framed."""

from email.utils import formatdate
from http import HTTPStatus

import msgspec

from otterd.core.operation import Headers
from otterd.edges.http.exchange import Reply

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

_STATUS_LINES = {s.value: f"HTTP/1.1 {s.value} {s.phrase}\r\n".encode() for s in HTTPStatus}

# What the connection says itself. Whatever a reply says of it is left out.
_OURS = frozenset(
    (
        b"connection",
        b"content-length",
        b"date",
        b"keep-alive",
        b"proxy-connection",
        b"trailer",
        b"transfer-encoding",
        b"x-request-id",
    )
)

MAX_KNOWN_NAMES = 512
_names: dict[bytes, bytes] = {}
MAX_KNOWN_STARTS = 512
LONGEST_KNOWN = 2048
_starts: dict[tuple[int, Headers], bytes] = {}


class Framing(msgspec.Struct, frozen=True):
    """How the body of a reply goes out: `field` is the header line that says so.

    `silent` means that no body follows, `to_the_end` that it ends with the connection.
    """

    field: bytes
    silent: bool = False
    chunked: bool = False
    to_the_end: bool = False


_BARE = Framing(b"", silent=True)
_CHUNKED = Framing(b"Transfer-Encoding: chunked\r\n", chunked=True)
_CHUNKED_SILENT = Framing(_CHUNKED.field, silent=True)
_TO_THE_END = Framing(b"", to_the_end=True)


def framing_of(reply: Reply, *, head_only: bool, modern: bool) -> Framing:
    """Choose how the body of `reply` is framed; `modern` means that the client speaks HTTP/1.1."""
    if reply.status < 200 or reply.status in (204, 304):
        return _BARE
    length = reply.length
    if isinstance(reply.body, bytes) and not (head_only and length is not None):
        length = len(reply.body)
    if length is not None:
        return Framing(b"Content-Length: %d\r\n" % length, silent=head_only)
    if head_only:
        return _CHUNKED_SILENT if modern else _BARE
    return _CHUNKED if modern else _TO_THE_END


def render_head(reply: Reply, request_id: str, date: bytes, own: bytes) -> bytes:
    """Return the head of `reply`; `date` is a whole field line, `own` those of connection and framing."""
    start = reply.start or start_of(reply.status, reply.headers)
    return b"%b%b%bX-Request-Id: %b\r\n%b\r\n" % (start, reply.lines, date, request_id.encode("latin-1"), own)


def render_whole(reply: Reply, request_id: str, date: bytes, body: bytes) -> bytes:
    """Return `reply` in one piece, where nothing but the length of its `body` is to be said."""
    return b"%b%b%bX-Request-Id: %b\r\nContent-Length: %d\r\n\r\n%b" % (
        reply.start or start_of(reply.status, reply.headers),
        reply.lines,
        date,
        request_id.encode("latin-1"),
        len(body),
        body,
    )


def start_of(status: int, headers: Headers) -> bytes:
    """Return the status line and `headers`, which most replies have in common with others."""
    known = _starts.get((status, headers))
    if known is not None:
        return known
    parts = [_STATUS_LINES.get(status) or b"HTTP/1.1 %d Status\r\n" % status]
    add_fields(parts, headers)
    start = b"".join(parts)
    if len(start) <= LONGEST_KNOWN:
        if len(_starts) >= MAX_KNOWN_STARTS:
            _starts.clear()
        _starts[status, headers] = start
    return start


def add_fields(parts: list[bytes], headers: Headers) -> None:
    """Append the lines of `headers` to `parts`, but for those that the connection writes itself."""
    for name, value in headers:
        start = _names.get(name)
        if start is None:
            start = _learn(name)
        if start:
            parts += (start, value, b"\r\n")


def _learn(name: bytes) -> bytes:
    if len(_names) >= MAX_KNOWN_NAMES:
        _names.clear()
    start = _names[name] = b"" if name.lower() in _OURS else name + b": "
    return start


def date_line() -> bytes:
    """Return the `Date` field of this moment."""
    return f"Date: {formatdate(usegmt=True)}\r\n".encode()
