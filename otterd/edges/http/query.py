"""Translate `/query` to the Query call."""

from functools import partial
from json import loads

import msgspec

from otterd.config.schema import Config
from otterd.core.operation import Purpose, Rpc
from otterd.edges.http.envelope import DQL, JSON, OLD_DQL, Envelope, hints, opened
from otterd.edges.http.exchange import Request
from otterd.edges.http.golang import Unsure, boolean, duration, ignorable, media_type, text_of, uint
from otterd.edges.http.plan import Call, Plan, Render, Verbatim
from otterd.edges.http.render import query_answer, tokenless
from otterd.wire import api_pb2 as api

_PARAMS = frozenset((b"debug", b"timeout", b"startTs", b"hash", b"be", b"ro", b"respFormat"))
_FORMATS = {b"": False, b"json": False, b"rdf": True}
_DEBUG = (("debug", "true"),)
_RENDERS: dict[tuple[bool, bool], Render] = {
    (rdf, gzip): partial(query_answer, rdf=rdf, gzip=gzip) for rdf in (False, True) for gzip in (False, True)
}


class _Text(msgspec.Struct):
    query: str = ""
    variables: dict[str, str] | None = None


class _StrictText(_Text, forbid_unknown_fields=True):
    pass


_text = msgspec.json.Decoder(_Text).decode
_strict_text = msgspec.json.Decoder(_StrictText).decode
_keys = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_NAMES = frozenset(("query", "variables"))


def translate_query(request: Request, config: Config) -> Plan:
    """Return what a request to `/query` asks for; raise TooLarge when it decompresses to too much."""
    try:
        envelope = opened(request, _PARAMS, config.max_body_bytes)
        return _call(envelope, media_type(request.lower.get(b"content-type", b"")))
    except Unsure:
        told = hints(request)
        return Verbatim(Purpose.QUERY, writes=False, timeout=told.timeout, start_ts=told.start_ts)


def _call(envelope: Envelope, kind: bytes) -> Call:
    given = envelope.params.get
    timeout = duration(given(b"timeout", b""))
    start_ts = uint(given(b"startTs", b""))
    best_effort, read_only = boolean(given(b"be", b"")), boolean(given(b"ro", b""))
    # Dgraph looks at neither in a transaction, and makes best-effort reads read-only.
    best_effort = best_effort and not start_ts
    read_only = best_effort or (read_only and not start_ts)
    try:
        rdf = _FORMATS[given(b"respFormat", b"")]
    except KeyError:
        raise Unsure from None
    text, variables = _parts(envelope.body, kind)
    message = api.Request(
        query=text,
        vars=variables,
        start_ts=start_ts,
        hash=text_of(given(b"hash", b"")),
        read_only=read_only,
        best_effort=best_effort,
        resp_format=api.Request.RDF if rdf else api.Request.JSON,
    )
    render = _RENDERS[rdf, envelope.gzip]
    if start_ts and not envelope.has_token:
        render = partial(tokenless, render)
    metadata = envelope.metadata
    if boolean(given(b"debug", b"")):
        metadata += _DEBUG
    return Call(
        Purpose.QUERY,
        Rpc("Query", message.SerializeToString(), metadata),
        render,
        timeout=timeout,
        start_ts=start_ts,
        read_only=read_only,
        best_effort=best_effort,
    )


def _parts(body: bytes, kind: bytes) -> tuple[str, dict[str, str] | None]:
    if kind == JSON:
        return _from_json(body)
    if kind in (DQL, OLD_DQL):
        return text_of(body), None
    raise Unsure


def _from_json(body: bytes) -> tuple[str, dict[str, str] | None]:
    try:
        # Go merges the maps of a key that comes twice.
        if (b"\\u" in body or body.count(b"variables") > 1) and _twice(body, "variables"):
            raise Unsure
        try:
            parts: _Text = _strict_text(body)
        except msgspec.ValidationError:
            if not all(key in _NAMES or ignorable(key, _NAMES) for key in _keys(body)):
                raise Unsure from None
            parts = _text(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise Unsure from None
    return parts.query, parts.variables


def _twice(body: bytes, name: str) -> bool:
    pairs: list[tuple[str, object]] = loads(body, object_pairs_hook=list)
    return len([key for key, _ in pairs if key == name]) > 1
