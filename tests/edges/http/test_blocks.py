"""Mutation and upsert texts, split where Dgraph's own parser splits them."""

import time

import pytest

from otterd.edges.http.blocks import Blocks, Change, begins_upsert, is_bare, split

SPLIT = {
    b'{ set { _:a <n> "x" . } }': Blocks(b"", (Change(b' _:a <n> "x" . '),)),
    b'{set{_:a <n> "x}" .}delete{<1> <n> * .}}': Blocks(b"", (Change(b'_:a <n> "x}" .', b"<1> <n> * ."),)),
    b'{ set { _:a <n> "q\\"}\\\\" . # } \n } }': None,
    b'{ set { _:a <n> "q\\"}\\\\" . # " } " \n } }': Blocks(
        b"", (Change(b' _:a <n> "q\\"}\\\\" . # " } " \n '),)
    ),
    b"# a {\r{ # b }\n set # c\n { \xff } # d\n } # e": Blocks(b"", (Change(b" \xff "),)),
    b"{ set { } }": Blocks(b"", (Change(b" "),)),
    b'upsert { query { v as var(func: has(n)) } mutation { set { uid(v) <n> "x" . } } }': Blocks(
        b" { v as var(func: has(n)) }", (Change(b' uid(v) <n> "x" . '),)
    ),
    b"upsert{mutation{delete{<1> <n> * .}}query{q(func:uid(1)){uid}}}": Blocks(
        b"{q(func:uid(1)){uid}}", (Change(b"", b"<1> <n> * ."),)
    ),
    b'upsert { query { q(func: eq(n, "}")) { v as uid } } fragment f { n }'
    b' mutation @if(eq(len(v), 0) AND gt(1, ")")) { set { a } } }': Blocks(
        b' { q(func: eq(n, "}")) { v as uid } }fragment f { n }',
        (Change(b" a ", b"", b'@if(eq(len(v), 0) AND gt(1, ")"))'),),
    ),
    # A condition also holds for the mutations after it that have none.
    b"upsert { query { } mutation @if(a) { set { 1 } } mutation { set { 2 } }"
    b" mutation @if (b) { set { 3 } } }": Blocks(
        b" { }",
        (Change(b" 1 ", b"", b"@if(a)"), Change(b" 2 ", b"", b"@if(a)"), Change(b" 3 ", b"", b"@if (b)")),
    ),
}

LEFT = [
    b"",
    b"{ q(func: has(n)) { n } }",
    b"{ }",
    b"{ set { a } ",
    b"{ set { a } } }",
    b"{ set { a } } x",
    b"{ set { a } set { b } }",
    b"{ set { { } } }",
    b'{ set { "a } }',
    b"{ del { a } }",
    b"{ Set { a } }",
    b"{ settle { a } }",
    b"{ set x { a } }",
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
    b"{ set { a } } \x0b",
    b"{ # set { a } }",
]


@pytest.mark.parametrize(("text", "blocks"), SPLIT.items())
def test_splits_as_dgraph_does(text, blocks):
    assert split(text) == blocks


@pytest.mark.parametrize("text", LEFT)
def test_leaves_all_else_to_dgraph(text):
    assert split(text) is None


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
def test_hostile_text_costs_no_more_than_its_length(text):
    started = time.process_time()
    assert split(text) is None
    assert time.process_time() - started < 1


def test_tells_an_upsert_by_its_first_word():
    assert begins_upsert(b" # upsert\n upsert{")
    assert not any(begins_upsert(text) for text in (b"{ upsert", b"upserts {", b"", b"# upsert"))


def test_tells_bare_n_quads_from_blocks():
    assert all(
        is_bare(text) for text in (b'_:a <n> "x" .', b"# c\n<1> <n> <2> .", b"uid(v) <n> * .", b"word")
    )
    assert not any(
        is_bare(text)
        for text in (
            b"{ set",
            b" # c\n{",
            b"upsert {",
            b"query {",
            b"fragment f",
            b"schema {}",
            b"mutation",
            b"",
            b" \n# x",
        )
    )
