"""Whole texts: what they are, and where the fault is in the text as it was sent."""

from contextlib import suppress

import pytest

from otterd.dql.errors import DqlError
from otterd.dql.validity import judge, judge_nquads

QUERY = "{ q(func: uid(0x1)) { v as uid } }"
SET = '{ set { uid(v) <name> "x" . } }'


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("{ q(func: uid(1)) { uid } }", "dql"),
        ("schema { type }", "dql"),
        ("# nothing", "dql"),
        ("{ set { } }", "mutation"),
        ('{ set { _:a <name> "x" . } delete { <0x1> <name> * . } }', "mutation"),
        (f"upsert {{ query {QUERY} mutation {SET} }}", "upsert"),
        (f"upsert {{ query {QUERY} mutation @if(eq(len(v), 0)) {SET} }}", "upsert"),
        (f"upsert {{ query {QUERY} mutation @if(eq(len(v), 0)) {SET} mutation {SET} }}", "upsert"),
        (f"upsert {{ fragment f {{ a }} query {QUERY} mutation @if(eq(len(v), 0)) {SET} }}", "upsert"),
        (f"upsert {{ query {QUERY} fragment f {{ a }} mutation {SET} }}", "upsert"),
    ],
)
def test_a_sound_text_is_named(text: str, kind: str) -> None:
    assert judge(text)[0] == kind


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("\n\n  { q(func: }", (3, 13), "Unclosed Brackets"),
        ('{ q(func: eq(name, "é") { uid } }', (1, 34), "Unclosed Brackets"),
        ('{\n set {\n  _:a <name> "x" .\n  _:b name "y" .\n }\n}', (4, 5), "Invalid input: n at lexText"),
        (
            '{ set { <0x1> <name> "é"^^<xs:int> . } }',
            (1, 27),
            'strconv.ParseInt: parsing "é": invalid syntax',
        ),
        ("{ set { <0x1> <name> * . } }", (1, 8), "Cannot use star in set n-quad"),
        ("{ set { } delete { * <name> * . } }", (1, 19), "Only valid wildcard delete patterns"),
        (
            f"upsert {{ query {QUERY}\n mutation @if(\n eq(len(v) 0)) {SET} }}",
            (3, 11),
            "Expected comma or language",
        ),
        (
            f"upsert {{ query\n{{ q(func: foo(1)) {{ v as uid }} }} mutation {SET} }}",
            (2, 8),
            "Function name: foo is not valid.",
        ),
        (f"upsert {{ mutation {SET} }}", (1, 50), "Query op not found in upsert block"),
        # A condition becomes a block at the end of the query's text, which is inside of the fragment then.
        (
            "upsert { query { q(func: uid(1)) { v as uid ...f } } fragment f { a }\n"
            f" mutation @if(eq(len(v), 0)) {SET} }}",
            (2, 10),
            "Expecting argument name.",
        ),
    ],
)
def test_a_fault_is_placed_in_the_text_as_sent(text: str, place: tuple[int, int], reason: str) -> None:
    with pytest.raises(DqlError, match=f"^line {place[0]} column {place[1]}: ") as caught:
        judge(text)
    assert (caught.value.line, caught.value.column) == place
    assert caught.value.reason.startswith(reason)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{ q(func: uid(1)) { uid } q(func: uid(1)) { uid } }", "Duplicate aliases not allowed: q"),
        (f"{SET}", "variables [v] not defined"),
        (
            f"upsert {{ query {QUERY} mutation @if(eq(len(w), 0)) {SET} }}",
            "Some variables are used but not defined",
        ),
        (f"upsert {{ query {{ q(func: uid(1)) {{ uid }} }} mutation {SET} }}", "Some variables are used"),
        (
            f'upsert {{ query {QUERY} mutation {{ set {{ _:a <name> "x" . }} }} }}',
            "Some variables are defined",
        ),
    ],
)
def test_a_fault_of_the_whole_has_no_place(text: str, message: str) -> None:
    with pytest.raises(DqlError) as caught:
        judge(text)
    assert caught.value.line == -1
    assert caught.value.message.startswith(message)


def test_nquads_alone_need_no_query() -> None:
    judge_nquads('_:a <name> "x" .\n# and\n_:a <friend> _:b .')
    with pytest.raises(DqlError, match="line 2 column 14: "):
        judge_nquads('_:a <name> "x" .\n_:a <name> "y"')
    with pytest.raises(DqlError, match="not defined"):
        judge_nquads('uid(v) <name> "x" .')


@pytest.mark.parametrize("char", ["{", "(", '"', "#", "<", "upsert {", "{ set { ", "\0", "@if("])
def test_hostile_texts_end_in_an_error_or_a_verdict(char: str) -> None:
    told = ""
    with suppress(DqlError):
        told, _ = judge((char * 65536)[:65536])
    assert told in ("", "dql", "mutation", "upsert")
