"""Which texts share a shape, and which must not."""

from collections.abc import Mapping
from random import Random

import pytest

from otterd.dql import cache
from otterd.dql.cache import Shapes
from otterd.dql.fingerprint import fingerprint, literals
from otterd.dql.lexer import Tokens
from otterd.dql.shape import LONGEST, Shape, shape, shape_and_tokens
from tests.dql import lean
from tests.dql.grammar import Grammar
from tests.dql.mangle import mangled

SAME = [
    ('{ q(func: eq(a, "x"), first: 5) { b } }', '{ q(func: eq(a, "y \\" { # "), first: 60) { b } }'),
    ("{ q(func: uid(0x1, 2)) { b } }", "{ q(func: uid(0x33, 4)) { b } }"),
    ("{ q(func: regexp(a, /x/i)) { b } }", '{ q(func: regexp(a, /"y\\/#/)) { b } }'),
    ('# "\n{ q(func: eq(<a#b>, "x")) { b } }', '# "\n{ q(func: eq(<a#b>, "y")) { b } }'),
]

APART = [
    ("{ q(func: has(5)) { b } }", "{ q(func: has(6)) { b } }"),
    ("{ q(func: has(a), orderasc: 5) { b } }", "{ q(func: has(a), orderasc: 6) { b } }"),
    ('{ q(func: has(a), orderasc: "b") { b } }', '{ q(func: has(a), orderasc: "c") { b } }'),
    ("{ q(func: has(a)) @filter(eq(b-1, 2)) { c } }", "{ q(func: has(a)) @filter(eq(b-2, 2)) { c } }"),
    ("{ q(func: has(<a>)) { b } }", "{ q(func: has(<b>)) { b } }"),
    ("{ set { <1> <a> <2> . } }", "{ set { <1> <b> <2> . } }"),
]


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give the list of texts that the cache has parsed."""
    parsed: list[str] = []

    def noted(text: str, variables: Mapping[str, str] | None = None) -> tuple[Shape, Tokens | None]:
        parsed.append(text)
        return shape_and_tokens(text, variables)

    monkeypatch.setattr(cache, "shape_and_tokens", noted)
    return parsed


@pytest.mark.parametrize(("one", "two"), SAME)
def test_texts_that_differ_in_literals_share_a_parse(parses: list[str], one: str, two: str) -> None:
    shapes = Shapes(10)
    first = shapes.shape(one)
    assert first.parsed
    before = len(parses)
    assert shapes.shape(two) is first
    assert shapes.shape(one) is first
    assert len(parses) == before
    assert first == shape(two)


@pytest.mark.parametrize(("one", "two"), APART)
def test_literals_that_are_names_are_not_overlooked(one: str, two: str) -> None:
    shapes = Shapes(10)
    for text in (one, two, one):
        assert shapes.shape(text) == shape(text)
    assert shapes.shape(one).predicates != shapes.shape(two).predicates


def test_a_text_refused_for_its_variables_is_tried_again() -> None:
    shapes = Shapes(10)
    text = "query q($a: string!) { q(func: eq(a, $a)) { b } }"
    assert shapes.shape(text).reads is None
    assert shapes.shape(text, {"$a": "x"}).reads == {"a", "b"}


def test_holds_no_more_than_it_may() -> None:
    shapes = Shapes(4)
    for number in range(50):
        shapes.shape(f"{{ q(func: has(p{number})) {{ uid }} }}")
        assert len(shapes) <= 8


def test_what_is_asked_for_again_outlives_the_rest(parses: list[str]) -> None:
    shapes = Shapes(8)
    hot = "{ q(func: has(a)) { uid } }"
    for number in range(50):
        shapes.shape(hot)
        shapes.shape(f"{{ q(func: has(p{number})) {{ uid }} }}")
    assert parses.count(hot) == 1


def test_texts_that_come_once_and_differ_in_literals_take_no_room(parses: list[str]) -> None:
    shapes = Shapes(8)
    query = '{{ q(func: eq(a, "{}")) {{ b }} }}'
    for number in range(1_000):
        shapes.shape(query.format(number))
    assert len(shapes) == 2  # the text that was parsed, and what all have in common
    for _ in range(2):
        shapes.shape(query.format("again"))
    assert len(shapes) == 3
    assert len(parses) == 1


def test_long_texts_are_not_kept() -> None:
    shapes = Shapes(3)
    assert not shapes.shape("{" + " " * LONGEST).parsed
    assert len(shapes) == 0


@pytest.mark.parametrize("piece", ['\\"', '"\\', ",/", ", ", "<", "#", "1", "(1", '"', "/\\/,", "\\", "{"])
@pytest.mark.parametrize("beginning", ['"', '#"', "/,"])
def test_a_hostile_text_has_its_fingerprint_in_few_steps(beginning: str, piece: str) -> None:
    def text(size: int) -> str:
        return beginning + piece * (size // len(piece))

    assert lean.grows_evenly(fingerprint, text)
    assert lean.bytes_of(lambda: fingerprint(text(LONGEST))) < 20 * LONGEST
    assert len(fingerprint(text(LONGEST))) <= len(text(LONGEST))


def test_a_variable_that_names_a_predicate_is_looked_at_each_time() -> None:
    shapes = Shapes(10)
    text = "query q($p: string!) { q(func: eq(<$p>, 5)) { uid } }"
    read = [shapes.shape(text, {"$p": name}).reads for name in ("age", "name", "age")]
    assert read == [shape(text, {"$p": name}).reads for name in ("age", "name", "age")]
    assert read[0] != read[1]


STRANGE = [
    '{ q(func: has(a)) { x as b  y: math(x <=#c> "\n) uid } p(func: has(z)) { c } } #"',
    ' 5 { q(func: has(a)) { b } } # "',
    '" { q(func: has(a)) { b } }',
    "{ q(func: eq(>=5, 1)) { b } }",
    "{ q(func: has(a)) @filter(5 (b)) { c } }",
    "{ q(func: eq(a, 5x1f)) { b } }",
    "{ q(func: has(a)) @groupby(b-1, 2) { count(uid) } }",
    "{ q(func: has(a)) @cascade(b, 2) { count( 5 ) } }",
    "{ q(func: has(a), orderasc: -5) { c (orderasc: 5) { uid } } }",
    '{ q(func: has(a)) @groupby(b, = /"/ c) { count(uid) } p(func: has(a)) @groupby(c, = /"/ b) { d } }',
]
STRINGS = ['"x"', '"} q(func: has(zz)) { zz"', '"\\""', '""', '"uid"', '"7"']
NUMBERS = ["7", "0x7", "7.5", "0"]


def with_other_literals(text: str, chance: Random) -> str:
    """Return `text` with other literals wherever its fingerprint replaces one."""
    pieces: list[str] = []
    at = 0
    for start, literal in literals(text):
        is_string = (literal[0] == '"') != (chance.random() < 0.1)
        other = chance.choice(STRINGS if is_string else NUMBERS)
        pieces += [text[at:start], "/zz/i" if literal[0] == "/" else other]
        at = start + len(literal)
    return "".join([*pieces, text[at:]])


def test_no_text_takes_the_shape_of_another_that_it_does_not_have() -> None:
    chance = Random(4)
    grammar = Grammar(chance)
    known = [(grammar.document(), grammar.variables()) for _ in range(400)]
    texts = [text for text, _ in known]
    broken = [(mangled(text, chance, texts), variables) for text, variables in known]
    shapes = Shapes(100_000)
    shared = 0
    for text, variables in [*((text, {}) for text in STRANGE), *known, *broken]:
        found = shapes.shape(text, variables)
        for _ in range(4 if found.parsed else 0):
            other = with_other_literals(text, chance)
            fresh = shape(other, variables)
            if fresh.parsed:
                assert shapes.shape(other, variables) == fresh, (text, other)
                shared += other != text and shapes.shape(other, variables) is found
    assert shared > 400
