"""N-Quads: what they say, where they stand, and why they are refused."""

from collections import deque

import pytest

from otterd.dql.errors import DqlError
from otterd.dql.golang import Misread
from otterd.dql.mutation_tree import STAR, Facet, NQuad, Value
from otterd.dql.nquads import MOST_LINES, check_delete, check_set, each_nquad, parse_nquads
from otterd.dql.rdf_values import vector
from tests.dql import lean

READ = {
    '_:a <name> "x" .': NQuad("_:a", "name", object_value=Value("default", "x")),
    "<0x1> <friend> <0x2> <7> .": NQuad("0x1", "friend", "0x2", namespace=7),
    '<1> <name@en> "\\u00e9" .': NQuad("1", "name", object_value=Value("default", "\u00e9"), lang="en"),
    '<1> <name> "x"@de .': NQuad("1", "name", object_value=Value("default", "x"), lang="de"),
    'uid( v ) <age> "7"^^<xs:int> .': NQuad("uid(v)", "age", object_value=Value("int", "7")),
    "<1> <copy> val(w) .": NQuad("1", "copy", "val(w)"),
    "<1> * * .": NQuad("1", STAR, object_value=Value("default", STAR)),
    '<1> <p> <2> (a=1, b="x", c=) .': NQuad(
        "1", "p", "2", facets=(Facet("a", "int", "1"), Facet("b", "string", "x"), Facet("c", "string", ""))
    ),
}

REFUSED = {
    '_:a <p> "x"': 'invalid end of input. Input: [_:a <p> "x"]',
    '_:a <p> "x" . <y>': ('invalid end of input. Expected newline or # after . Input: [_:a <p> "x" . <y>]'),
    "_:a <p> x .": "while lexing _:a <p> x . at line 1 column 7: Invalid input: x at lexText",
    "\nuid(v\r x) .": (
        "while lexing uid(v\r x) . at line 2 column 1: Expected ')' while reading function found: 'x'"
    ),
    "<a> <p> <b> .\r # c": (
        "while lexing <a> <p> <b> .\r # c at line 1 column 13: Invalid input: \r at lexText"
    ),
    '_:a <p> "1.5"^^<xs:int> .': 'strconv.ParseInt: parsing "1.5": invalid syntax',
    '_:a <p> "x"^^<odd> .': "unrecognized rdf type odd",
    '_:a <p> "x" (a) .': "could not parse facet: expected = after facetKey. Found )",
    "_:a <p> <2> <x> .": "invalid namespace ID. Input: [_:a <p> <2> <x> .]",
}

