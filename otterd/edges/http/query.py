"""Translate `/query` to the Query call."""

from functools import partial

from otterd.config.schema import Config
from otterd.core.operation import Purpose, Rpc
from otterd.edges.http.compress import decoded
from otterd.edges.http.envelope import DQL, JSON, OLD_DQL, has_token, hints, parameters, takes_gzip, tokens
from otterd.edges.http.exchange import Request
from otterd.edges.http.golang import Unsure, boolean, duration, media_type, text_of, uint
from otterd.edges.http.kept import Question
from otterd.edges.http.plan import Call, Plan, Render, Verbatim
from otterd.edges.http.query_text import query_text
from otterd.edges.http.render import query_answer, tokenless
from otterd.wire import api_pb2 as api
from otterd.wire.question import question

_PARAMS = frozenset((b"debug", b"timeout", b"startTs", b"hash", b"be", b"ro", b"respFormat"))
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
        if asked.json:
            text = query_text(body)
            payload = question(text.query, text.variables)
        else:
            payload = question(text_of(body))
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


def _question(request: Request) -> Question:
    """Return what the head of `request` says; it is read whole, for what is bad is Dgraph's to refuse."""
    given = parameters(request, _PARAMS).get
    lower = request.lower
    kind, metadata = media_type(lower.get(b"content-type", b"")), tokens(lower)
    if kind not in (JSON, DQL, OLD_DQL):
        raise Unsure
    start_ts = uint(given(b"startTs", b""))
    best_effort, read_only = boolean(given(b"be", b"")), boolean(given(b"ro", b""))
    if start_ts:
        # Dgraph looks at neither inside a transaction.
        best_effort = read_only = False
    form = given(b"respFormat", b"")
    if form not in _FORMATS:
        raise Unsure
    rdf, timeout = _FORMATS[form], duration(given(b"timeout", b""))
    options = api.Request(
        start_ts=start_ts,
        hash=text_of(given(b"hash", b"")),
        read_only=best_effort or read_only,
        best_effort=best_effort,
        resp_format=api.Request.RDF if rdf else api.Request.JSON,
    )
    render = _RENDERS[rdf, takes_gzip(lower)]
    if start_ts and not has_token(metadata):
        render = partial(tokenless, render)
    if boolean(given(b"debug", b"")):
        metadata += _DEBUG
    asked = Question(
        kind == JSON,
        lower.get(b"content-encoding", b""),
        metadata,
        options.SerializeToString(),
        render,
        streams=not rdf,
    )
    asked.timeout, asked.start_ts = timeout, start_ts
    asked.read_only, asked.best_effort = best_effort or read_only, best_effort
    return asked
