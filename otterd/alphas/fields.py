"""Which header fields and metadata go end to end between Otter and an alpha, and a request's bytes. Pure."""

from typing import Final

from otterd.core.operation import Headers, HttpCall, Metadata

HOP = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)
"""Fields that belong to one connection."""

OURS = HOP | {b"host", b"content-length", b"expect"}
"""Fields of a request that Otter writes itself."""

BARE = frozenset((b"GET", b"HEAD", b"OPTIONS", b"DELETE"))
"""Methods whose requests need not say that they have no body."""

_PRINTABLE: Final = bytes(range(0x20, 0x7F))


def request_bytes(call: HttpCall, host: str, *, upgrade: bool) -> bytes:
    """Return `call` as it goes out to `host`, whole."""
    lines = [b"%s %s HTTP/1.1" % (call.method, call.target), b"Host: " + host.encode()]
    lines += [b"%s: %s" % field for field in call.headers if field[0].lower() not in OURS]
    if call.body or call.method not in BARE:
        lines.append(b"Content-Length: %d" % len(call.body))
    lines += [b"Connection: Upgrade", b"Upgrade: websocket"] if upgrade else [b"Connection: close"]
    return b"\r\n".join(lines) + b"\r\n\r\n" + call.body


def end_to_end(headers: list[tuple[bytes, bytes]]) -> Headers:
    """Return `headers` of an answer without those of the connection."""
    names = HOP
    for name, value in headers:
        if name.lower() == b"connection":
            names = names | {token.strip().lower() for token in value.split(b",")}
    return tuple(field for field in headers if field[0].lower() not in names)


def sendable(metadata: Metadata) -> bool:
    """Tell whether gRPC can carry `metadata`: a value not in `-bin` must be printable ASCII."""
    for name, value in metadata:
        if isinstance(value, bytes) != name.endswith("-bin"):
            return False
        # Three times as fast as `isprintable`, for tokens are long.
        if not isinstance(value, bytes) and (
            not value.isascii() or value.encode().translate(None, _PRINTABLE)
        ):
            return False
    return True
