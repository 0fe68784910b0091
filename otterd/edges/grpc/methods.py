"""What may be called at this door, and what each call means to the corridor."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from google.protobuf.message import DecodeError

from otterd.core.operation import Purpose
from otterd.dql import shape
from otterd.dql.errors import SPACE
from otterd.edges.grpc.toplevel import content, walk
from otterd.wire import api_pb2 as api
from otterd.wire.question import BEST_EFFORT, READ_ONLY, text_at

DGRAPH, HEALTH = b"/api.Dgraph/", b"/grpc.health.v1.Health/"

_START: Final = 1 << 3
_QUERY: Final = 4 << 3 | 2
_READ_ONLY: Final = 6 << 3
_BEST_EFFORT: Final = 7 << 3
_MUTATIONS: Final = 12 << 3 | 2
_COMMIT_NOW: Final = 13 << 3
_TEXT, _BLOCK_READ_ONLY, _BLOCK_BEST_EFFORT = 1 << 3 | 2, 3 << 3, 4 << 3
_IN_BACKGROUND = 6 << 3
_BLANK = SPACE.encode()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a call means; the fields are those of an Operation."""

    purpose: Purpose
    writes: bool = False
    start_ts: int = 0
    read_only: bool = False
    best_effort: bool = False
    commit_now: bool = False
    settles: bool = False


@dataclass(frozen=True, slots=True)
class Method:
    """One method: its `name`, the fixed `route` of its lines, and the `plan` of a payload.

    `admin` says that it needs the admin right, `flows` that its answer may be long. `refused` is a
    sentence for what is not served. Health has no plan, for Otter answers that itself, and neither has
    a stream, which is not known whole.
    """

    name: str
    route: str
    plan: Callable[[bytes], Plan] | None = None
    admin: bool = False
    flows: bool = False
    refused: str = ""


_NORMAL: Final = Plan(Purpose.QUERY)
_SHARED: Final = Plan(Purpose.QUERY, read_only=True)
_UNREADABLE: Final = Plan(Purpose.MUTATION, writes=True)
"""What cannot be read is the alpha's to refuse, and is told to one only."""


_USUAL: Final = {
    b"": _NORMAL,
    READ_ONLY: _SHARED,
    BEST_EFFORT: Plan(Purpose.QUERY, best_effort=True),
    READ_ONLY + BEST_EFFORT: Plan(Purpose.QUERY, read_only=True, best_effort=True),
}
"""What follows the text in a query that has nothing else, no variables for one."""


def _query(payload: bytes) -> Plan:
    # Most are a text and what stands in the table, and need no walk.
    place = text_at(payload)
    plan = None if place is None else _USUAL.get(payload[place[1] :])
    return _walked(payload) if plan is None else plan


def _walked(payload: bytes) -> Plan:
    try:
        found = walk(payload)
        get = found.get
        start_ts, mutates = get(_START, 0), _MUTATIONS in found
        read_only, best_effort = bool(get(_READ_ONLY)), bool(get(_BEST_EFFORT))
        commit_now = bool(get(_COMMIT_NOW))
        blank = not mutates or _QUERY not in found or not content(payload, found[_QUERY]).strip(_BLANK)
    except ValueError:
        try:
            message = api.Request.FromString(payload)
        except DecodeError:
            return _UNREADABLE
        start_ts, mutates = message.start_ts, bool(message.mutations)
        read_only, best_effort, commit_now = message.read_only, message.best_effort, message.commit_now
        blank = not message.query.strip(SPACE)
    if mutates:
        purpose = Purpose.MUTATION if blank else Purpose.UPSERT
        return Plan(purpose, writes=True, start_ts=start_ts, commit_now=commit_now)
    if start_ts:
        # Dgraph looks at neither flag inside a transaction.
        return Plan(Purpose.QUERY, start_ts=start_ts)
    if best_effort:
        return Plan(Purpose.QUERY, read_only=read_only, best_effort=True)
    return _SHARED if read_only else _NORMAL


_BLOCKS = {
    shape.Purpose.MUTATION: Plan(Purpose.MUTATION, writes=True, commit_now=True),
    shape.Purpose.UPSERT: Plan(Purpose.UPSERT, writes=True, commit_now=True),
}


def _run_dql(payload: bytes) -> Plan:
    try:
        found = walk(payload)
        text = content(payload, found[_TEXT]).decode() if _TEXT in found else ""
        read_only, best_effort = bool(found.get(_BLOCK_READ_ONLY)), bool(found.get(_BLOCK_BEST_EFFORT))
    except ValueError:
        try:
            message = api.RunDQLRequest.FromString(payload)
        except DecodeError:
            return _UNREADABLE
        text, read_only, best_effort = message.dql_query, message.read_only, message.best_effort
    written = _BLOCKS.get(shape.purpose_of(text))
    return written or Plan(Purpose.QUERY, read_only=read_only, best_effort=best_effort)


def _commit(payload: bytes) -> Plan:
    try:
        start_ts = walk(payload).get(_START, 0)
    except ValueError:
        try:
            start_ts = api.TxnContext.FromString(payload).start_ts
        except DecodeError:
            start_ts = 0
    return Plan(Purpose.COMMIT, writes=True, start_ts=start_ts)


_ALTER = Plan(Purpose.ALTER, writes=True, settles=True)
_ALTER_LATER = Plan(Purpose.ALTER, writes=True)


def _alter(payload: bytes) -> Plan:
    try:
        later = walk(payload).get(_IN_BACKGROUND)
    except ValueError:
        return _ALTER_LATER
    return _ALTER_LATER if later else _ALTER


def _always(purpose: Purpose, *, writes: bool) -> Callable[[bytes], Plan]:
    plan = Plan(purpose, writes=writes)
    return lambda payload: plan


STREAM = Method("StreamExtSnapshot", "grpc StreamExtSnapshot", admin=True)
_SERVED = (
    Method("Query", "grpc Query", _query, flows=True),
    Method("CommitOrAbort", "grpc CommitOrAbort", _commit),
    Method("RunDQL", "grpc RunDQL", _run_dql, flows=True),
    Method("Login", "grpc Login", _always(Purpose.LOGIN, writes=False)),
    Method("CheckVersion", "grpc CheckVersion", _always(Purpose.STATE, writes=False)),
    Method("Alter", "grpc Alter", _alter, admin=True),
    *(
        Method(name, f"grpc {name}", _always(Purpose.ADMIN, writes=name != "ListNamespaces"), admin=True)
        for name in (
            "AllocateIDs", "CreateNamespace", "DropNamespace", "ListNamespaces",
            "UpdateExtSnapshotStreamingState",
        )
    ),
    STREAM,
)  # fmt: skip

CHECK, WATCH = Method("Check", "grpc health Check"), Method("Watch", "grpc health Watch")

METHODS: Final = {DGRAPH + each.name.encode(): each for each in _SERVED}
METHODS.update({HEALTH + each.name.encode(): each for each in (CHECK, WATCH)})

UNKNOWN: Final = Method(
    "", "other", refused="no such method: this gateway serves api.Dgraph and grpc.health.v1.Health"
)
