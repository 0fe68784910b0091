"""Mutation and upsert texts over HTTP, split where Dgraph's own parser splits them."""

import time

import pytest

from otterd.config.schema import Bytes, Config
from otterd.core.operation import Purpose
from otterd.dql.openings import LONGEST_PARSED
from otterd.edges.http.mutate import translate_mutate
from otterd.wire import api_pb2 as api
from tests.edges.http.asking import DQL, RDF, asked, call, request, verbatim

CONFIG = Config(max_body_bytes=Bytes(1_000_000))


def _change(setting: bytes = b"", deleting: bytes = b"", cond: bytes = b"") -> api.Mutation:
    return api.Mutation(set_nquads=setting, del_nquads=deleting, cond=cond.decode())


def _split(query: bytes, changes: tuple[api.Mutation, ...]) -> api.Request:
    return api.Request(query=query.decode(), mutations=changes)


SPLIT = {
    b"{ set { a } set { b } }": _split(b"", (_change(b" b "),)),
    b"{ set { a } delete { b } delete { c } }": _split(b"", (_change(b" a ", b" c "),)),
    b"{ set { a } } \t\r\n": _split(b"", (_change(b" a "),)),
    b"{ set x { a } }": _split(b"", (_change(b" a "),)),
    b", { set { a } }": _split(b"", (_change(b" a "),)),
    b'{ set { _:a <n> "x" . } }': _split(b"", (_change(b' _:a <n> "x" . '),)),
    b'{set{_:a <n> "x}" .}delete{<1> <n> * .}}': _split(b"", (_change(b'_:a <n> "x}" .', b"<1> <n> * ."),)),
    b'{ set { _:a <n> "q\\"}\\\\" . # " } " \n } }': _split(
        b"", (_change(b' _:a <n> "q\\"}\\\\" . # " } " \n '),)
    ),
    b"# a {\r{ # b }\n set # c\n { \xff } # d\n } # e": _split(b"", (_change(b" \xff "),)),
    b"{ set { } }": _split(b"", (_change(b" "),)),
    b'upsert { query { v as var(func: has(n)) } mutation { set { uid(v) <n> "x" . } } }': _split(
        b" { v as var(func: has(n)) }", (_change(b' uid(v) <n> "x" . '),)
    ),
    b"upsert{mutation{delete{<1> <n> * .}}query{q(func:uid(1)){uid}}}": _split(
        b"{q(func:uid(1)){uid}}", (_change(b"", b"<1> <n> * ."),)
    ),
    b'upsert { query { q(func: eq(n, "}")) { v as uid } } fragment f { n }'
    b' mutation @if(eq(len(v), 0) AND gt(1, ")")) { set { a } } }': _split(
        b' { q(func: eq(n, "}")) { v as uid } }fragment f { n }',
        (_change(b" a ", b"", b'@if(eq(len(v), 0) AND gt(1, ")"))'),),
    ),
    # A condition also holds for the mutations after it that have none.
    b"upsert { query { } mutation @if(a) { set { 1 } } mutation { set { 2 } }"
    b" mutation @if (b) { set { 3 } } }": _split(
        b" { }",
        (_change(b" 1 ", b"", b"@if(a)"), _change(b" 2 ", b"", b"@if(a)"), _change(b" 3 ", b"", b"@if (b)")),
    ),
}

LEFT = [
    b"",
    b"{ q(func: has(n)) { n } }",
    b"{ }",
    b"{ set { a } ",
    b"{ set { a } } }",
    b"{ set { a } } x",
    b"{ set { a } } \x0b",
    b"{ set { { } } }",
    b'{ set { "a } }',
    b"{ del { a } }",
    b"{ Set { a } }",
    b"{ settle { a } }",
    b"{ @if(a) set { a } }",
    b"set { a }",
    b"mutation { set { a } }",
    b"schema {}",
    b"upsert { query { } }",
    b"upsert { mutation { set { a } } }",
    b"upsert { query { } query { } mutation { set { a } } }",
    b"upsert { query { } mutation { set { a } } ",
    b"upsert { query { } mutation @filter(a) { set { a } } }",
    b"upsert { query { } mutation @iffy(a) { set { a } } }",
    b"upsert { query { } mutation @if(a { set { a } } }",
    b"upsert { query { } } mutation { set { a } } }",
    b"upsert { query ( ) } mutation { set { a } } }",
    b'upsert { query { "\\d" } mutation { set { a } } }',
    b'upsert { query { "open } mutation { set { a } } }',
    b"upsert { query { } nonsense mutation { set { a } } }",
    b"upsert query { } mutation { set { a } }",
    b"upserts { query { } mutation { set { a } } }",
    b"{ # set { a } }",
]


def plan(text: bytes, kind: str = RDF):
    return translate_mutate(request("/mutate", text, kind), CONFIG)


@pytest.mark.parametrize(("text", "expected"), SPLIT.items())
def test_splits_as_dgraph_does(text, expected):
    assert asked(plan(text)) == expected


@pytest.mark.parametrize("text", LEFT)
def test_leaves_all_else_to_dgraph(text):
    verbatim(plan(text))


def padded(start: bytes, end: bytes, size: int) -> bytes:
    return start + b" " * (size - len(start) - len(end)) + end


@pytest.mark.parametrize(
    ("start", "end", "purpose"),
    [
        (b"{ set {", b"} }", Purpose.MUTATION),
        (b"upsert { query { q(func: uid(1)) { uid } }", b"mutation { set { a } } }", Purpose.UPSERT),
    ],
)
def test_leaves_long_texts_to_dgraph(start, end, purpose):
    assert call(plan(padded(start, end, LONGEST_PARSED))).purpose is purpose
    left = verbatim(plan(padded(start, end, LONGEST_PARSED + 1)))
    assert (left.purpose, left.writes, left.target) == (purpose, True, None)
    own = verbatim(plan(padded(start, end, LONGEST_PARSED + 1), DQL))
    assert (own.purpose, own.target) == (purpose, b"/mutate?commitNow=true")
    assert (b"Content-Type", b"application/rdf") in (own.headers or ())


def test_who_must_answer_itself_says_how_long_texts_may_be():
    text = padded(b"{ set {", b"} }", 2 * LONGEST_PARSED)
    found = translate_mutate(request("/mutate", text, RDF), CONFIG, longest=len(text))
    assert asked(found).mutations[0].set_nquads == text[7:-3]


def test_long_bare_n_quads_are_a_set():
    text = b"<1> <n> <2> .\n" * LONGEST_PARSED
    assert list(asked(plan(text, DQL)).mutations) == [api.Mutation(set_nquads=text)]


@pytest.mark.parametrize(
    "text",
    [
        b'{ set { "' + b"\\" * 200_000,
        b"{ set { " + b'""' * 100_000,
        b"upsert { query { " + b'"a" ' * 50_000,
        b"upsert { query " + b"{" * 200_000,
        b"#" * 200_000,
        b"#\n" * 100_000,
        b"{ set { a } } " + b"#\n" * 100_000 + b"x",
    ],
)
@pytest.mark.parametrize("longest", [LONGEST_PARSED, 1_000_000])
def test_hostile_text_costs_no_more_than_its_length(text, longest):
    started = time.process_time()
    verbatim(translate_mutate(request("/mutate", text, RDF), CONFIG, longest=longest))
    assert time.process_time() - started < 1
