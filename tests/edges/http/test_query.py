"""A request to `/query` as a Query call."""

import gzip

import pytest

from otterd.config.schema import Bytes, Config
from otterd.core.operation import Answer, Purpose
from otterd.edges.http.query import translate_query
from otterd.errors import TooLarge
from otterd.wire import api_pb2 as api
from tests.edges.http.asking import DQL, JSON, asked, call, request, verbatim

CONFIG = Config(max_body_bytes=Bytes(1000))
TEXT = "{ q(func: has(n)) { n } }"


def plan(target="/query", body=TEXT, kind=DQL, **more):
    return translate_query(request(target, body, kind, **more), CONFIG)


@pytest.mark.parametrize("kind", [DQL, "application/graphql+-", "Application/DQL; charset=UTF-8"])
def test_a_text_is_the_query(kind):
    found = call(plan(kind=kind))
    assert asked(found) == api.Request(query=TEXT)
    assert (found.purpose, found.writes, found.timeout, found.start_ts) == (Purpose.QUERY, False, None, 0)
    assert not found.read_only
    assert found.rpc.metadata == ()


def test_json_has_query_and_variables():
    found = plan(body='{"query":"q","variables":{"$a":"é\\u0041\\/"},"operationName":5}', kind=JSON)
    assert asked(found) == api.Request(query="q", vars={"$a": "éA/"})
    assert asked(plan(body='{"query":"q","variables":null}', kind=JSON)) == api.Request(query="q")
    assert asked(plan(body="{}", kind=JSON)) == api.Request()


def test_parameters_reach_the_call():
    found = call(plan("/query?startTs=0x10&hash=abc&timeout=1.5s&respFormat=rdf&debug=1"))
    assert asked(found) == api.Request(query=TEXT, start_ts=16, hash="abc", resp_format=api.Request.RDF)
    assert (found.timeout, found.start_ts) == (1.5, 16)
    assert found.rpc.metadata == (("debug", "true"),)


@pytest.mark.parametrize(
    ("query", "read_only", "best_effort"),
    [
        ("ro=true", True, False),
        ("be=true", True, True),
        ("be=true&ro=false", True, True),
        ("be=0&ro=0", False, False),
        ("startTs=5&be=true&ro=true", False, False),
        ("startTs=0&ro=true", True, False),
    ],
)
def test_read_only_and_best_effort_are_read_as_dgraph_does(query, read_only, best_effort):
    found = call(plan(f"/query?{query}"))
    assert (found.read_only, found.best_effort) == (read_only, best_effort)
    assert (asked(found).read_only, asked(found).best_effort) == (read_only, best_effort)


def test_tokens_of_the_caller_become_metadata():
    found = call(plan(X_Dgraph_AccessToken="jwt", X_Dgraph_AuthToken="poor", Authorization="Bearer x"))
    assert found.rpc.metadata == (("accessjwt", "jwt"), ("auth-token", "poor"))
    assert call(plan(X_Dgraph_AccessToken="")).rpc.metadata == ()


def test_gzip_is_unpacked_within_the_limit():
    assert asked(plan(body=gzip.compress(TEXT.encode()), Content_Encoding="gzip")).query == TEXT
    with pytest.raises(TooLarge):
        plan(body=gzip.compress(bytes(1001)), Content_Encoding="gzip")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        "{",
        '{"query":5}',
        '{"query":null}',
        '{"Query":"q"}',
        '{"query":"q","VARIABLES":{}}',
        '{"query":"q","variables":{"a":1}}',
        '{"query":"q","variables":{"a":null}}',
        '{"query":"q","variables":[]}',
        '{"query":"q","variables":{"a":"1"},"variables":{"b":"2"}}',
        '{"query":"q","variables":{},"variable\\u0073":{}}',
        '{"query":"\\ud800"}',
        b'{"query":"\xff"}',
        b'{"query":"q","\xff":1}',
        '{"query":"a\nb"}',
        '{"query":"q"} x',
        '{"query":"q","x":01}',
        '{"query":"q","variableſ":{}}',
        '{"query":"q","x":' + "[" * 400 + "]" * 399 + "}",
        "[" * 100_000,
    ],
)
def test_odd_json_is_left_to_dgraph(body):
    left = verbatim(plan(body=body, kind=JSON))
    assert (left.purpose, left.writes, left.target, left.headers, left.body) == (
        Purpose.QUERY,
        False,
        None,
        None,
        None,
    )


@pytest.mark.parametrize(
    "query",
    [
        "startTs=abc",
        "startTs=-1",
        "timeout=5",
        "timeout=-1s",
        "debug=x",
        "ro=x",
        "be=x",
        "startTs=5&ro=x",
        "respFormat=xml",
        "respFormat=RDF",
        "debug=1&debug=0",
        "hash=%ff",
        "hash=%zz",
        "ro=1;be=1",
    ],
)
def test_odd_parameters_are_left_to_dgraph(query):
    verbatim(plan(f"/query?{query}"))


@pytest.mark.parametrize(
    "more",
    [
        {"method": "GET"},
        {"method": "DELETE"},
        {"kind": None},
        {"kind": "text/plain"},
        {"kind": "application/rdf"},
        {"kind": "application/dql; charset=latin1"},
        {"Content_Encoding": "br"},
        {"Content_Encoding": "gzip"},
        {"X_Dgraph_AccessToken": "\xe9"},
        {"X_Dgraph_AccessToken": "a\tb"},
        {"body": b"\xff"},
    ],
)
def test_odd_requests_are_left_to_dgraph(more):
    verbatim(plan(**more))


def test_what_is_left_keeps_its_time_and_transaction():
    left = verbatim(plan("/query?timeout=2s&startTs=7", body=b"\xff"))
    assert (left.timeout, left.start_ts) == (2.0, 7)


@pytest.mark.parametrize(
    ("target", "start"), [("/query", b'{"data":{}'), ("/query?respFormat=rdf", b'{"data":""')]
)
def test_the_answer_is_rendered_in_the_form_that_was_asked_for(target, start):
    rendered = call(plan(target, Accept_Encoding="x, gzip")).render(
        Answer(0, api.Response(json=b"{}").SerializeToString())
    )
    assert rendered.body.startswith(start)
    assert rendered.gzip
