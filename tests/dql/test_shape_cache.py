"""Which texts share a shape, and which must not."""

import time

import pytest

from otterd.dql import cache
from otterd.dql.cache import Shapes
from otterd.dql.fingerprint import fingerprint
from otterd.dql.shape import LONGEST, Shape, shape

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

    def noted(text: str, variables: dict[str, str] | None = None) -> Shape:
        parsed.append(text)
        return shape(text, variables)

    monkeypatch.setattr(cache, "shape", noted)
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


def test_the_oldest_go_when_it_is_full() -> None:
    shapes = Shapes(3)
    for number in range(50):
        shapes.shape(f"{{ q(func: has(p{number})) {{ uid }} }}")
    assert len(shapes) == 6


def test_long_texts_are_not_kept() -> None:
    shapes = Shapes(3)
    assert not shapes.shape("{" + " " * LONGEST).parsed
    assert len(shapes) == 0


@pytest.mark.parametrize("piece", ['\\"', '"\\', ",/", ", ", "<", "#", "1", "(1", '"', "/\\/,", "\\", "{"])
def test_a_hostile_text_has_its_fingerprint_soon(piece: str) -> None:
    text = '"' + piece * (LONGEST // len(piece) - 1)
    began = time.monotonic()
    fingerprint(text)
    fingerprint("#" + text)
    fingerprint("/," + text[1:])
    assert time.monotonic() - began < 0.2


def test_a_variable_that_names_a_predicate_is_looked_at_each_time() -> None:
    shapes = Shapes(10)
    text = "query q($p: string!) { q(func: eq(<$p>, 5)) { uid } }"
    read = [shapes.shape(text, {"$p": name}).reads for name in ("age", "name", "age")]
    assert read == [shape(text, {"$p": name}).reads for name in ("age", "name", "age")]
    assert read[0] != read[1]
