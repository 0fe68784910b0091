"""The opening handshake of a WebSocket: the head of an HTTP request, read strictly. No I/O."""

import base64
import binascii
import re
from dataclasses import dataclass
from http import HTTPStatus
from math import ceil

from otterd.edges.http.golang import quote
from otterd.errors import OtterError

END = b"\r\n\r\n"
_REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e]+) HTTP/(\d)\.(\d)").fullmatch
_BEGINNING = re.compile(
    rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}( ([\x21-\x7e]+( [A-Z/0-9.]{0,9}\r?)?)?)?"
).fullmatch
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t\x20-\x7e\x80-\xff]*)").fullmatch

HTTP_PATH_UNKNOWN = b"404 page not found\n"


class Refused(Exception):
    """The handshake fails with this HTTP `status`; `headers` are further lines of the answer."""

    def __init__(self, status: int, message: str, *headers: tuple[str, str]) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers

    @classmethod
    def by(cls, error: OtterError) -> "Refused":
        """Return how the refusal `error` is told during the handshake."""
        if error.retry_after is None:
            return cls(error.status, error.message)
        return cls(error.status, error.message, ("Retry-After", str(max(1, ceil(error.retry_after)))))

    def render(self) -> bytes:
        """Return the whole HTTP answer."""
        if self.status == HTTPStatus.NOT_FOUND:
            kind, body = "text/plain; charset=utf-8", HTTP_PATH_UNKNOWN
        else:
            kind, body = "application/json", b'{"error":%b}' % quote(self.message)
        lines = [
            f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}",
            f"Content-Type: {kind}",
            f"Content-Length: {len(body)}",
            *(f"{name}: {value}" for name, value in self.headers),
            "Connection: close",
        ]
        return "\r\n".join(lines).encode() + END + body


@dataclass(slots=True, frozen=True)
class Handshake:
    """A request that may become a WebSocket; `key` is its Sec-WebSocket-Key."""

    key: str
    origin: bytes | None
    forwarded: bytes | None
    request_id: bytes | None


def check_beginning(data: bytes) -> None:
    """Raise Refused when `data`, less than a whole head, cannot become one."""
    line, found, _ = data.partition(b"\r\n")
    if not (_REQUEST_LINE(line) if found else _BEGINNING(line)):
        raise Refused(400, "this is not an HTTP request")


def parse(head: bytes, path: bytes, max_fields: int) -> Handshake:
    """Return the handshake in `head`, which ends before its empty line, or raise Refused."""
    first, *lines = head.split(b"\r\n")
    line = _REQUEST_LINE(first)
    if line is None:
        raise Refused(400, "this is not an HTTP request")
    if len(lines) > max_fields:
        raise Refused(431, "too many header fields")
    fields: dict[bytes, list[bytes]] = {}
    for text in lines:
        found = _FIELD(text)
        if found is None:
            raise Refused(400, "a header field is malformed")
        fields.setdefault(found[1].lower(), []).append(found[2].strip(b" \t"))
    if (line[3], line[4]) != (b"1", b"1"):
        raise Refused(505, "only HTTP/1.1 is spoken here")
    if len(fields.get(b"host", ())) != 1:
        raise Refused(400, "there must be one Host header")
    if line[2].partition(b"?")[0] != path:
        raise Refused(404, "page not found")
    if line[1] != b"GET":
        raise Refused(405, "a WebSocket begins with GET", ("Allow", "GET"))
    return _upgrade(fields)


def _upgrade(fields: dict[bytes, list[bytes]]) -> Handshake:
    if b"transfer-encoding" in fields or fields.get(b"content-length", [b"0"]) != [b"0"]:
        raise Refused(400, "a WebSocket handshake has no body")
    if b"websocket" not in _list(fields, b"upgrade"):
        raise Refused(426, "this is a WebSocket endpoint", ("Upgrade", "websocket"))
    if b"upgrade" not in _list(fields, b"connection"):
        raise Refused(400, "the Connection header does not name Upgrade")
    if fields.get(b"sec-websocket-version") != [b"13"]:
        raise Refused(426, "only WebSocket version 13 is spoken here", ("Sec-WebSocket-Version", "13"))
    origins = fields.get(b"origin", [])
    if len(origins) > 1:
        raise Refused(400, "there may be one Origin header")
    forwarded = fields.get(b"x-forwarded-for")
    offered = fields.get(b"x-request-id")
    return Handshake(
        key=_key(fields.get(b"sec-websocket-key", [])),
        origin=origins[0] if origins else None,
        forwarded=None if forwarded is None else b", ".join(forwarded),
        request_id=offered[0] if offered else None,
    )


def _list(fields: dict[bytes, list[bytes]], name: bytes) -> list[bytes]:
    """Return the elements of a header that is a list, in lower case."""
    return [word.strip().lower() for value in fields.get(name, ()) for word in value.split(b",")]


def _key(values: list[bytes]) -> str:
    try:
        if len(values) == 1 and len(base64.b64decode(values[0], validate=True)) == 16:
            return values[0].decode("ascii")
    except (binascii.Error, ValueError):
        pass
    raise Refused(400, "there must be one Sec-WebSocket-Key of 16 bytes in base64")
