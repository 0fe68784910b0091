"""What `/validate/dql?explain=true` tells besides the verdict, with the live schema beside it."""

from collections.abc import Container
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from otterd.core.cluster import Map
from otterd.core.namespace import namespace_of, tablet
from otterd.core.operation import Answer, Caller, Operation, Purpose, Rpc
from otterd.dql.needs import Stored, needs
from otterd.dql.shape import shape
from otterd.dql.tree import Document
from otterd.edges.http.envelope import tokens
from otterd.edges.http.exchange import Request
from otterd.edges.http.golang import Unsure, boolean, params
from otterd.errors import AlphaFailed, BadRequest, DeadlinePassed, Unavailable
from otterd.gateway.seams import Asked, Ear
from otterd.wire import api_pb2 as api

_SCHEMA = api.Request(query="schema {}", read_only=True).SerializeToString()


class Performer(Protocol):
    """The corridor."""

    def ask(self, operation: Operation, ear: Ear) -> Asked:
        """Carry `operation` to an alpha and tell `ear` what came of it, perhaps before this returns."""

    def perform(self, operation: Operation) -> Deferred[Answer]:
        """Carry `operation` to an alpha; fail only with an OtterError or CancelledError."""


class Atlas(Protocol):
    """Where the map of the cluster is; `why` is empty, or a sentence that says why there is none."""

    @property
    def map(self) -> Map:
        """Return the map as last told."""

    @property
    def why(self) -> str:
        """Return the sentence."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What an explanation stands on: the corridor, the map, and the namespace of callers without a token."""

    gateway: Performer
    atlas: Atlas
    namespace: int = 0


class _Predicate(msgspec.Struct):
    predicate: str
    type: str = ""
    tokenizer: tuple[str, ...] = ()
    index: bool = False
    index_specs: tuple[msgspec.Raw, ...] = ()
    count: bool = False
    reverse: bool = False


class _Schema(msgspec.Struct):
    schema: tuple[_Predicate, ...] = ()


@dataclass(frozen=True, slots=True)
class _Live:
    """What the cluster's schema says, or why that is not known."""

    schema: dict[str, Stored] | None = None
    why: str = ""


_read = msgspec.json.Decoder(_Schema).decode


def is_asked(query: bytes) -> bool:
    """Tell whether the raw `query` of a target asks for an explanation; raise BadRequest."""
    try:
        return boolean(params(query, (b"explain",)).get(b"explain", b""))
    except Unsure:
        raise BadRequest("explain is true or false, once") from None


def explain(
    ground: Ground, request: Request, caller: Caller, text: str, kind: str, document: Document | None
) -> Deferred[bytes]:
    """Return the JSON that tells of `text`, which is sound; `document` is the query in it."""
    try:
        metadata = tokens(request.lower)
    except Unsure:
        raise BadRequest("an access token holds what cannot be sent on") from None
    operation = Operation(
        Purpose.QUERY, Rpc("Query", _SCHEMA, metadata), caller, request.entry, read_only=True
    )

    def unknown(failure: Failure) -> _Live:
        """Say why there is no schema; a text can be told about without any alpha."""
        failure.trap(AlphaFailed, DeadlinePassed, Unavailable)
        return _Live(why=str(failure.value))

    def told(live: _Live) -> bytes:
        members = _members(text, kind)
        if live.schema is None:
            members |= {"needs": None, "owners": None, "why": live.why}
        else:
            members["needs"] = needs(document, live.schema) if document is not None else []
            token = dict(metadata).get("accessjwt")
            namespace = namespace_of(token) if token else ground.namespace
            members |= _owners(members["predicates"], live.schema, ground.atlas, namespace)
        return msgspec.json.encode(members)

    return ground.gateway.perform(operation).addCallback(_stored).addErrback(unknown).addCallback(told)


def _stored(answer: Answer) -> _Live:
    """Return the predicates in an alpha's `answer`, or its words when it refused."""
    if answer.status:
        return _Live(why=answer.message)
    assert isinstance(answer.body, bytes)
    predicates = {
        each.predicate: Stored(
            each.type,
            frozenset(each.tokenizer if each.index else ()),
            bool(each.index_specs),
            each.count,
            each.reverse,
        )
        for each in _read(api.Response.FromString(answer.body).json or b"{}").schema
    }
    return _Live(predicates)


def _owners(
    predicates: list[str] | None, schema: Container[str], atlas: Atlas, namespace: int
) -> dict[str, Any]:
    """Tell which group serves each predicate that the caller's schema shows, and who leads the group."""
    known = atlas.map
    if not known.known:
        return {"owners": None, "why": atlas.why}
    if predicates is None:
        return {"owners": None}
    # The namespace is only claimed, so that the map alone must not tell what is there.
    places = [known.owners.get(tablet(namespace, each)) if each in schema else None for each in predicates]
    return {
        "owners": [
            {"predicate": each, "group": group, "leader": (known.leader_of(group) if group else "") or None}
            for each, group in zip(predicates, places, strict=True)
        ]
    }


def _members(text: str, kind: str) -> dict[str, Any]:
    found = shape(text)
    functions = sorted((each.name, each.predicate) for each in found.functions)
    return {
        "status": "valid",
        "type": kind,
        "purpose": str(found.purpose),
        "reads": _listed(found.reads),
        "writes": _listed(found.writes),
        "predicates": _listed(found.predicates),
        "functions": [{"name": name, "predicate": predicate} for name, predicate in dict.fromkeys(functions)],
        "digest": found.digest,
        "volatile": found.volatile,
        "depth": found.depth,
        "breadth": found.breadth,
    }


def _listed(names: frozenset[str] | None) -> list[str] | None:
    return None if names is None else sorted(names)
