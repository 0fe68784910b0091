"""Alter schemas: what they declare, and why they are refused."""

import contextlib
import time

import pytest

from otterd.dql.errors import DqlError
from otterd.dql.mutation_tree import Predicate, TypeDefinition, VectorIndex
from otterd.dql.schema import check_schema, parse_schema

READ = {
    "name: string .": Predicate("name", "string"),
    "<ab\u00e9>: [Int] @index(int) @count .": Predicate(
        "ab\u00e9", "int", list=True, indexed=True, tokenizers=("int",), count=True
    ),
    "n: string @index(Term, exact) @lang @upsert @unique @noconflict .": Predicate(
        "n", "string", indexed=True, tokenizers=("term", "exact"),
        lang=True, upsert=True, unique=True, noconflict=True
    ),
    "friend: [uid] @reverse .": Predicate("friend", "uid", list=True, reverse=True),
    'v: float32vector @index(hnsw(metric:"cosine")) .': Predicate(
        "v", "float32vector", indexed=True, vectors=(VectorIndex("hnsw", (("metric", "cosine"),)),)
    ),
}  # fmt: skip

REFUSED = {
    "a: odd .": "line 1 column 3: Undefined Type",
    "a string .": "line 1 column 2: Missing colon",
    "a: string": "line 1 column 9: Invalid ending",
    "\na: int @index(term) .": "line 2 column 14: Tokenizer: term isn't valid for predicate: a of type: int",
    "a: uid @index(int) .": "line 1 column 8: Indexing not allowed on predicate 0-a of type uid",
    "a: string @reverse .": "line 1 column 11: Cannot reverse for non-UID type",
    "a: string @index(hash, hash) .": "line 1 column 21: Duplicate tokenizers defined for predicate 0-a",
    "{": 'line 1 column 0: Unexpected token: lex.Item [7] "{" at 1:0 while parsing schema',
    "type A { b }": "line 1 column 11: Missing colon in type declaration. Got }",
    "a: $ .": "while lexing a: $ . at line 1 column 3: Invalid schema. Unexpected $",
}


@pytest.mark.parametrize(("text", "predicate"), READ.items())
def test_reads_predicates(text: str, predicate: Predicate) -> None:
    found = parse_schema(text).predicates
    assert [(each.name, each.type) for each in found] == [(predicate.name, predicate.type)]
    column = 1 if text[0] == "<" else 0
    assert found[0].column == column
    names = Predicate.__slots__
    assert all(getattr(found[0], each) == getattr(predicate, each) for each in names if each != "column")


def test_reads_types_and_namespaces() -> None:
    schema = parse_schema("# c\n[0x2] type A {\n  name\n  old: [B!]!\n}\na: int .")
    assert schema.types == (TypeDefinition("A", ("name", "old"), 2, 2, 6),)
    assert schema.predicates[0].line == 6


@pytest.mark.parametrize(("text", "message"), REFUSED.items())
def test_refuses_in_the_words_of_an_alpha(text: str, message: str) -> None:
    with pytest.raises(DqlError) as refused:
        parse_schema(text)
    assert refused.value.message == message
    assert refused.value.expected


def test_refuses_what_is_declared_twice_or_reserved() -> None:
    with pytest.raises(DqlError, match="predicate a defined multiple times"):
        check_schema(parse_schema("a: int .\na: string ."))
    with pytest.raises(DqlError, match=r"Can't alter type `dgraph\.x`"):
        check_schema(parse_schema("type dgraph.x {\na\n}"))
    check_schema(parse_schema("a: int .\ntype a {\na\n}"))


@pytest.mark.parametrize("piece", ["{", "(", '"', "#", "<", "[", "@", ".", "\n", "\0", "\ud800", "a"])
def test_hostile_text_costs_no_more_than_its_length(piece: str) -> None:
    started = time.process_time()
    with contextlib.suppress(DqlError):
        parse_schema(piece * 1_000_000)
    assert time.process_time() - started < 1
