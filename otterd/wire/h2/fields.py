"""Header fields and the rules of RFC 9113, 8.2 and 8.3 for a list of them."""

import re
from typing import Final

from hpack.table import HeaderTable

from otterd.wire.h2.errors import Malformed

Field = tuple[bytes, bytes]

STATIC: Final[tuple[Field, ...]] = tuple(
    (bytes(name), bytes(value)) for name, value in HeaderTable.STATIC_TABLE
)
"""The static table of RFC 7541; its first entry has index 1."""

TRAILERS: Final = 0
"""A list without pseudo-headers."""
REQUEST: Final = 1
ANSWER: Final = 2
"""One with a final status."""
INTERIM: Final = 3
"""One with a 1xx."""

_NAME: Final = re.compile(rb":?[^\x00-\x20A-Z\x7f-\xff:]+")
_CONNECTION: Final = frozenset(
    (b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade")
)
_OF_REQUEST: Final = frozenset((b":method", b":scheme", b":path", b":authority", b":protocol"))
_SECRET: Final = re.compile(rb"auth|token|jwt|secret|passw|cookie|credential|api-?key|session|signature")


_CONSTANT: Final = frozenset(
    (b":method", b":scheme", b":path", b":authority", b"content-type", b"te", b"user-agent",
     b"grpc-accept-encoding")
)  # fmt: skip


def secret(name: bytes) -> bool:
    """Return whether the values of `name` must be in no memory that others share."""
    return name[:1] != b":" and _SECRET.search(name) is not None


def keeping(name: bytes) -> int:
    """Return whether values of `name` may be remembered: 0 never, 1 unless sent as a secret, 2 always.

    What a gRPC client says in every call is no secret, however it is sent.
    """
    if name in _CONSTANT:
        return 2
    return 0 if secret(name) else 1


def check_name(name: bytes) -> None:
    """Raise Malformed for a field name that HTTP/2 forbids."""
    if _NAME.fullmatch(name) is None:
        raise Malformed("a field name has a character that is not allowed")
    if name in _CONNECTION:
        raise Malformed("a field that belongs to HTTP/1.1")


def check_value(name: bytes, value: bytes) -> None:
    """Raise Malformed for what HTTP/2 forbids, save spaces around a value: gRPC's messages may end so."""
    if b"\n" in value or b"\r" in value or b"\0" in value:
        raise Malformed("a field value has a character that is not allowed")
    if name == b"te" and value != b"trailers":
        raise Malformed("te may only say trailers")


class Head:
    """A checked header list; one object may serve many streams, so what it says never changes.

    Rare state is in the class, as that of a Stream.
    """

    method = b""
    path = b""
    status = 0
    encoded: bytes | None = None
    """The fields as `block_of` writes them, once it did."""
    note: object = None
    """What a reader made of it, kept for when it comes again."""
    begun: "Head | None" = None
    """A Head that came before, of the same fields but for those in `more`."""
    more: list[Field] | None = None
    _first: dict[bytes, bytes] | None = None

    def __init__(self, fields: tuple[Field, ...], kind: int, length: int) -> None:
        self.fields = fields
        self.kind = kind
        self.length = length
        """What content-length says, or -1."""

    def get(self, name: bytes) -> bytes | None:
        """Return the first value of `name`, or None."""
        first = self._first
        if first is None:
            first = self._first = dict(reversed(self.fields))
        return first.get(name)

    def __repr__(self) -> str:
        return (
            f"<Head {('trailers', 'request', 'answer', 'interim')[self.kind]} of {len(self.fields)} fields>"
        )


def head_of(fields: tuple[Field, ...]) -> Head:
    """Return the Head of `fields`, each checked before; raise Malformed when the list breaks the rules."""
    pseudo: dict[bytes, bytes] = {}
    length = -1
    regular = False
    for name, value in fields:
        if name[0] == 58:  # a colon
            if regular or name in pseudo:
                raise Malformed("a pseudo-header after a regular field, or twice")
            pseudo[name] = value
        else:
            regular = True
            if name == b"content-length":
                length = _length(value, length)
    if not pseudo:
        return Head(fields, TRAILERS, length)
    if b":status" in pseudo:
        return _answer(fields, pseudo, length)
    return _request(fields, pseudo, length)


def extended(head: Head, more: list[Field]) -> Head:
    """Return the Head of the fields of `head` followed by `more`, as `head_of` would of all."""
    length = head.length
    for name, value in more:
        if name[0] == 58:
            raise Malformed("a pseudo-header after a regular field, or twice")
        if name == b"content-length":
            length = _length(value, length)
    whole = Head((*head.fields, *more), head.kind, length)
    whole.method, whole.path, whole.status = head.method, head.path, head.status
    whole.begun, whole.more = head, more
    return whole


def _length(value: bytes, before: int) -> int:
    if not value.isdigit() or len(value) > 18 or before not in (-1, int(value)):
        raise Malformed("content-length is no number, or two")
    return int(value)


def _answer(fields: tuple[Field, ...], pseudo: dict[bytes, bytes], length: int) -> Head:
    status = pseudo[b":status"]
    if len(pseudo) > 1 or len(status) != 3 or not status.isdigit() or not b"100" <= status <= b"599":
        raise Malformed("an answer needs one three-digit status and no other pseudo-header")
    if status == b"101":
        raise Malformed("HTTP/2 does not switch protocols")
    head = Head(fields, INTERIM if status < b"200" else ANSWER, length)
    head.status = int(status)
    return head


def _request(fields: tuple[Field, ...], pseudo: dict[bytes, bytes], length: int) -> Head:
    if not pseudo.keys() <= _OF_REQUEST:
        raise Malformed("an unknown pseudo-header")
    head = Head(fields, REQUEST, length)
    head.method = pseudo.get(b":method", b"")
    head.path = pseudo.get(b":path", b"")
    if head.method == b"CONNECT" or b":protocol" in pseudo:
        raise Malformed("CONNECT is not served")
    if not head.method or not head.path or not pseudo.get(b":scheme"):
        raise Malformed("a request needs a method, a scheme and a path")
    return head
