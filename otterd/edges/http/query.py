"""Translate `/query` to the Query call."""

from collections.abc import Mapping
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


class _Options(msgspec.Struct, frozen=True):
    timeout: float | None = None
    start_ts: int = 0
    hash: str = ""
    read_only: bool = False
    best_effort: bool = False
    debug: bool = False
    rdf: bool = False


_NONE = _Options()


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
    text, variables = _parts(envelope.body, kind)
    options = _options(envelope.params) if envelope.params else _NONE
    message = api.Request(query=text, vars=variables)
    if options is not _NONE:
        _apply(options, message)
    render = _RENDERS[options.rdf, envelope.gzip]
    if options.start_ts and not envelope.has_token:
        render = partial(tokenless, render)
    metadata = envelope.metadata
    if options.debug:
        metadata += _DEBUG
    return Call(
        Purpose.QUERY,
        Rpc("Query", message.SerializeToString(), metadata, streams=not options.rdf),
        render,
        False,
        options.timeout,
        options.start_ts,
        options.read_only,
        options.best_effort,
    )


def _apply(options: _Options, message: api.Request) -> None:
    if options.start_ts:
        message.start_ts = options.start_ts
    if options.hash:
        message.hash = options.hash
    if options.read_only:
        message.read_only = True
    if options.best_effort:
        message.best_effort = True
    if options.rdf:
        message.resp_format = api.Request.RDF


def _options(params: Mapping[bytes, bytes]) -> _Options:
    """Return what the parameters say, all of them read, so that a bad one is Dgraph's to refuse."""
    given = params.get
    if len(params) == 1 and b"timeout" in params:
        return _Options(duration(params[b"timeout"]))
    start_ts = uint(given(b"startTs", b""))
    best_effort, read_only = boolean(given(b"be", b"")), boolean(given(b"ro", b""))
    if start_ts:
        # Dgraph looks at neither inside a transaction.
        best_effort = read_only = False
    form = given(b"respFormat", b"")
    if form not in _FORMATS:
        raise Unsure
    return _Options(
        duration(given(b"timeout", b"")),
        start_ts,
        text_of(given(b"hash", b"")),
        best_effort or read_only,
        best_effort,
        boolean(given(b"debug", b"")),
        _FORMATS[form],
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
