"""What every door makes of what it hears, and what comes back: Operation and Answer.

Pure data. What is made for every request is a Struct of msgspec's, which takes a fifth of the time of a
dataclass to make. Seconds are floats on the reactor's monotonic clock unless said otherwise.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf
from typing import Final, Protocol

import msgspec


class Purpose(StrEnum):
    """What a request is for; decides where it may go and how long it may take."""

    QUERY = "query"
    MUTATION = "mutation"
    UPSERT = "upsert"
    COMMIT = "commit"
    ALTER = "alter"
    LOGIN = "login"
    GRAPHQL = "graphql"
    ADMIN = "admin"
    STATE = "state"


# What every request is compared with: to look a member up in its class costs as much as a short function.
QUERY: Final = Purpose.QUERY
COMMIT: Final = Purpose.COMMIT
GRAPHQL: Final = Purpose.GRAPHQL

DATA: Final = frozenset((Purpose.QUERY, Purpose.MUTATION, Purpose.UPSERT))
"""Purposes that touch predicates, and that a transaction is made of before its end."""

SLOW: Final = frozenset((Purpose.ALTER, Purpose.ADMIN))
"""Purposes that may take minutes, for what they build."""


class Door(StrEnum):
    """The protocol over which a caller came in."""

    HTTP = "http"
    WEBSOCKET = "ws"
    GRPC = "grpc"


Headers = tuple[tuple[bytes, bytes], ...]
"""Header fields in the order and spelling in which they came."""

Metadata = tuple[tuple[str, str | bytes], ...]
"""gRPC metadata: lower-case names; the value is bytes for names ending in `-bin`."""


class Rpc(msgspec.Struct, frozen=True, gc=False):
    """One unary call of `api.Dgraph`: `method` is "Query", `payload` its protobuf bytes.

    `streams` is True when the answer's body may be a stream of its protobuf bytes. The deadline then binds
    its beginning only, unless it is `strict`.
    """

    method: str
    payload: bytes
    metadata: Metadata = ()
    streams: bool = False
    strict: bool = False


class Duplex(Rpc, frozen=True, gc=False):
    """One call of `api.Dgraph` with messages both ways; its answer's body is a Tunnel of them.

    `payload` is what the caller sent first, and `ended` is True when that was all. It is in gRPC's frames,
    as all that passes through the Tunnel. `encoding` is that of compressed messages. `beyond` is how many
    seconds the call may outlast the time that it has to begin in; without a deadline there is no bound.
    """

    encoding: bytes = b""
    ended: bool = False
    beyond: float = inf


class HttpCall(msgspec.Struct, frozen=True, gc=False):
    """One HTTP request to pass through: `target` is path and query as they came.

    `headers` are already without those that belong to the connection. `upgrade` allows
    the alpha to answer 101 with a Tunnel.
    """

    method: bytes
    target: bytes
    headers: Headers
    body: bytes = b""
    upgrade: bool = False


class Caller(msgspec.Struct, frozen=True, gc=False):
    """Who asks, as far as the door can tell; the guard decides what that allows.

    `peer` is the address of the other end of the connection, without port, and
    `""` on a UNIX socket. `forwarded` is the raw `X-Forwarded-For`, all fields
    joined with commas, or None. `bearer` is the token of `Authorization: Bearer`,
    `admin` that of `X-Otter-Admin-Token`. `trusted` is True when a token of Otter's
    own (`ws_token`) was already shown on this connection. `own_token` says whether the request
    carries an ACL token of the caller's own. The secrets are kept out of `repr`.
    """

    door: Door
    peer: str
    forwarded: bytes | None = None
    origin: bytes | None = None
    bearer: bytes | None = None
    admin: bytes | None = None
    trusted: bool = False
    own_token: bool = False

    def __repr__(self) -> str:
        return f"<Caller {self.door.value} {self.peer}>"


@dataclass(slots=True)
class Attempt:
    """One call to an alpha: when it began, in seconds after the request was admitted, what for, its end."""

    alpha: str
    reason: str
    begun: float
    took: float = 0.0
    verdict: str = ""


@dataclass(slots=True)
class Waited:
    """One wait in Otter: for what, when it began, in seconds after the request was admitted, how long."""

    reason: str
    begun: float
    took: float = 0.0


@dataclass(slots=True)
class Decision:
    """How a request was decided, for `X-Otter-Explain`; durations are in seconds.

    `policy` is the configuration's word for it. `excluded` says of each alpha that was not a candidate
    why. No text of the caller's is in here but names of predicates.
    """

    policy: str = ""
    why: str = ""
    predicates: tuple[str, ...] | None = None
    pin: str = ""
    candidates: tuple[str, ...] = ()
    excluded: dict[str, str] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    waits: list[Waited] = field(default_factory=list)


class Entry(msgspec.Struct):
    """The record of one request, opened by a door and closed by it: one access line.

    `route` is a fixed name ("/query", "ws query", "other"), never text of the caller's.
    `started`, `finished` and the durations are seconds. `upstream` is the time spent
    waiting for alphas. `verdict` is a word of `core.judge.Verdict` or of an OtterError. `decision`
    is filled in on the way when the caller asked, and may ask, how it was decided.
    """

    door: Door
    route: str
    request_id: str
    started: float
    purpose: str = ""
    alpha: str = ""
    client: str = ""
    status: int = 0
    received: int = 0
    sent: int = 0
    attempts: int = 0
    upstream: float = 0.0
    verdict: str = ""
    closed: bool = False
    decision: Decision | None = None


class Operation(msgspec.Struct):
    """One request on its way through the corridor.

    `writes` is True when it may change data or schema. `timeout` is the caller's own
    limit in seconds (`timeout=`, `grpc-timeout`), None when it set none. `start_ts`
    is 0 for a request that begins a transaction or has none. `target` names the one
    alpha (gRPC address) that must take it, or is empty. `galaxy` is True when the
    metadata asks for an admin's power (`galaxy-operation`, `force-namespace`). `node_local`
    is True when it acts only on the alpha that receives it, which then must be named.
    `commit_now` is True when its transaction ends with the call: the mutations are committed in it, or nobody
    goes on from where it read. `max_stale` is how many seconds old an answer may be when a fresh one is not
    to be had, None when it must be fresh. `settles` is True for an alter that is answered only when the
    alphas show the new schema. `group` is the one that it is about, whose leader spares the cluster a way;
    0 is any.
    """

    purpose: Purpose
    request: Rpc | HttpCall
    caller: Caller
    entry: Entry
    writes: bool = False
    timeout: float | None = None
    start_ts: int = 0
    read_only: bool = False
    best_effort: bool = False
    target: str = ""
    galaxy: bool = False
    node_local: bool = False
    commit_now: bool = False
    max_stale: float | None = None
    settles: bool = False
    group: int = 0


class Sink(Protocol):
    """Where a streamed body goes."""

    def write(self, data: bytes) -> None:
        """Take the next piece."""

    def finish(self) -> None:
        """Be told that the body came to its proper end."""

    def fail(self, reason: str) -> None:
        """Be told that the body broke off; nothing more will come."""


class Body(Protocol):
    """A body that arrives piece by piece; paused until `start`."""

    def start(self, sink: Sink) -> None:
        """Begin to flow into `sink`; at most once."""

    def pause(self) -> None:
        """Stop reading from the alpha; a few pieces may still come."""

    def resume(self) -> None:
        """Read on."""

    def stop(self) -> None:
        """Give up: nobody wants the rest. Safe at any time, also twice."""


class Tunnel(Body, Protocol):
    """A body that also takes bytes: the connection of an upgraded request."""

    def send(self, data: bytes) -> None:
        """Write to the alpha."""

    def send_end(self) -> None:
        """Say that the caller sends nothing more."""

    def on_pressure(self, slower: Callable[[], None], faster: Callable[[], None]) -> None:
        """Call `slower` when the alpha does not keep up and `faster` when it does again."""


class Answer(msgspec.Struct):
    """An alpha's own answer, whatever it says.

    For an Rpc `status` is the gRPC code (0 is OK), `message` its text, `headers` the
    initial and `trailers` the trailing metadata, and `body` the protobuf bytes, a stream of them where
    the Rpc allows that and they are many; then `trailers` come with its end.
    For a Duplex that has begun `status`, `message` and `trailers` come with the end of its body.
    For an HttpCall `status` is the HTTP status, `headers` its fields, and `body` a
    stream (a `Tunnel` when the status is 101). `alpha` is the gRPC address that answered.
    `stale` is how many seconds old it may be, None when it is fresh. `behind` names the alphas that
    do not show an altered schema yet. `length` is that of an Rpc's streamed body in bytes.
    """

    status: int
    body: bytes | Body = b""
    headers: Headers = ()
    trailers: Headers = ()
    message: str = ""
    alpha: str = ""
    stale: float | None = None
    behind: tuple[str, ...] = ()
    length: int | None = None
