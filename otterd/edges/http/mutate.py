"""Translate `/mutate` to the Query call: mutations, upserts, and Otter's own forms of both."""

import re
from functools import partial

import msgspec

from otterd.config.schema import Config
from otterd.core.operation import Headers, Purpose, Rpc
from otterd.dql.errors import DqlError
from otterd.dql.mutation_blocks import parse_mutation
from otterd.dql.mutation_tree import Change, Query, Upsert
from otterd.dql.openings import LONGEST_PARSED, begins_upsert, is_bare
from otterd.edges.http.compress import decoded
from otterd.edges.http.envelope import DQL, JSON, RDF, Envelope, hints, opened
from otterd.edges.http.exchange import Request
from otterd.edges.http.golang import Unsure, boolean, media_type, params, text_of, uint
from otterd.edges.http.plan import Call, Plan, Render, Verbatim
from otterd.edges.http.render import mutate_answer, tokenless
from otterd.edges.http.upsert_form import upsert_request
from otterd.wire import api_pb2 as api

_PARAMS = frozenset((b"commitNow", b"startTs", b"hash"))
_Keys = dict[str, msgspec.Raw]
_keys = msgspec.json.Decoder(_Keys).decode
_list_of_keys = msgspec.json.Decoder(list[_Keys | None]).decode
_string = msgspec.json.Decoder(str).decode
_NULL = b"null"
# Escapes of JSON that Go's own string literals, as which Dgraph reads these texts, do not have.
_FOREIGN_ESCAPE = re.compile(rb"\\(?:/|u[dD][89a-fA-F])|(\\[^/u])").finditer


def translate_mutate(request: Request, config: Config, *, longest: int = LONGEST_PARSED) -> Plan:
    """Return what a request to `/mutate` asks for.

    DQL of more than `longest` bytes is not parsed but left to Dgraph.
    Raise TooLarge when it decompresses to too much, BadRequest for an upsert form that is
    malformed or cannot be one request.
    """
    kind = b""
    try:
        kind = media_type(request.lower.get(b"content-type", b""))
        envelope = opened(request, _PARAMS, config.max_body_bytes)
        return _call(envelope, kind, longest, commit_default=config.commit_now_default)
    except Unsure:
        return _verbatim(request, kind, config)


def _call(envelope: Envelope, kind: bytes, longest: int, *, commit_default: bool) -> Call:
    if kind == JSON:
        message, own_form = _from_json(envelope.body)
    elif kind == RDF:
        message, own_form = _from_blocks(envelope.body, longest), False
    elif kind == DQL:
        bare = is_bare(envelope.body)
        message = _bare(envelope.body) if bare else _from_blocks(envelope.body, longest)
        own_form = True
    else:
        raise Unsure
    given = envelope.params
    commit_now = boolean(given[b"commitNow"]) if b"commitNow" in given else commit_default or own_form
    message.start_ts = uint(given.get(b"startTs", b""))
    message.hash = text_of(given.get(b"hash", b""))
    message.commit_now = commit_now
    mutates = bool(message.mutations)
    render: Render = partial(mutate_answer, mutates=mutates, commit_now=commit_now, gzip=envelope.gzip)
    if message.start_ts and not envelope.has_token:
        render = partial(tokenless, render)
    return Call(
        _purpose(message),
        Rpc("Query", message.SerializeToString(), envelope.metadata),
        render,
        writes=mutates,
        start_ts=message.start_ts,
        commit_now=mutates and commit_now,
    )


def _purpose(message: api.Request) -> Purpose:
    if not message.mutations:
        return Purpose.QUERY
    return Purpose.UPSERT if message.query else Purpose.MUTATION


def _from_json(body: bytes) -> tuple[api.Request, bool]:
    try:
        keys = _keys(body)
        if "upsert" in keys:
            return upsert_request(keys), True
        message = api.Request(query=_unquoted(keys.get("query")))
        _add_mutation(message, keys)
        listed = keys.get("mutations")
        if listed is not None and bytes(listed) != _NULL:
            for each in _list_of_keys(listed):
                if each is not None:
                    _add_mutation(message, each)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise Unsure from None
    return message, False


def _add_mutation(message: api.Request, keys: _Keys) -> None:
    """Add what `set`, `delete` and `cond` say, in the very bytes in which they came."""
    setting, deleting = _value(keys.get("set")), _value(keys.get("delete"))
    cond = _unquoted(keys.get("cond"))
    if setting is not None or deleting is not None:
        message.mutations.append(
            api.Mutation(set_json=setting or b"", delete_json=deleting or b"", cond=cond)
        )


def _value(raw: msgspec.Raw | None) -> bytes | None:
    if raw is None:
        return None
    value = bytes(raw)
    return None if value == _NULL else value


def _unquoted(raw: msgspec.Raw | None) -> str:
    """Return the text of a JSON string, where Go reads it alike as a literal of its own."""
    value = _value(raw)
    if value is None:
        return ""
    if b"\\" in value and any(match[1] is None for match in _FOREIGN_ESCAPE(value)):
        raise Unsure
    return _string(value)


def _from_blocks(body: bytes, longest: int) -> api.Request:
    if len(body) > longest:
        raise Unsure
    try:
        parsed = parse_mutation(body.decode("utf-8", "surrogateescape"), alone=True)
    except DqlError:
        raise Unsure from None
    if isinstance(parsed, Query):
        raise Unsure
    if isinstance(parsed, Upsert):
        return api.Request(query=_unbroken(parsed.query), mutations=map(_mutation, parsed.changes))
    return api.Request(mutations=[_mutation(parsed.change)])


def _mutation(change: Change) -> api.Mutation:
    return api.Mutation(
        set_nquads=_bytes(change.set), del_nquads=_bytes(change.delete), cond=_unbroken(change.cond)
    )


def _bytes(part: str) -> bytes:
    """Return the very bytes of the body that `part` was read from."""
    return part.encode("utf-8", "surrogateescape")


def _unbroken(part: str) -> str:
    return text_of(_bytes(part))


def _bare(body: bytes) -> api.Request:
    return api.Request(mutations=[api.Mutation(set_nquads=body)])


def _verbatim(request: Request, kind: bytes, config: Config) -> Verbatim:
    """Let Dgraph answer, with the type and the `commitNow` that Otter's own rules give."""
    own_type = kind == DQL
    headers = _as_rdf(request.headers) if own_type else None
    target = None
    if (own_type or config.commit_now_default) and not _says_commit(request.query):
        target = request.target + (b"&" if request.query else b"?") + b"commitNow=true"
        if b"?" in request.target and not request.query:
            target = request.target + b"commitNow=true"
    purpose = Purpose.UPSERT if _is_upsert(request, kind, config) else Purpose.MUTATION
    return Verbatim(purpose, True, start_ts=hints(request).start_ts, target=target, headers=headers)


def _says_commit(query: bytes) -> bool:
    try:
        return b"commitNow" in params(query, _PARAMS)
    except Unsure:
        return b"commitNow" in query


def _as_rdf(headers: Headers) -> Headers:
    return tuple(
        (name, RDF + value[value.find(b";") :] if b";" in value else RDF)
        if name.lower() == b"content-type"
        else (name, value)
        for name, value in headers
    )


def _is_upsert(request: Request, kind: bytes, config: Config) -> bool:
    try:
        body = decoded(request.lower.get(b"content-encoding", b""), request.body, config.max_body_bytes)
    except Unsure:
        return False
    if kind != JSON:
        return begins_upsert(body)
    try:
        return "query" in _keys(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return b'"query"' in body
