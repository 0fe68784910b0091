"""What a text touches, and what it is for."""

import pytest

from otterd.dql.shape import LONGEST, Edit, Purpose, Shape, request_shape, shape
from otterd.dql.touched import Called
from tests.dql import lean

READS = {
    "{ q(func: has(a)) { b c@en:fr d: e @facets(f) { uid } } }": "a b c e",
    "{ q(func: has(~a)) { ~b { uid } count(~c) } }": "a b c",
    "{ q(func: type(T)) { uid } }": "dgraph.type",
    "{ q(func: uid(1)) @filter(type(T) or not eq(a@en, 1) and uid_in(~b, 2)) { uid } }": "dgraph.type a b",
    "{ q(func: uid(1), orderasc: a@en, orderdesc: b) { c (orderasc: d) { uid } } }": "a b c d",
    "{ q(func: has(a)) @groupby(b, x: c@en) { min(d) count(uid) } }": "a b c d",
    "{ q(func: has(a)) @cascade(b, c) { d { e } } }": "a b c d e",
    "{ q(func: has(a)) @cascade { b } }": "a b",
    "{ q(func: has(a)) @recurse(depth: 3) { b c } }": "a b c",
    "{ q(func: gt(count(a), 2)) { x as b  y: val(x) } z() { min(val(x)) } }": "a b",
    "{ x as var(func: has(a)) q(func: uid(x)) @filter(eq(len(x), 2)) { uid } }": "a",
    "{ p as shortest(from: 1, to: 2) { a @facets(w) b @filter(has(c)) } q(func: uid(p)) { d } }": "a b c d",
    "{ q(func: uid(1)) { ...f } } fragment f { a ...g } fragment g { b { c } } fragment h { d }": "a b c",
    '{ q(func: uid(1)) { checkpwd(a, "secret") } }': "a",
    "{ q(func: near(<a!b>, [1.5, 2.5], 1000)) { <http://x/#y> } }": "a!b|http://x/#y",
    "schema(pred: [a, b]) { type }": "a b",
    '{ q(func: uid(1), orderasc: "a") { uid } }': '"a"',
}

UNKNOWN = [
    "{ q(func: uid(1)) { expand(_all_) } }",
    "{ q(func: uid(1)) { a { expand(T, U) { b } } } }",
    "{ q(func: uid(1)) { ...f } } fragment f { expand(_all_) }",
    "schema {}",
    "schema(type: T) {}",
    "{ q(func: ",
    "",
]

UPSERT = """upsert {
  query { q(func: eq(mail, "x")) { v as uid  n as name } }
  mutation @if(eq(len(v), 1) and eq(val(n), "a")) { set { uid(v) <p@en> val(n) . } }
  mutation @if(has(c)) { delete { uid(v) <q> * . } }
}"""


@pytest.mark.parametrize(("text", "names"), READS.items())
def test_names_each_predicate_read(text: str, names: str) -> None:
    wanted = names.split("|") if "|" in names else names.split()
    found = shape(text)
    assert found.reads == frozenset(wanted)
    assert found.writes == frozenset()
    assert found.read_only


@pytest.mark.parametrize("text", UNKNOWN)
def test_says_unknown_when_in_doubt(text: str) -> None:
    assert shape(text).reads is None
    assert shape(text).predicates is None


def test_reads_an_upsert_with_its_conditions() -> None:
    found = shape(UPSERT)
    assert found.purpose is Purpose.UPSERT
    assert found.reads == {"mail", "name", "c"}
    assert found.writes == {"p", "q"}
    assert found.predicates == {"mail", "name", "c", "p", "q"}
    assert not found.read_only


def test_reads_a_mutation() -> None:
    found = shape('{ set { _:a <p> "x" . _:a <q> _:b . }\n delete { <1> <r> * . } }'.replace(" . _", " .\n_"))
    assert (found.purpose, found.reads, found.writes) == (Purpose.MUTATION, frozenset(), {"p", "q", "r"})


def test_deleting_a_whole_node_writes_what_only_the_alpha_knows() -> None:
    found = shape("{ delete { <1> * * . } }")
    assert found.writes is None
    assert found.reads == {"dgraph.type"}


def test_reads_json_mutations_with_the_query_of_a_request() -> None:
    edit = Edit(
        set_json=b'{"uid": "uid(v)", "a@en": "x", "b": [{"c": 1}], "b|f": 2}',
        delete_json=b'{"uid": "1", "d": null}',
    )
    found = request_shape("{ v as var(func: has(e)) }", [edit])
    assert (found.reads, found.writes) == ({"e"}, {"a", "b", "c", "d"})
    assert request_shape("", [Edit(delete_json=b'{"uid": "1"}')]).writes is None


