"""The header blocks of answers: constant parts encoded once, the rest field by field."""

from typing import Final

from otterd.core.operation import Answer, Entry, Headers
from otterd.errors import OtterError
from otterd.wire.h2 import block, field
from otterd.wire.h2.encode import literal
from otterd.wire.h2.metadata import encode_binary, encode_message
from otterd.wire.varint import written

BEGIN: Final = block(((b":status", b"200"), (b"content-type", b"application/grpc")))
"""How every gRPC answer begins."""

OK: Final = block(((b"grpc-status", b"0"), (b"grpc-message", b"")))
WHAT_IT_IS: Final = b"This port speaks gRPC: POST with the content type application/grpc.\n"
_PLAIN: Final = ((b"content-type", b"text/plain"), (b"content-length", b"%d" % len(WHAT_IT_IS)))
NOT_GRPC: Final = block(((b":status", b"415"), *_PLAIN))
NOT_POST: Final = block(((b":status", b"405"), (b"allow", b"POST"), *_PLAIN))
ENCODINGS: Final = field(b"grpc-accept-encoding", b"identity,gzip")

_CODES: Final = tuple(field(b"grpc-status", b"%d" % code) for code in range(17))
_NO_MESSAGE: Final = field(b"grpc-message", b"")
_OWN: Final = frozenset(
    (b"content-type", b"grpc-encoding", b"grpc-accept-encoding", b"grpc-status", b"grpc-message", b"date",
     b"content-length", b"trailer", b"te")
)  # fmt: skip
"""Fields of an answer that each hop sets by itself."""

_SHORT: Final = 127
"""Bytes of a value from which on its length takes more than one."""
_BEGIN_NAMED: Final = tuple(
    BEGIN + literal(b"x-request-id", b"", never=False)[:-1] + bytes((size,)) for size in range(_SHORT)
)
"""The same, and the name of the request's id, by the length of that."""
_MOST_ALPHAS: Final = 1_024
_alphas: Final[dict[str, bytes]] = {"": b""}
"""The field that names an alpha."""

_RETRY_INFO: Final = b"type.googleapis.com/google.rpc.RetryInfo"


def head_of(entry: Entry, answer: Answer | None) -> bytes:
    """Return the head of an answer: what the alpha sent, which one it was, and the request's id."""
    name = entry.request_id.encode()
    alpha = entry.alpha if answer is None else answer.alpha
    named = _alphas.get(alpha)
    if named is None:
        named = _alpha(alpha)
    size = len(name)
    if size < _SHORT:
        begin = b"".join((_BEGIN_NAMED[size], name, named))
    else:
        begin = BEGIN + literal(b"x-request-id", name, never=False) + named
    if answer is None or not (answer.headers or answer.behind or answer.stale is not None):
        return begin
    return begin + _more(answer)


def _more(answer: Answer) -> bytes:
    """Return what only some answers have in their heads."""
    parts: list[bytes] = []
    if answer.stale is not None:
        parts.append(literal(b"x-otter-stale", b"%.3f" % answer.stale, never=False))
    if answer.behind:
        parts.append(field(b"x-otter-schema-behind", ", ".join(answer.behind).encode()))
    parts.append(_passed(answer.headers))
    return b"".join(parts)


def trailers_of(answer: Answer) -> bytes:
    """Return the trailers of an alpha's answer, as it gave them."""
    if not answer.status and not answer.message:
        return OK + _passed(answer.trailers) if answer.trailers else OK
    return status_of(answer.status, answer.message) + _passed(answer.trailers)


def refusal(error: OtterError) -> bytes:
    """Return the trailers of a refusal of Otter's own, with google.rpc.RetryInfo where waiting helps."""
    told = status_of(error.grpc, error.message)
    if error.retry_after is None:
        return told
    return told + field(b"grpc-status-details-bin", encode_binary(_details(error)))


def _alpha(address: str) -> bytes:
    if len(_alphas) >= _MOST_ALPHAS:
        _alphas.clear()
    named = _alphas[address] = field(b"x-otter-alpha", address.encode()) if address else b""
    return named


def status_of(code: int, message: str) -> bytes:
    """Return the trailers of a status without details."""
    coded = _CODES[code] if 0 <= code < len(_CODES) else field(b"grpc-status", b"%d" % code)
    return coded + (field(b"grpc-message", encode_message(message)) if message else _NO_MESSAGE)


def _passed(fields: Headers) -> bytes:
    return b"".join(
        [
            field(name, encode_binary(value) if name.endswith(b"-bin") else value)
            for name, value in fields
            if name not in _OWN
        ]
    )


def _details(error: OtterError) -> bytes:
    """Return a google.rpc.Status: code 1, message 2, details 3; an Any is type_url 1, value 2."""
    seconds = error.retry_after or 0.0
    whole = int(seconds)
    delay = _number(1, whole) + _number(2, int((seconds - whole) * 1e9))
    info = _bytes(1, delay)
    return (
        _number(1, error.grpc)
        + _bytes(2, error.message.encode())
        + _bytes(3, _bytes(1, _RETRY_INFO) + _bytes(2, info))
    )


def _number(tag: int, value: int) -> bytes:
    return bytes((tag << 3,)) + written(value) if value else b""


def _bytes(tag: int, value: bytes) -> bytes:
    return bytes((tag << 3 | 2,)) + written(len(value)) + value
