"""`/validate/*`: verdicts, as Dgraph v25.4 gave them for the same texts, and their shape."""

import gzip
import json
from typing import Any

import pytest

from otterd.config.schema import Bytes
from tests.edges.http.siterig import SiteRig, fields

DQL = {"Content-Type": "application/dql"}
UPSERT = 'upsert { query { q(func: uid(0x1)) { v as uid } } mutation %s { set { uid(v) <name> "x" . } } }'


@pytest.fixture
def rig() -> SiteRig:
    return SiteRig()


def told(rig: SiteRig, path: str, text: str, headers: dict[str, str]) -> tuple[int, Any]:
    reply = rig.answer("POST", path, headers, text.encode())
    assert fields(reply)[b"content-type"] == b"application/json"
    assert isinstance(reply.body, bytes)
    return reply.status, json.loads(reply.body)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("{ q(func: uid(1)) { uid } }", "dql"),
        ("schema {}", "dql"),
        ("schema(pred: [a]) { type }", "dql"),
        ("# only", "dql"),
        ("{ q(func: regexp(name, /a/)) { uid } }", "dql"),
        ("query Q($a: string) { q(func: eq(name, $a)) { uid } }", "dql"),
        ("{ set { } }", "mutation"),
        ("{ delete { <0x1> <name> * . } }", "mutation"),
        ('{ set { _:a <name> "x" (k=) . } }', "mutation"),
        ('<0x1> <name> "x" .\n_:b <name> "y" .', "mutation"),
        (UPSERT % "", "upsert"),
        (UPSERT % "@if(eq(len(v), 0))", "upsert"),
        (UPSERT % "@if()", "upsert"),
    ],
)
def test_a_sound_text_is_valid(rig: SiteRig, text: str, kind: str) -> None:
    assert told(rig, "/validate/dql", text, DQL) == (200, {"status": "valid", "type": kind})
    assert not rig.called
    assert not rig.passed


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{}", "line 1 column 1: Unexpected character while lexing DQL: U+007D '}'"),
        ("quary { q }", "line 1 column 0: Invalid operation type: quary"),
        ("\n { q(func: }", "line 2 column 12: Unclosed Brackets"),
        ('{ q(func: eq(name, "é") { uid } }', "line 1 column 34: Unclosed Brackets"),
        ("query { q(func: uid(1)) { uid }", "line 1 column 31: Unclosed action"),
        ("{ q(func: uid(1)) { uid } } }", "line 1 column 28: Too many right curl"),
        ("{ q(func: uid(1)) @filter(f) { u } }", "line 1 column 27: Expected ( after func name [f]"),
        ("{ q(func: uid(1)) { ...f } }", "Missing fragment: f"),
        ("{ x as var(func: uid(1)) }", "Some variables are defined but not used Defined:[x] Used:[]"),
        ("query Q($a: int!) { q(func: uid(1)) { u } }", "Variable $a should be initialised"),
        ('{ set { <0x1> <name> "x" } }', "line 1 column 24: invalid end of input."),
        ('{ set { <0x1> <name> "x" . } ', "line 1 column 29: Unclosed mutation action"),
        ('{ set { uid(v) <name> "x" . } }', "variables [v] not defined"),
        ("{ set { <0x1> <name> * . } }", "line 1 column 8: Cannot use star in set n-quad"),
        ('{ set { _:a <~x> "x" . } }', 'line 1 column 8: key error: predicate "~x": Has invalid characters'),
        ('<0x1> <name> "x"', "line 1 column 16: invalid end of input."),
        (UPSERT % "@if(eq(len(v))", "line 1 column 59: Matching brackets not found"),
        (UPSERT % "@filter(eq(len(v), 0))", "line 1 column 59: Expected @if, found [@filter]"),
        (UPSERT % "@if(eq(len(w), 0))", "Some variables are used but not defined"),
        (UPSERT % "@if(eq(len(v) 0))", "line 1 column 73: Expected comma or language but got: 0"),
    ],
)
def test_a_faulty_text_is_refused_with_its_place(rig: SiteRig, text: str, error: str) -> None:
    status, body = told(rig, "/validate/dql", text, DQL)
    assert status == 400
    assert list(body) == ["error"]
    assert body["error"].startswith(error)


@pytest.mark.parametrize(
    "text",
    [
        "a: int .",
        "type T {\n a\n}",
        "<a>: string @index(exact) @lang .",
        "dgraph.type: [string] @index(exact) .",
    ],
)
def test_a_sound_schema_is_valid(rig: SiteRig, text: str) -> None:
    assert told(rig, "/validate/schema", text, {}) == (200, {"status": "valid", "type": "schema"})


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("a: int", "line 1 column 6: Invalid ending"),
        ("b: int .\na int .", "line 2 column 2: Missing colon"),
        ("a: foo .", "line 1 column 3: Undefined Type"),
        ("a: string @index(nope) .", "line 1 column 17: Invalid tokenizer nope"),
        ("type T { a }", "line 1 column 11: Missing colon in type declaration. Got }"),
        ("a: int .\na: int .", "line 2 column 0: predicate a defined multiple times"),
        ("# nothing", "the schema declares nothing"),
    ],
)
def test_a_faulty_schema_is_refused_with_its_place(rig: SiteRig, text: str, error: str) -> None:
    status, body = told(rig, "/validate/schema", text, {"Content-Type": "what/ever"})
    assert status == 400
    assert body["error"].startswith(error)


def test_what_is_not_utf_8_is_refused_with_its_place(rig: SiteRig) -> None:
    reply = rig.answer("POST", "/validate/dql", DQL, "{\né".encode() + b"\xff")
    assert (reply.status, reply.body) == (400, b'{"error":"line 2 column 2: this is not UTF-8"}')


@pytest.mark.parametrize("path", ["/validate/dql", "/validate/schema"])
def test_a_body_may_be_as_large_as_the_limit_says(path: str) -> None:
    rig = SiteRig(validate_max_bytes=Bytes(100))
    over = b"#" * 101
    assert rig.status("POST", path, DQL, over) == 413
    assert rig.status("POST", path, DQL, over[1:]) in (200, 400)
    assert rig.status("POST", path, {**DQL, "Content-Encoding": "gzip"}, gzip.compress(over)) == 413


def test_each_validation_costs_a_token() -> None:
    rig = SiteRig(rate_limit_rps=1.0)
    assert rig.status("POST", "/validate/dql", DQL, b"# q") == 200
    assert rig.status("POST", "/validate/dql", DQL, b"# q") == 429
