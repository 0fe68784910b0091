"""What a translated request asks of the corridor, and what becomes of the answer."""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from otterd.core.operation import Answer, Body, Headers, Purpose, Rpc


# One of these and of Call is made for each request; a struct takes a third of a dataclass's time to make.
class Rendered(msgspec.Struct):
    """An answer as it goes back to the caller, without the headers of CORS and of the connection.

    `gzip` says that the body is still to be compressed; the headers already tell so. `stream`, where there
    is one, is sent in the place of `body`, as it is. `touched` is how many nodes the alpha touched, -1 where
    that is not told.
    """

    status: int
    headers: Headers
    body: bytes
    gzip: bool = False
    stream: Body | None = None
    touched: int = -1


Render = Callable[[Answer], Rendered]
"""Turns the answer to a Call, whose status is a gRPC code, into what Dgraph's own HTTP port would say."""


class Call(msgspec.Struct):
    """One gRPC call in the place of the request.

    `timeout` is the caller's own limit in seconds, None when it set none; `start_ts` is 0
    for a request that begins a transaction or has none.
    """

    purpose: Purpose
    rpc: Rpc
    render: Render
    writes: bool = False
    timeout: float | None = None
    start_ts: int = 0
    read_only: bool = False
    best_effort: bool = False
    commit_now: bool = False


@dataclass(slots=True, frozen=True)
class Verbatim:
    """The request itself, for the HTTP port of an alpha: Dgraph answers in its own words.

    `target`, `headers` and `body` replace those of the request where they are not None.
    `writes` is True unless the request certainly changes nothing.
    """

    purpose: Purpose
    writes: bool
    timeout: float | None = None
    start_ts: int = 0
    read_only: bool = False
    target: bytes | None = None
    headers: Headers | None = None
    body: bytes | None = None


Plan = Call | Verbatim