def test_reads_the_edges_of_a_request() -> None:
    edit = Edit(
        set_edges=(("uid(v)", "a", ""), ("_:x", "b", "uid( w )"), ("<1>", "c", "val(n)")),
        delete_edges=(("0x1", "d", ""),),
    )
    query = "{ v as var(func: has(e)) { w as f  n as g } }"
    found = request_shape(query, [edit])
    assert found.purpose is Purpose.UPSERT
    assert (found.reads, found.writes) == ({"e", "f", "g"}, {"a", "b", "c", "d"})
    assert not request_shape("{ v as var(func: has(e)) }", [Edit()]).parsed
    assert request_shape("", [edit]).purpose is Purpose.MUTATION


@pytest.mark.parametrize("star", ["*", "_STAR_ALL"])
def test_an_edge_of_every_predicate_writes_what_only_the_alpha_knows(star: str) -> None:
    found = request_shape("", [Edit(delete_edges=(("0x1", star, ""),))])
    assert (found.reads, found.writes) == ({"dgraph.type"}, None)


def test_many_edges_are_not_looked_at() -> None:
    assert not request_shape("", [Edit(set_edges=(("_:x", "a", ""),) * LONGEST)]).parsed


def test_edges_have_the_digest_of_the_same_n_quads() -> None:
    texts = Edit(set_nquads='<1> <a> "x" .', delete_nquads="<1> <b> * .")
    edges = Edit(set_edges=(("1", "a", ""),), delete_edges=(("1", "b", ""),))
    assert request_shape("", [texts]) == request_shape("", [edges])


def test_names_the_functions() -> None:
    found = shape('{ q(func: eq(a@en, "x")) @filter(has(~b)) { uid } }')
    assert found.functions == {Called("eq", "a", has_language=True), Called("has", "b")}


def test_since_makes_an_answer_volatile() -> None:
    text = "{ q(func: has(a)) { x as b  y: math(1 + %s(x)) } }"
    assert shape(text % "since").volatile
    assert not shape(text % "ln").volatile


def test_measures_depth_and_breadth_with_fragments() -> None:
    found = shape("{ q(func: has(a)) { b ...f } } fragment f { c d { e { g } } }")
    assert (found.depth, found.breadth) == (3, 3)


@pytest.mark.parametrize(
    "text",
    [
        '{q(func:eq(a,"y"),first:7){b}}',
        '# "said\n{ q ( func : eq(a, 5)\n, first: -1 ) { <b> } } # }',
        '{ q(func: eq(a, [1, 2, "z"]), first: 3) { b } }'.replace('[1, 2, "z"]', '"1"'),
    ],
)
def test_digest_overlooks_literals_white_space_and_comments(text: str) -> None:
    assert shape(text).digest == shape('{ q(func: eq(a, "x"), first: 5) { b } }').digest


def test_digest_overlooks_the_order_of_variables_and_the_length_of_lists() -> None:
    body = "{ q(func: eq(a, $x)) @filter(eq(b, $y) or uid(%s)) { c } }"
    one = "query q($x: string, $y: int = 5) " + body % "1, 2"
    two = "query q($y: int = 6, $x: string) " + body % "0x3, 4, 5"
    assert shape(one, {"$x": "a"}).parsed
    assert shape(one, {"$x": "a"}).digest == shape(two, {"$x": "b"}).digest


def test_digest_sees_names() -> None:
    texts = ["{ q(func: has(a)) { b } }", "{ q(func: has(b)) { a } }", "{ q(func: has(a)) { b@en } }"]
    texts += ["{ set { <1> <a> <2> . } }", "{ set { <1> <b> <2> . } }", "{ delete { <1> <b> <2> . } }"]
    assert len({shape(text).digest for text in texts}) == len(texts)


@pytest.mark.parametrize(
    ("start", "purpose"),
    [
        ("{ q(func: has(a)) { b } }", Purpose.QUERY),
        ("# {\n{ set { } } ", Purpose.MUTATION),
        ("# {\n upsert { query { } }", Purpose.UPSERT),
    ],
)
def test_a_long_text_is_only_scanned(start: str, purpose: Purpose) -> None:
    assert shape(start + " " * LONGEST) == Shape(
        purpose, writes=frozenset() if purpose is Purpose.QUERY else None
    )


@pytest.mark.parametrize("piece", ["{", "(", '"', "#", "upsert", "{ set {", "#\n", "\ud800", "\0"])
def test_a_hostile_text_costs_little(piece: str) -> None:
    assert lean.bytes_of(lambda: shape(piece * (1_000_000 // len(piece)))) < lean.MOST
    assert lean.calls_of(lambda: shape(piece * (1_000_000 // len(piece)))) < 100, "it is only scanned"
    assert lean.grows_evenly(shape, lambda size: piece * (size // len(piece)))
