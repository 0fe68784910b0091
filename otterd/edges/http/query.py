"""Translate `/query` to the Query call."""

from collections.abc import Mapping
from functools import partial
from json import loads

from msgspec import UNSET, MsgspecError, ValidationError

from otterd.config.schema import Config
from otterd.core.operation import Purpose, Rpc
from otterd.edges.http.compress import decoded
from otterd.edges.http.envelope import DQL, JSON, OLD_DQL, has_token, hints, parameters, takes_gzip, tokens
from otterd.edges.http.exchange import Request
from otterd.edges.http.golang import Unsure, boolean, duration, ignorable, media_type, text_of, uint
from otterd.edges.http.kept import Question
from otterd.edges.http.plan import Call, Plan, Render, Verbatim
from otterd.edges.http.query_text import QueryText, loose, members, strict
from otterd.edges.http.render import query_answer, tokenless
from otterd.wire import api_pb2 as api
from otterd.wire.question import question

_PARAMS = frozenset((b"debug", b"timeout", b"startTs", b"hash", b"be", b"ro", b"respFormat"))
_NAMES = frozenset(("query", "variables"))
_FORMATS = {b"": False, b"json": False, b"rdf": True}
_DEBUG = (("debug", "true"),)
_RENDERS: dict[tuple[bool, bool], Render] = {
    (False, False): query_answer,
    (False, True): partial(query_answer, gzip=True),
    (True, False): partial(query_answer, rdf=True),
    (True, True): partial(query_answer, rdf=True, gzip=True),
}


def translate_query(request: Request, config: Config) -> Plan:
    """Return what a request to `/query` asks for; raise TooLarge when it decompresses to too much."""
    try:
        asked = request.kept.question
        if asked is None:
            asked = request.kept.question = _question(request)
        body = request.body
        if asked.encoding:
            body = decoded(asked.encoding, body, config.max_body_bytes)
        payload = _of_json(body) if asked.json else question(text_of(body))
    except Unsure:
        told = hints(request)
        return Verbatim(Purpose.QUERY, writes=False, timeout=told.timeout, start_ts=told.start_ts)
    return Call(
        Purpose.QUERY,
        Rpc("Query", payload + asked.options, asked.metadata, asked.streams),
        asked.render,
        False,
        asked.timeout,
        asked.start_ts,
        asked.read_only,
        asked.best_effort,
    )


def _of_json(body: bytes) -> bytes:
    """Return the call's bytes for what a body in JSON says, where Go certainly reads the same."""
    try:
        try:
            said: QueryText = strict(body)
        except ValidationError:
            if not all(key in _NAMES or ignorable(key, _NAMES) for key in members(body)):
                raise Unsure from None
            said = loose(body)
        variables = said.variables
        if variables is UNSET:
            return question(said.query)
        # Go merges the maps of a key that comes twice.
        if (b"\\u" in body or body.count(b"variables") > 1) and _twice(body, "variables"):
            raise Unsure
        return question(said.query, variables)
    except (MsgspecError, ValueError, RecursionError):
        raise Unsure from None


def _twice(body: bytes, name: str) -> bool:
    pairs: list[tuple[str, object]] = loads(body, object_pairs_hook=list)
    return len([key for key, _ in pairs if key == name]) > 1


def _question(request: Request) -> Question:
    """Return what the head of `request` says; it is read whole, for what is bad is Dgraph's to refuse."""
    given, lower = parameters(request, _PARAMS), request.lower
    kind, metadata, gzip = media_type(lower.get(b"content-type", b"")), tokens(lower), takes_gzip(lower)
    if kind not in (JSON, DQL, OLD_DQL):
        raise Unsure
    asked = Question(kind == JSON, lower.get(b"content-encoding", b""), metadata, _RENDERS[False, gzip])
    if given:
        _add_options(asked, given, gzip=gzip)
    return asked


def _add_options(asked: Question, params: Mapping[bytes, bytes], *, gzip: bool) -> None:
    given = params.get
    start_ts = uint(given(b"startTs", b""))
    best_effort, read_only = boolean(given(b"be", b"")), boolean(given(b"ro", b""))
    if start_ts:
        # Dgraph looks at neither inside a transaction.
        best_effort = read_only = False
    form = given(b"respFormat", b"")
    if form not in _FORMATS:
        raise Unsure
    rdf = _FORMATS[form]
    asked.timeout, asked.start_ts = duration(given(b"timeout", b"")), start_ts
    asked.read_only, asked.best_effort = best_effort or read_only, best_effort
    asked.options = api.Request(
        start_ts=start_ts,
        hash=text_of(given(b"hash", b"")),
        read_only=asked.read_only,
        best_effort=best_effort,
        resp_format=api.Request.RDF if rdf else api.Request.JSON,
    ).SerializeToString()
    asked.streams, asked.render = not rdf, _RENDERS[rdf, gzip]
    if start_ts and not has_token(asked.metadata):
        asked.render = partial(tokenless, asked.render)
    if boolean(given(b"debug", b"")):
        asked.metadata += _DEBUG
