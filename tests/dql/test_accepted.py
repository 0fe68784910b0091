"""The accepted differences hold for their texts, and for nothing that is only like them."""

import pytest

from tests.dql.accepted import BEFORE, LIMITS, OTHERS, limit, other_words
from tests.dql.judge import ours

SET = '{ set { <0x1> <name> "a" . } x< }'
REFUSED = 'line 1 column 2: Expected some name. Got: lex.Item [18] "set" at 1:2'
PLACE = "at line 1 column 30: "
UNREAD = "Unrecognized character inside mutation: U+003C '<'"
MISSING = 'line 1 column 24: Expected Left round brackets. Got: lex.Item [9] "friend" at 1:24'
ONE = "query q($a: string!) { q(func: eq(name, $a)) { uid } }"
UNSET = "Variable $a should be initialised"
UNTYPED = "Type of variable $b not specified"


@pytest.mark.parametrize("name", LIMITS)
def test_the_parser_alone_refuses_the_text_of_each_limit(name: str) -> None:
    case = LIMITS[name]
    verdict = ours(case.example, {})
    assert verdict.unlike
    assert limit(case.example, verdict.words) == name


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_holds_neither_for_another_text_nor_for_more_words(name: str) -> None:
    case = LIMITS[name]
    words = ours(case.example, {}).words
    assert not limit("{ q(func: uid(1)) { a } }", words)
    assert not limit(case.example, words + ".")
    assert not limit(case.example, "line 1 column 2: " + words)


@pytest.mark.parametrize("name", OTHERS)
def test_the_parser_refuses_the_text_of_each_case_in_other_words(name: str) -> None:
    case = OTHERS[name]
    verdict = ours(case.example, case.given)
    assert not verdict.taken
    assert verdict.words != case.theirs
    assert other_words(case.example, case.given, verdict.words, case.theirs) == name


@pytest.mark.parametrize("name", OTHERS)
def test_a_case_holds_neither_without_a_refusal_nor_for_another_text(name: str) -> None:
    case = OTHERS[name]
    mine = ours(case.example, case.given).words
    for text, one, other in (
        (case.example, mine, ""),
        (case.example, "", case.theirs),
        (case.example, mine, mine),
        (case.example, mine, case.theirs + "."),
        (case.example, mine, "x " + case.theirs),
        ("{ q(func: uid(1)) { a } }", mine, case.theirs),
    ):
        assert not other_words(text, case.given, one, other)


def test_a_mutation_may_be_refused_before_an_alpha_has_read_it() -> None:
    assert other_words(SET, {}, REFUSED, f"while lexing {SET} {PLACE}{UNREAD}")


@pytest.mark.parametrize(
    ("text", "mine", "theirs"),
    [
        # Said of what no mutation may hold.
        (SET, REFUSED, f"while lexing {SET} {PLACE}Unclosed Brackets"),
        (SET, REFUSED, f"while lexing {SET} {PLACE}Unexpected character '<' while parsing IRI"),
        # In front of the mutation, or of the place where the parser stopped.
        (SET, REFUSED, f"while lexing {SET} at line 1 column 1: {UNREAD}"),
        (SET, REFUSED.replace("column 2", "column 31"), f"while lexing {SET} {PLACE}{UNREAD}"),
        # A lexer's or a parser's error on either side.
        (SET, f"while lexing {SET} at line 1 column 29: {UNREAD}", f"while lexing {SET} {PLACE}{UNREAD}"),
        (SET, REFUSED, f"line 1 column 30: {UNREAD}"),
        # The parser read on into the mutation.
        (SET, 'line 1 column 8: Expected some name. Got: lex.Item [18] "x" at 1:8',
         f"while lexing {SET} {PLACE}{UNREAD}"),
        (BEFORE, MISSING.replace("column 24", "column 41"),
         f"while lexing {BEFORE} at line 1 column 41: Unclosed mutation action"),
        # No mutation at all.
        ("{ q(func: uid(1)) name friend }x}", MISSING,
         "while lexing { q(func: uid(1)) name friend }x} at line 1 column 32: Too many right curl"),
    ],
)  # fmt: skip
def test_what_is_like_a_mutation_that_is_not_read_is_not_accepted(text: str, mine: str, theirs: str) -> None:
    assert not other_words(text, {}, mine, theirs)


@pytest.mark.parametrize(
    ("given", "mine", "theirs"),
    [
        ({}, UNSET, UNTYPED),
        ({"$b": "x", "$a": "y"}, UNTYPED, UNSET),
        ({"$b": "x"}, UNTYPED, "Variable $b should be initialised"),
        ({"$b": "x"}, UNTYPED, "Type of variable $c not specified"),
        ({"$b": "x"}, "Variable not defined $a", UNSET),
    ],
)
def test_a_variable_that_is_not_wrong_is_not_named_by_chance(
    given: dict[str, str], mine: str, theirs: str
) -> None:
    assert not other_words(ONE, given, mine, theirs)


@pytest.mark.parametrize(
    ("text", "at", "why"),
    [
        ("{ set}(func:@recurseuid(1) name } }", 35, "Unclosed Brackets"),
        ("mutation { set}{)) }", 16, "Unexpected character while lexing DQL: U+0029 ')'"),
    ],
)
def test_a_query_behind_a_mutation_is_not_read_either(text: str, at: int, why: str) -> None:
    stopped = f"while lexing {text} at line 1 column {at}: {why}"
    assert other_words(text, {}, ours(text, {}).words, stopped) == "a mutation is refused"


def test_a_brace_refused_in_an_upsert_is_no_other_brace() -> None:
    refused = 'line 1 column {0}: Expected some name. Got: lex.Item [6] "{{" at 1:{0}'
    unclosed = "while lexing {} at line 1 column {}: Unclosed upsert block"
    for text, at, known in (
        ("upsert {{ ", 8, True),
        ("upsert #{{ ", 9, False),
        ("x upsert { x {", 13, False),
    ):
        words = ours(text, {}).words if known else refused.format(at)
        assert words == refused.format(at)
        assert bool(other_words(text, {}, words, unclosed.format(text.strip(), 20))) == known


def test_what_is_wrong_in_math_is_wrong_before_the_mutation_behind_it() -> None:
    wrong = "{ q(func: uid(1)) { m: math(1 / 0) } }"
    words = ours(wrong, {}).words
    text = wrong + " mutation x: y"
    stopped = f"while lexing {text} at line 1 column 49: Unrecognized character inside mutation: U+003A ':'"
    assert other_words(text, {}, words, stopped) == "refused before a mutation"
    for other in (f"{wrong[:28]}1) }} }} mutation x: y", f"mutation x: y {wrong} mutation"):
        theirs = stopped.replace(text, other).replace("49", "13" if other[0] == "m" else "46")
        assert not other_words(other, {}, words, theirs)
