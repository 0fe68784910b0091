"""Alter schemas: what they declare, and why they are refused."""

import pytest

from otterd.dql.errors import DqlError
from otterd.dql.mutation_tree import Predicate, TypeDefinition, VectorIndex
from otterd.dql.schema import check_schema, parse_schema
from otterd.dql.schema_lexer import MOST_TOKENS
from tests.dql import lean

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


HOSTILE = [
    *("{", "(", '"', "#", "<", "[", "@", ".", "\n", "\0", "\ud800", "a"),
    *("a: int .\n", "a: string @index(exact) .\n", "type a {\n}\n", "a\n", "#\n"),
]
BEGINNINGS = ["", "type a {\n", "a: int ", "a: string @index(", 'a: float32vector @index(hnsw(metric:"']


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_hostile_text_costs_little_memory(beginning: str, piece: str) -> None:
    text = beginning + piece * (1_000_000 // len(piece))
    assert lean.bytes_of(lambda: parse_schema(text)) <= lean.MOST


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_hostile_text_costs_no_more_than_its_length(beginning: str, piece: str) -> None:
    assert lean.grows_evenly(parse_schema, lambda size: beginning + piece * (size // len(piece)))


def test_takes_all_that_64_kib_can_hold_and_says_when_there_is_more() -> None:
    fields = "".join(f"a{number}\n" for number in range(9_000))
    assert len(parse_schema(f"type T {{\n{fields}}}").types[0].fields) == 9_000
    text = "a: int .\n" * (MOST_TOKENS // 5)
    assert len(text) > 1 << 16
    assert len(parse_schema(text).predicates) == MOST_TOKENS // 5
    with pytest.raises(DqlError, match=f"more than {MOST_TOKENS} words in one schema"):
        parse_schema(text + "a: int .")
    assert len(parse_schema(text + "a: int .", most=len(text)).predicates) == MOST_TOKENS // 5 + 1
