"""Gets one alpha's `/state`."""

from collections.abc import Mapping
from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from otterd.alphas.channel import HttpChannel
from otterd.alphas.collected import whole_body
from otterd.core.operation import HttpCall
from otterd.errors import Lost

LONGEST = 64 << 20
"""Bytes of a `/state` that are read: some 300,000 predicates."""

WHOLE = 10.0
"""Seconds that the whole page may take."""

_GUARDED = ("rpc error: code = PermissionDenied", "rpc error: code = Unauthenticated")
_EXPIRED = "Token is expired"


class Refused(Exception):
    """The alpha shows its state to guardians only; `expired` when the token shown was a good one once."""

    def __init__(self, *, expired: bool) -> None:
        super().__init__("refused")
        self.expired = expired


def state_page(http: HttpChannel, clock: IReactorTime, token: str, limit: float) -> Deferred[bytes | None]:
    """Fire with the page, asked for with `token` unless that is ""; None when it broke off or is too long.

    `limit` bounds its head, in seconds. Fails with an AlphaFailure, or as a call that took too long.
    """
    shown = ((b"X-Dgraph-AccessToken", token.encode()),) if token else ()
    call = HttpCall(b"GET", b"/state", ((b"Host", http.address.encode()), *shown))
    body: Deferred[bytes | None] = http.send(call, limit).addCallback(whole_body, LONGEST)
    return body.addTimeout(max(WHOLE, limit), clock)


def read_state(body: bytes | None) -> Mapping[str, Any]:
    """Return the page decoded; raise Refused, or Lost when there is no state in it."""
    if body is None:
        raise Lost("its /state broke off, or is over 64 MiB")
    try:
        page = msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        raise Lost("its /state is no JSON") from None
    if not isinstance(page, dict):
        raise Lost("its /state is not that of an alpha")
    if page.get("errors"):
        message = _message(page["errors"])
        if message.startswith(_GUARDED):
            raise Refused(expired=message.endswith(_EXPIRED))
        raise Lost("it has no /state to show: " + " ".join(message.split())[:200])
    return page


def _message(errors: Any) -> str:
    first = errors[0] if isinstance(errors, list) else None
    message = first.get("message") if isinstance(first, dict) else None
    return message if isinstance(message, str) else ""
