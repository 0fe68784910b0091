"""A request to `/mutate` as a Query call with mutations."""

import gzip

import pytest

from otterd.config.schema import Bytes, Config
from otterd.core.operation import Purpose
from otterd.edges.http.mutate import translate_mutate
from otterd.errors import BadRequest, TooLarge
from otterd.wire import api_pb2 as api
from tests.edges.http.asking import DQL, JSON, RDF, asked, call, request, verbatim

CONFIG = Config(max_body_bytes=Bytes(2000))
COMMITS = Config(commit_now_default=True)
NQUADS = '_:a <n> "x" .'
BLOCK = "{ set {" + NQUADS + "} }"
UPSERT = (
    'upsert { query { v as var(func: has(n)) } mutation @if(eq(len(v), 0)) { set { uid(v) <n> "x" . } } }'
)


def plan(body, kind=JSON, target="/mutate", config=CONFIG, **more):
    return translate_mutate(request(target, body, kind, **more), config)


def test_values_pass_in_the_very_bytes_in_which_they_came():
    found = call(plan(b'{ "set" : {"a": 9007199254740993, "b":"\\u0041\xff" } ,"delete":[ 1.10 ]}'))
    assert list(asked(found).mutations) == [
        api.Mutation(set_json=b'{"a": 9007199254740993, "b":"\\u0041\xff" }', delete_json=b"[ 1.10 ]")
    ]
    assert (found.purpose, found.writes) == (Purpose.MUTATION, True)


@pytest.mark.parametrize(
    ("body", "purpose", "writes"),
    [
        ('{"set":{}}', Purpose.MUTATION, True),
        ('{"query":"{}","set":{}}', Purpose.UPSERT, True),
        ('{"query":"{}","mutations":[{"set":{}}]}', Purpose.UPSERT, True),
        ('{"query":"{}"}', Purpose.QUERY, False),
        ('{"query":"{}","cond":"@if(a)","set":null,"mutations":[null,{"cond":"c"}]}', Purpose.QUERY, False),
        ("{}", Purpose.QUERY, False),
    ],
)
def test_the_purpose_follows_from_what_is_there(body, purpose, writes):
    found = call(plan(body))
    assert (found.purpose, found.writes) == (purpose, writes)


def test_both_forms_of_mutations_combine_in_order():
    found = plan('{"mutations":[{"set":2,"cond":"@if(b)"},null,{"delete":3}],"set":1,"cond":"@if(a)","x":[]}')
    assert list(asked(found).mutations) == [
        api.Mutation(set_json=b"1", cond="@if(a)"),
        api.Mutation(set_json=b"2", cond="@if(b)"),
        api.Mutation(delete_json=b"3"),
    ]


def test_texts_are_unescaped_where_go_literals_agree():
    assert asked(plan('{"query":"\\u0041\\t\\"\\\\/é","set":{}}')).query == 'A\t"\\/é'


@pytest.mark.parametrize("text", ["\\/", "\\ud83e\\udda6", "\\ud800", "\\\\\\/"])
def test_texts_that_go_literals_lack_are_left_to_dgraph(text):
    left = verbatim(plan('{"query":"' + text + '","set":{}}'))
    assert (left.purpose, left.writes) == (Purpose.UPSERT, True)
    verbatim(plan('{"cond":"' + text + '","set":{}}'))


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        '{"set":01}',
        '{"set":{"a":"\x01"}}',
        '{"query":5,"set":{}}',
        '{"cond":{},"set":{}}',
        '{"mutations":{}}',
        '{"mutations":[1]}',
        '{"mutations":"x"}',
        '{"set":{}} {}',
        "[" * 100_000,
    ],
)
def test_odd_json_is_left_to_dgraph(body):
    left = verbatim(plan(body))
    assert left.writes
    assert left.target is None


def test_parameters_reach_the_call():
    found = call(plan('{"set":{}}', target="/mutate?commitNow=true&startTs=5&hash=abc&timeout=1s"))
    message = asked(found)
    assert (message.commit_now, message.start_ts, message.hash) == (True, 5, "abc")
    # Dgraph has no time limit on mutations.
    assert (found.start_ts, found.timeout) == (5, None)


@pytest.mark.parametrize(("config", "commits"), [(CONFIG, False), (COMMITS, True)])
def test_json_commits_where_the_config_says_so(config, commits):
    assert asked(plan('{"set":{}}', config=config)).commit_now is commits


@pytest.mark.parametrize(
    ("target", "config", "kind", "commits"),
    [
        ("/mutate", CONFIG, RDF, False),
        ("/mutate", COMMITS, RDF, True),
        ("/mutate", CONFIG, DQL, True),
        ("/mutate?commitNow=", COMMITS, RDF, False),
        ("/mutate?commitNow=false", CONFIG, DQL, False),
        ("/mutate?commitNow=0", COMMITS, RDF, False),
        ("/mutate?commitNow=1", CONFIG, RDF, True),
    ],
)
def test_whether_it_commits(target, config, kind, commits):
    assert asked(plan(BLOCK, kind, target, config)).commit_now is commits


