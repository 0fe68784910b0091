"""What mutations write, told at a glance, is what their triples say."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otterd.dql.errors import DqlError
from otterd.dql.glance import Glance, glance
from otterd.dql.jsonmut import parse_json_mutation
from otterd.dql.mutation_tree import STAR, NQuad
from otterd.dql.nquads import parse_nquads
from otterd.dql.shape import LONGEST, Edit
from tests.dql import lean

SUBJECTS = ["<0x1>", "_:new", "uid(v)", "uid( v )", "*", "<http://a/b>", "0x1", "<a b>"]
PREDICATES = ["<name>", "name", "<name@en>", "<p-1>", "*", f"<{STAR}>", "<a\\u0041>", "<dgraph.type>", "<é>"]
OBJECTS = [
    '"x"',
    '"a \\" <b> ."@en',
    "<0x2>",
    "_:b",
    "*",
    "val(w)",
    "uid(v)",
    '"1"^^<xs:int>',
    '"# <c> <d> "',
]
ENDS = [" .", ".", " . # <p> <q>", " (since=2006) .", " <3> ."]
GAPS = st.sampled_from([" ", "\t", "  ", ""])

lines = st.one_of(
    st.tuples(
        GAPS, st.sampled_from(SUBJECTS), GAPS, st.sampled_from(PREDICATES), GAPS, st.sampled_from(OBJECTS),
        st.sampled_from(ENDS),
    ).map("".join),
    st.sampled_from(["", "# <a> <b> <c> .", "  ", "\r", "odd", "{"]),
)  # fmt: skip
texts = st.lists(lines, max_size=5).map("\n".join)

keys = st.sampled_from(
    ["uid", "name", "name@en", "friend", "friend|since", "loc", "namespace", "dgraph.type", ""]
)
scalars = st.sampled_from([None, True, 1, 0, 2.5, "x", "0x1", "_:a", "uid(v)", " uid( v ) ", "val(w)", ""])
point = st.just({"type": "Point", "coordinates": [1.0, 2.0]})
values = st.recursive(
    scalars | point,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(keys, values, max_size=4)


def fits(found: Glance, quads: list[NQuad], *, exactly: bool) -> None:
    """Hold what was seen at a glance against the triples."""
    written = {quad.predicate for quad in quads} - {STAR}
    nodes = [node for quad in quads for node in (quad.subject, quad.object_id)]
    used = {node[4:-1].strip() for node in nodes if node.startswith(("uid(", "val("))}
    assert found.clears == any(quad.predicate == STAR for quad in quads)
    assert used <= found.variables
    assert found.predicates == written if exactly else written <= found.predicates


@given(texts)
def test_quads_of_which_it_is_sure_are_told_rightly(text: str) -> None:
    found = glance([Edit(set_nquads=text)])
    try:
        quads = parse_nquads(text)
    except DqlError:
        return
    if found.sure:
        fits(found, quads, exactly=True)


@pytest.mark.parametrize("subject", SUBJECTS[:4])
@pytest.mark.parametrize("end", ENDS)
def test_it_is_sure_of_usual_quads(subject: str, end: str) -> None:
    found = glance(
        [Edit(delete_nquads=f'\n# now\n  {subject} <name@en> "x"{end}\n\t{subject} age "1" .\r\n')]
    )
    assert found.sure
    assert found.predicates == {"name", "age"}


@pytest.mark.parametrize("text", ["<1><p> <2> .", "<1> <p\\u0041> <2> .", "odd", '<1> "p" <2> .', "{"])
def test_it_is_not_sure_of_odd_ones(text: str) -> None:
    assert not glance([Edit(set_nquads=f'<1> <q> "x" .\n{text}')]).sure


@given(objects | st.lists(objects, max_size=3), st.booleans())
def test_objects_are_told_rightly(value: Any, delete: bool) -> None:
    data = json.dumps(value).encode()
    found = glance([Edit(delete_json=data) if delete else Edit(set_json=data)])
    assert found.sure
    try:
        quads = parse_json_mutation(data, delete=delete)
    except DqlError:
        return
    fits(found, quads, exactly=False)


@pytest.mark.parametrize("data", [b"{", b'{"a":"\xff"}', b"[" * 5000, b""])
def test_broken_json_is_not_understood(data: bytes) -> None:
    assert glance([Edit(set_json=data)]).sure == (not data)


def test_geometry_names_no_predicates() -> None:
    data = b'{"uid":"0x1","loc":{"type":"Point","coordinates":[1,2]},"friend":[{"age":3}]}'
    assert glance([Edit(set_json=data)]).predicates == {"loc", "friend", "age"}


def test_all_edits_count() -> None:
    edits = [Edit("<1> <a> <2> .", "<1> <b> * ."), Edit(set_json=b'{"c":1}', delete_json=b'{"uid":"1"}')]
    found = glance(edits)
    assert found == Glance({"a", "b", "c"}, set(), clears=True, sure=True)


@pytest.mark.parametrize("piece", ["<", "<1> ", "uid(", "\n", "_:", "#", "\t", '<1> <a> "', "* ", "val(uid("])
def test_a_hostile_text_is_looked_at_in_few_steps(piece: str) -> None:
    def look(text: str) -> object:
        return glance([Edit(set_nquads=text), Edit(delete_json=json.dumps(text).encode())])

    def text(size: int) -> str:
        return piece * (size // len(piece))

    assert lean.grows_evenly(look, text)
    assert lean.bytes_of(lambda: look(text(LONGEST))) < 100 * LONGEST
