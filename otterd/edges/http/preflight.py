"""Checks of a request's head that llhttp does not make, and what they bring to light.

Every rule here is of RFC 9112 unless it says otherwise; where it leaves a choice, the
strict one is taken, because two readings of one request are how smuggling works.
"""

import re
from collections.abc import Iterable

from otterd.config.schema import Config
from otterd.core.operation import Headers
from otterd.edges.http.kept import Kept
from otterd.edges.http.refused import Refused, malformed

CHUNKED = -1
"""The `length` of a body whose end its chunks tell."""

# The methods of HTTP that llhttp knows; it also takes those of RTSP and ICE.
METHODS = frozenset(
    b"GET HEAD POST PUT DELETE OPTIONS PATCH TRACE QUERY ACL BIND CHECKOUT COPY LINK LOCK MERGE MKACTIVITY"
    b" MKCALENDAR MKCOL MOVE PROPFIND PROPPATCH REBIND REPORT SEARCH UNBIND UNLINK UNLOCK".split()
)

_ONCE = frozenset((b"host", b"content-length", b"transfer-encoding"))
_HOST = re.compile(
    rb"(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*(?::[0-9]{0,5})?"
    rb"|\[[0-9A-Fa-f:.]+\](?::[0-9]{0,5})?"
)
_ABSOLUTE = re.compile(rb"https?://([^/?#]*)", re.IGNORECASE)
_SPLIT = re.compile(rb"[ \t]*,[ \t]*")


class Head:
    """What the head of a request says; `length` is that of its body in bytes, or `CHUNKED`.

    `modern` is True for HTTP/1.1. `expects` says that the client waits for a 100. `upgrade`
    is True for a WebSocket upgrade. `kept` is what was made of it since.
    """

    def __init__(
        self,
        method: bytes,
        target: bytes,
        path: bytes,
        query: bytes,
        headers: Headers,
        lower: dict[bytes, bytes],
        length: int,
        modern: bool,
        keep_alive: bool,
        expects: bool,
        upgrade: bool,
        kept: Kept,
    ) -> None:
        self.method = method
        self.target = target
        self.path = path
        self.query = query
        self.headers = headers
        self.lower = lower
        self.length = length
        self.modern = modern
        self.keep_alive = keep_alive
        self.expects = expects
        self.upgrade = upgrade
        self.kept = kept


def examine(
    line: bytes, method: bytes, target: bytes, headers: Headers, *, upgraded: bool, config: Config
) -> Head:
    """Return the Head of a request whose first line is `line`, or raise Refused.

    `upgraded` says that llhttp took it for an upgrade, and so did not look for a body.
    """
    if len(target) > config.max_url_bytes:
        raise Refused(414, f"the URL is over the limit of {config.max_url_bytes} bytes")
    modern = _is_modern(line, method, target)
    if len(headers) > config.max_header_fields:
        raise Refused(431, f"over the limit of {config.max_header_fields} header fields")
    lower = _first_values(headers)
    length = _body_length(lower, modern=modern)
    if upgraded and length:
        raise malformed("an upgrade cannot have a body")
    host = lower.get(b"host")
    if host is None:
        if modern:
            raise malformed("no Host")
    elif _HOST.fullmatch(host) is None:
        raise malformed("invalid Host")
    if not target.startswith(b"/"):
        target = _origin_form(target, method, host)
    path, _, query = target.partition(b"?")
    options = _tokens(headers, b"connection") if b"connection" in lower else ()
    keep_alive = b"close" not in options and (modern or b"keep-alive" in options)
    upgrade = upgraded and modern and method == b"GET" and b"websocket" in _tokens(headers, b"upgrade")
    expects = modern and b"expect" in lower and _expects(headers)
    return Head(
        method, target, path, query, headers, lower, length, modern, keep_alive, expects, upgrade, Kept()
    )


def _is_modern(line: bytes, method: bytes, target: bytes) -> bool:
    # Compared whole: llhttp lets further spaces pass, and RTSP/1.0, ICE/1.0, HTTP/0.9 and HTTP/2.0.
    if method not in METHODS:
        raise malformed("the method is not one of HTTP that is served here")
    if line == b"%b %b HTTP/1.1" % (method, target):
        return True
    if line == b"%b %b HTTP/1.0" % (method, target):
        return False
    raise malformed("the request line must be `METHOD target HTTP/1.1` (or 1.0), with single spaces")


def _first_values(headers: Headers) -> dict[bytes, bytes]:
    lower: dict[bytes, bytes] = {}
    for name, value in headers:
        name = name.lower()
        if name not in lower:
            lower[name] = value
        elif name in _ONCE:
            raise malformed(f"{name.decode()} is given twice")
    return lower


def _body_length(lower: dict[bytes, bytes], *, modern: bool) -> int:
    coding = lower.get(b"transfer-encoding")
    length = lower.get(b"content-length")
    if coding is not None:
        if not modern:
            raise malformed("Transfer-Encoding in HTTP/1.0")
        if length is not None:
            raise malformed("Content-Length together with Transfer-Encoding")
        if coding.lower() != b"chunked":
            raise malformed("Transfer-Encoding other than chunked")
        return CHUNKED
    if length is None:
        return 0
    if not length.isdigit() or len(length) > 19:
        raise malformed("Content-Length is not a number")
    return int(length)


def _origin_form(target: bytes, method: bytes, host: bytes | None) -> bytes:
    """Return path and query of a `target` that does not begin with a slash."""
    if target == b"*" and method == b"OPTIONS":
        return target
    match = _ABSOLUTE.match(target)
    if match is None or not match[1]:
        raise malformed("the request target is neither a path nor an http URL")
    scheme_port = b":443" if target[4:5] in b"sS" else b":80"
    if host is not None and _bare(match[1], scheme_port) != _bare(host, scheme_port):
        raise malformed("the URL names another host than the Host field")
    rest = target[match.end() :]
    return rest if rest.startswith(b"/") else b"/" + rest


def _bare(authority: bytes, port: bytes) -> bytes:
    return authority.lower().removesuffix(port).removesuffix(b":")


def _expects(headers: Headers) -> bool:
    if set(_tokens(headers, b"expect")) != {b"100-continue"}:
        raise Refused(417, "the only expectation that can be met is 100-continue")
    return True


def _tokens(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    """Return the members of the list that all fields called `name` make together, in lower case."""
    joined = b",".join(v for k, v in headers if k.lower() == name)
    return _SPLIT.split(joined.strip(b" \t").lower())