def test_blocks_are_split():
    assert list(asked(plan(BLOCK, RDF)).mutations) == [api.Mutation(set_nquads=NQUADS.encode())]
    found = call(plan(UPSERT, RDF))
    assert asked(found) == api.Request(
        query=" { v as var(func: has(n)) }",
        mutations=[api.Mutation(set_nquads=b' uid(v) <n> "x" . ', cond="@if(eq(len(v), 0))")],
    )
    assert found.purpose is Purpose.UPSERT


@pytest.mark.parametrize(
    ("body", "purpose"),
    [
        ("{ q(func: has(n)) { n } }", Purpose.MUTATION),
        ("{ set { } } { set { } }", Purpose.MUTATION),
        ("# x\nupsert { }", Purpose.UPSERT),
        (UPSERT.encode().replace(b"has(n)", b'eq(n, "\xff")'), Purpose.UPSERT),
    ],
)
def test_odd_blocks_are_left_to_dgraph(body, purpose):
    left = verbatim(plan(body, RDF))
    assert (left.purpose, left.writes, left.target, left.headers) == (purpose, True, None, None)


@pytest.mark.parametrize(
    ("target", "sent"),
    [
        ("/mutate", b"/mutate?commitNow=true"),
        ("/mutate?", b"/mutate?commitNow=true"),
        ("/mutate?startTs=5", b"/mutate?startTs=5&commitNow=true"),
        ("/mutate?commitNow=x", None),
        ("/mutate?%63ommitNow=false", None),
        ("/mutate?commitNow=1&commitNow=0", None),
        ("/mutate?a=commitNow", b"/mutate?a=commitNow&commitNow=true"),
    ],
)
def test_what_is_left_to_dgraph_commits_by_the_same_rule(target, sent):
    assert verbatim(plan("{ set { } } { set { } }", RDF, target, COMMITS)).target == sent


def test_own_type_is_left_to_dgraph_as_rdf():
    left = verbatim(plan("{ q(func: has(n)) { n } }", "application/dql; charset=utf-8", Accept="x"))
    assert left.headers == ((b"Accept", b"x"), (b"Content-Type", b"application/rdf; charset=utf-8"))
    assert left.target == b"/mutate?commitNow=true"
    assert dict(verbatim(plan("", DQL)).headers or ())[b"Content-Type"] == b"application/rdf"


def test_bare_n_quads_are_a_set():
    body = "# all\n" + NQUADS + '\n<1> <n> "{" .'
    found = plan(body, DQL)
    assert list(asked(found).mutations) == [api.Mutation(set_nquads=body.encode())]
    assert asked(found).commit_now
    verbatim(plan(NQUADS, RDF))


def test_the_upsert_form_is_an_upsert_that_commits():
    upsert = (
        '{"query":"{ v as var(func: has(n)) }","mutation":"uid(v) <n> <1> .","cond":"@if(eq(len(v), 1))"}'
    )
    body = '{"upsert":' + upsert + "}"
    found = call(plan(body))
    assert asked(found) == api.Request(
        query="{ v as var(func: has(n)) }",
        mutations=[api.Mutation(set_nquads=b"uid(v) <n> <1> .", cond="@if(eq(len(v), 1))")],
        commit_now=True,
    )
    assert (found.purpose, found.writes) == (Purpose.UPSERT, True)
    assert not asked(plan(body, target="/mutate?commitNow=false")).commit_now


def test_a_refused_upsert_form_is_told_in_words():
    with pytest.raises(BadRequest, match="beside `set`"):
        plan('{"upsert":{"query":"{}","mutation":"x"},"set":{}}')


def test_gzip_is_unpacked_within_the_limit():
    assert asked(plan(gzip.compress(BLOCK.encode()), RDF, Content_Encoding="gzip")).mutations
    with pytest.raises(TooLarge):
        plan(gzip.compress(bytes(2001)), RDF, Content_Encoding="gzip")


@pytest.mark.parametrize(
    "more",
    [
        {"method": "GET"},
        {"kind": None},
        {"kind": "text/plain"},
        {"kind": "application/graphql+-"},
        {"X_Dgraph_AuthToken": "é"},
    ],
)
def test_odd_requests_are_left_to_dgraph(more):
    left = verbatim(plan('{"query":"{}","set":{}}', **more))
    assert left.writes


def test_tokens_of_the_caller_become_metadata():
    assert call(plan("{}", X_Dgraph_AccessToken="jwt")).rpc.metadata == (("accessjwt", "jwt"),)