EDGE = "<a> <b> <c> "
HOSTILE = {
    **{piece: piece * (1_000_000 // len(piece)) for piece in '{("#<*\0\n'},
    **{
        piece: piece * (1_000_000 // len(piece))
        for piece in ("_:", "#\n", "uid(", "***.", "***.\n", f"{EDGE}.\n")
    },
    "lone surrogates": "\ud800" * 300_000,
    "half a text": '_:a <p> "' * 100_000,
    "escapes": '_:a <p> "' + "\\u" * 500_000,
    "facets": EDGE + "(" + "a=1," * 250_000,
    "facets that end": EDGE + "(" + "a=1," * 249_000 + "a=1) .",
    "facets of texts": EDGE + "(" + 'a="b",' * 166_000,
    "facets in a row": EDGE + "(a=1)" * 200_000,
    "commas of facets": EDGE + "(" + "," * 1_000_000,
    "a long value of a facet": EDGE + "(a=" + "\0" * 1_000_000,
    "ends": EDGE + ". " * 500_000,
    "N-Quads on one line": f"{EDGE}. " * 66_000,
    "stars after an object": EDGE + "* (a=1) " * 125_000,
    "a long name": "<" + "a" * 1_000_000,
}


@pytest.mark.parametrize(("text", "quad"), READ.items())
def test_reads_what_a_line_says(text: str, quad: NQuad) -> None:
    assert parse_nquads(text) == [quad]


@pytest.mark.parametrize(("text", "message"), REFUSED.items())
def test_refuses_in_the_words_of_an_alpha(text: str, message: str) -> None:
    with pytest.raises(DqlError) as refused:
        parse_nquads(text)
    assert refused.value.message == message


def test_places_are_those_in_the_whole_text() -> None:
    quads = parse_nquads('# c\n\n  <1> <p> "x" .\n\u00a0<2> <p> "y" . # end')
    assert [(quad.line, quad.column) for quad in quads] == [(3, 2), (4, 2)]
    with pytest.raises(DqlError) as refused:
        parse_nquads('<1> <p> "x" .\n <1> p')
    assert (refused.value.line, refused.value.column) == (2, 4)
    assert refused.value.expected


def test_a_star_is_only_for_deletes() -> None:
    everything = parse_nquads("<1> * * .")
    check_delete(everything)
    with pytest.raises(DqlError, match="Cannot use star in set n-quad"):
        check_set(everything)
    with pytest.raises(DqlError, match="Only valid wildcard delete patterns"):
        check_delete(parse_nquads("<1> * <2> ."))


def test_takes_all_lines_that_64_kib_can_hold_and_says_when_there_are_more() -> None:
    text = ".#\n" * MOST_LINES
    assert len(text) > 1 << 16
    assert parse_nquads(text) == []
    text = "# c\n***.\n" * MOST_LINES
    assert len(parse_nquads(text)) == MOST_LINES
    with pytest.raises(DqlError, match=f"more than {MOST_LINES} lines of N-Quads in one text"):
        parse_nquads(text + "***.")
    assert len(parse_nquads(text + "***.", most=len(text))) == MOST_LINES + 1


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_costs_little_memory(name: str) -> None:
    assert lean.bytes_of(lambda: deque(each_nquad(HOSTILE[name]), maxlen=0)) <= lean.MOST


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<a> <b> <c> (a=1, b) .", "could not parse facet: expected = after facetKey. Found )"),
        ("<a> <b> <c> (a=1) (b=x) .", "could not parse facet: Could not parse the facet value : [x]"),
        ("<a> <b> <c> (a=1", "could not parse facet: expected , or ) after facet. Received "),
        ("<a> <b> <c> . <a> <b> _x .", "Invalid character after _. Expected :, found 'x'"),
        ("***. ***. x", "Invalid input: x at lexText"),
    ],
)
def test_a_fault_of_the_lexer_comes_before_any_other(text: str, message: str) -> None:
    with pytest.raises(DqlError) as refused:
        parse_nquads(text)
    assert refused.value.reason == message


def test_plain_lines_and_others_say_the_same() -> None:
    for line in (
        '<a> <p@en> "x" .',
        "_:a <p> _:b .",
        '<a> <p> "7"^^<xs:int> .',
        "<a> * * .",
        '<a> <p> ""@de.',
        "uid(v) <p> val(w) .",
        '<a> <p> <b> <0x7> (a=1, b="x",c=2001-01-01) .',
        "<a> <p> * (a=) .",
        "<a> <p> <b> . \r",
        "<a> <p> <b> . # c \r",
    ):
        # No plain line has a dot before its predicate, and Dgraph does not mind it.
        assert parse_nquads(line) == parse_nquads(line.replace(" ", " . ", 1))


@pytest.mark.parametrize(
    ("written", "count"),
    [
        ("[1, -2.5,+3]", 3),
        ("[1 2 3]", 3),
        ("[1  2]", 2),
        ("[1e3,1]", 2),
        ("[1]", 1),
        ("[ 1 ]", 1),
        ("[1]]", 1),
        ("[]", 0),
    ],
)
def test_counts_the_numbers_of_a_vector(written: str, count: int) -> None:
    assert vector(written) == count


@pytest.mark.parametrize("written", ["1,2", "[1,2", "[1,,2]", "[1,]", "[1 x]", "[1 ,2 3]", "[1..2]"])
def test_what_is_no_vector_is_refused(written: str) -> None:
    with pytest.raises(Misread):
        vector(written)
