"""JSON mutations, read into N-Quads."""

import pytest

from otterd.dql.errors import DqlError, Unlike
from otterd.dql.json_text import MOST_VALUES
from otterd.dql.jsonmut import parse_json_mutation
from otterd.dql.mutation_tree import STAR, Facet
from tests.dql import lean


def said(text: str, *, delete: bool = False) -> list[tuple[str, str, str, str]]:
    """Return subject, predicate, object and language of each N-Quad."""
    quads = parse_json_mutation(text.encode(), delete=delete)
    return [
        (
            quad.subject,
            quad.predicate,
            quad.object_value.raw if quad.object_value else quad.object_id,
            quad.lang,
        )
        for quad in quads
    ]


def test_members_become_n_quads() -> None:
    assert said('{"uid": "0x1", "name@en": "x", "age": 7, "old": null}') == [
        ("1", "name", "x", "en"),
        ("1", "age", "7", ""),
    ]
    assert said('{"uid": "uid( v )", "p": "val(w)"}') == [("uid(v)", "p", "val(w)", "")]


def test_nested_objects_come_before_the_edge_to_them() -> None:
    assert said('{"uid": "_:a", "friend": [{"name": "b"}, {"uid": "0x2"}]}') == [
        ("_:dg.1", "name", "b", ""),
        ("_:a", "friend", "_:dg.1", ""),
        ("_:a", "friend", "2", ""),
    ]


def test_facets_of_values_edges_and_lists() -> None:
    text = b'{"p": 1, "p|f": true, "l": ["a", "b"], "l|g": {"1": 2}, "e": {"uid": "0x2", "e|h": "x"}}'
    facets = {
        (quad.predicate, quad.object_value.raw if quad.object_value else ""): quad.facets
        for quad in parse_json_mutation(text, delete=False)
    }
    assert facets == {
        ("p", "1"): (Facet("f", "bool", "true"),),
        ("l", "a"): (),
        ("l", "b"): (Facet("g", "int", "2"),),
        ("e", ""): (Facet("h", "string", "x"),),
    }


def test_a_geometry_is_a_value() -> None:
    assert said('{"loc": {"type": "Point", "coordinates": [1, 2.5]}}') == [
        ("_:dg.1", "loc", '{"type":"Point","coordinates":[1,2.5]}', "")
    ]


def test_deletes() -> None:
    assert said('{"uid": "0x1"}', delete=True) == [("1", STAR, STAR, "")]
    assert said('{"uid": "0x1", "name": null}', delete=True) == [("1", "name", STAR, "")]
    with pytest.raises(DqlError, match="UID must be present"):
        said('{"name": null}', delete=True)


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ('{"a":\n tru}', "Bad parsing while executing stage 2", (2, 1)),
        ("[1]", "only array of map allowed at root", (1, 1)),
        ('{"a": [[1]]}', "got unsupported type for list: a", (1, 7)),
        ('{"uid": "zz"}', 'strconv.ParseUint: parsing "zz": invalid syntax', (1, 1)),
        ('{"uid": " uid ( "}', "a uid that is `uid(` ends an alpha's process", (1, 1)),
        ('{"|f": {}}', "facet: |f: facet value can only be string/number/bool", (1, 1)),
        ('[{"a": 1}, {"a": 1, "|f": []}]', "facet value can only be", (1, 20)),
        ('{"a": 99999999999999999999999}', "value out of range", (1, 6)),
    ],
)
def test_refusals_name_the_place(text: str, message: str, place: tuple[int, int]) -> None:
    with pytest.raises(DqlError) as refused:
        said(text)
    assert message in refused.value.message
    assert (refused.value.line, refused.value.column) == place


HOSTILE = {
    "objects in objects": '{"a":' * 160_000,
    "objects in objects that end": '{"a":' * 160_000 + "1" + "}" * 160_000,
    "arrays": "[" * 1_000_000,
    "arrays that end": '{"a":' + "[" * 490_000 + "]" * 490_000 + "}",
    "backslashes": '{"a":"' + "\\" * 1_000_000 + '"}',
    "escapes": '{"a":"' + "\\u0041" * 160_000 + '"}',
    "digits": '{"a":' + "1" * 1_000_000 + "}",
    "numbers": '{"a":[' + "1," * 490_000 + "1]}",
    "empty objects": "[" + "{}," * 330_000 + "{}]",
    "keys": "{" + '"a":1,' * 160_000,
    "commas": '{"a":[1' + "," * 1_000_000,
    "quotes": '"' * 1_000_000,
    "NULs": "\0" * 1_000_000,
    "lone surrogates": '{"a":"' + "\ud800" * 300_000,
    "a vector": '{"a":"[' + "1," * 490_000 + '1]"}',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_costs_little_memory(name: str) -> None:
    data = HOSTILE[name].encode("utf-8", "surrogatepass")
    assert lean.bytes_of(lambda: parse_json_mutation(data, delete=False)) <= lean.MOST


def test_has_a_bound_of_values_that_can_be_moved() -> None:
    text = b'{"uid":"_:a","a":[' + b"1," * MOST_VALUES + b"1]}"
    with pytest.raises(Unlike, match="more than 32768 values"):
        parse_json_mutation(text, delete=False)
    assert len(parse_json_mutation(text, delete=False, most=2 * MOST_VALUES)) == MOST_VALUES + 1


def test_depth_costs_no_stack() -> None:
    depth = 20_000
    assert len(said('{"a":' * depth + "1" + "}" * depth)) == depth
