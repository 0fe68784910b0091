"""The texts of mutations and upserts, and their parts."""

import pytest

from otterd.dql.errors import DqlError
from otterd.dql.mutation_blocks import parse_mutation
from otterd.dql.mutation_tree import Change, Mutation, Query, Upsert
from tests.dql import lean


def test_a_mutation_has_a_set_and_a_delete() -> None:
    text = '{ set {_:a <p> "}" .} delete {<1> <p> * .} } # end'
    expected = Change('_:a <p> "}" .', "<1> <p> * .", "", text.index("_:a"), text.index("<1>"))
    assert parse_mutation(text) == Mutation(expected)


def test_what_comes_last_of_a_kind_holds() -> None:
    parsed = parse_mutation("{ set {a} set x {b} }")
    assert isinstance(parsed, Mutation)
    assert parsed.change.set == "b"
    text = "{ set {a} set {b} }"
    assert parse_mutation(text) == Mutation(Change("b", set_at=text.index("b")))
    text = "{ delete {a} delete {b} }"
    assert parse_mutation(text) == Mutation(Change(delete="b", delete_at=text.index("b")))
    text = "{ delete {a} set {b} }"
    assert parse_mutation(text) == Mutation(Change("b", "a", "", text.index("b"), text.index("a}")))


@pytest.mark.parametrize("text", ["{ set {a} }", "upsert { query {} mutation { set {a} } }"])
def test_what_follows_is_refused_where_nothing_may(text: str) -> None:
    for end in ("", " \n", "\n # end", ".# end", ", ; "):
        assert parse_mutation(text + end, alone=True) == parse_mutation(text)
    for end, word in ((" { set {b} }", "{"), ("; ,", ",")):
        with pytest.raises(DqlError, match=rf"Unexpected \{word} after the end of the block"):
            parse_mutation(text + end, alone=True)
        assert parse_mutation(text + end) == parse_mutation(text)


def test_an_upsert_has_a_query_and_mutations() -> None:
    parsed = parse_mutation(
        'upsert { mutation @if(eq(a, ")")) { set {1} } fragment f { n } query { q(func: uid(1)) { ...f } }'
        " mutation { delete {2} } }"
    )
    assert isinstance(parsed, Upsert)
    assert parsed.query == "fragment f { n } { q(func: uid(1)) { ...f } }"
    # A condition also holds for the mutations after it that have none.
    conditions = [(change.set, change.delete, change.cond) for change in parsed.changes]
    assert conditions == [("1", "", '@if(eq(a, ")"))'), ("", "2", '@if(eq(a, ")"))')]


@pytest.mark.parametrize(
    "text", ["", "{ q(func: uid(1)) { uid } }", "schema {}", "query q { }", "mutation { set {} }", "# c"]
)
def test_all_else_is_a_query(text: str) -> None:
    assert parse_mutation(text) == Query(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{ set { {", "Invalid character '{' inside mutation text"),
        ('{ set { "a', "Unclosed mutation value"),
        ("{ set {a", "Unclosed mutation text"),
        ("{ set {a} ", "Unclosed mutation action"),
        ("{ set {a} } }", "Too many right curl"),
        ("{ set {a} } x", "Invalid operation type: x"),
        ("{ set {a} }.query { q(func: uid(1)) }", "Invalid operation type: .query"),
        ("{ set {a} }#c\n;\u00e9mutation", "Invalid operation type: ;\u00e9mutation"),
        ("{ del {a} }", "Invalid mutation operation."),
        ("upsert { query {} }", "Empty mutation block"),
        ("upsert { mutation { set {a} } }", "Query op not found in upsert block"),
        ("upsert { query {} query {} mutation { set {a} } }", "Multiple query ops inside upsert block"),
        ("upsert { query {} mutation @filter(a) { set {a} } }", "Expected @if, found [@filter]"),
        ("{ set {a} } .}", "Too many right curl"),
        (
            "upsert {\nmutation @if { set { } } query { q(func: uid(1)) { uid } } ; ,",
            "Unexpected token in upsert block [,]",
        ),
        (
            "upsert {\nmutation @if { set { } } query { q(func: uid(1)) { uid } } # ,",
            "Unexpected token in upsert block []",
        ),
        ('upsert { query { "\\d" } }', "Not a valid escape char: 'd'"),
        ("upsert { query {", "Matching brackets not found"),
    ],
)
def test_refuses_in_the_words_of_an_alpha(text: str, reason: str) -> None:
    with pytest.raises(DqlError) as refused:
        parse_mutation(text)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{ set {a} } \u00e9 query { q", (1, 24)),
        ("{ set {a} } .}", (1, 12)),
        ("{ set {a} }\n\u00e9 query\n { q", (3, 4)),
        ("{ set {a} }\u00e9.query", (1, 11)),
    ],
)
def test_counts_the_bytes_of_all_that_stands_before_a_fault(text: str, place: tuple[int, int]) -> None:
    with pytest.raises(DqlError) as refused:
        parse_mutation(text)
    assert (refused.value.line, refused.value.column) == place
    assert refused.value.message.startswith(f"while lexing {text} at line {place[0]} column {place[1]}: ")


@pytest.mark.parametrize("start", ["", "{ set {", "upsert {", "upsert { query", "{ set { } } "])
@pytest.mark.parametrize("piece", ["{", "}", "(", '"', "#", "\n", '""', "\\", "\0", "set{", "@if("])
def test_hostile_text_costs_little_memory(start: str, piece: str) -> None:
    text = start + piece * (1_000_000 // len(piece))
    assert lean.bytes_of(lambda: parse_mutation(text)) <= lean.MOST
