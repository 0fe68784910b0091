"""The trees of query documents, and the places that errors name."""

import pytest

from otterd.dql.document import parse_query
from otterd.dql.errors import DqlError, Unlike, locate
from otterd.dql.tree import (
    Arg,
    Block,
    FacetKey,
    FacetOrder,
    Func,
    GroupKey,
    Holds,
    Junction,
    Kind,
    MathConst,
    MathOp,
    MathVar,
    Need,
    Order,
    SchemaRequest,
    Selection,
    Spread,
)


def only(text: str, variables: dict[str, str] | None = None) -> Block:
    (block,) = parse_query(text, variables).blocks
    return block


def body(text: str) -> tuple[Selection, ...]:
    document = parse_query(f"{{ q(func: uid(1)) {{ {text} }} }}")
    return tuple(document.children(document.blocks[0]))


def test_a_block_has_its_function_paging_and_order() -> None:
    block = only('{ me(func: eq(name@en, "a\\"b"), first: -2, orderdesc: age@fr, orderasc: dob) { uid } }')
    assert block.alias == "me"
    assert block.func is not None
    assert (block.func.name, block.func.attr, block.func.language) == ("eq", "name", "en")
    assert [arg.value for arg in block.func.args] == ['a"b']
    assert block.arguments["first"].value == "-2"
    assert block.order == (Order("age", ("fr",), descending=True), Order("dob"))


def test_a_filter_binds_not_before_and_before_or() -> None:
    tree = only("{ q(func: uid(1)) @filter(has(a) or not has(b) and has(c)) { uid } }").directives.filter
    assert isinstance(tree, Junction)
    assert tree.op == "or"
    first, second = tree.parts
    assert isinstance(first, Func)
    assert isinstance(second, Junction)
    assert second.op == "and"
    assert [type(part) for part in second.parts] == [Junction, Func]


def test_a_chain_of_and_is_one_junction() -> None:
    tree = only(
        f"{{ q(func: uid(1)) @filter({' and '.join(['has(a)'] * 2000)}) {{ uid }} }}"
    ).directives.filter
    assert isinstance(tree, Junction)
    assert len(tree.parts) == 2000


def test_dashes_belong_to_the_name() -> None:
    (selection,) = body("a-b-c (orderasc: x-y)")
    assert selection.attr == "a-b-c"
    assert selection.order == (Order("x-y"),)
    block = only("{ q(func: has(a-b), orderasc: x-y) { uid } }")
    assert block.order == (Order("x-y"),)
    assert block.func is not None
    assert block.func.attr == "a-b"


def test_what_follows_the_braces_still_belongs_to_the_selection() -> None:
    (selection,) = body("friend { name } (first: 3) @filter(has(name)) { age }")
    assert [child.attr for child in selection.children if isinstance(child, Selection)] == ["name", "age"]
    assert selection.arguments["first"].value == "3"
    assert selection.directives.filter is not None


def test_kinds_of_selections_are_told_apart() -> None:
    found = body(
        "uid count(friend) count(uid) x as age n: val(x) min(val(x)) m: math(x) expand(_all_)"
        ' checkpwd(p, "s")'
    )
    assert [selection.kind for selection in found] == [
        Kind.PREDICATE, Kind.COUNT, Kind.COUNT_UID, Kind.PREDICATE, Kind.VALUE, Kind.AGGREGATE, Kind.MATH,
        Kind.EXPAND, Kind.CHECKPWD,
    ]  # fmt: skip
    assert found[4].needs == (Need("x", Holds.VALUES),)
    assert found[5].func is not None
    assert found[5].func.name == "min"


def test_math_is_a_tree() -> None:
    (_, selection) = body("x as age m: math(1 + x * -2)")
    assert selection.math == MathOp(
        "+", (MathConst(1), MathOp("*", (MathVar("x"), MathOp("u-", (MathConst(2),)))))
    )


def test_multiplication_and_division_go_from_left_to_right() -> None:
    (selection,) = body("m: math(5 * 10 / 50)")
    assert selection.math == MathOp("/", (MathOp("*", (MathConst(5), MathConst(10))), MathConst(50)))


def test_facets_are_sorted_and_told_from_a_filter() -> None:
    (friend,) = body("friend @facets(w: weight, orderdesc: since) @facets(eq(close, true)) { name }")
    facets = friend.directives.facets
    assert facets is not None
    assert facets.keys == (FacetKey("since"), FacetKey("weight", "w"))
    assert facets.order == (FacetOrder("since", descending=True),)
    assert isinstance(friend.directives.facet_filter, Func)


def test_groups_have_aliases_and_languages() -> None:
    (friend,) = body("friend @groupby(n: name@en, age) { count(uid) }")
    assert friend.directives.group_by == (GroupKey("name", "n", ("en",)), GroupKey("age"))


def test_fragments_stand_where_they_are_used() -> None:
    document = parse_query("{ q(func: uid(1)) { a ...f c } } fragment f { b ...g } fragment g { d }")
    assert [type(child) for child in document.blocks[0].children] == [Selection, Spread, Selection]
    assert [child.attr for child in document.children(document.blocks[0])] == ["a", "b", "d", "c"]


def test_values_of_variables_are_filled_in() -> None:
    text = (
        "query q($name: string!, $first: int = 7, $at: string, $on: bool = true, $x: float = 1.5)"
        "{ q(func: eq(name, $name), first: $first) @recurse(loop: $on) @filter(uid($at) or regexp(name, $re))"
        " { m: math($x) } }"
    ).replace("$x: float", "$re: string, $x: float")
    block = only(text, {"$name": "Ada", "$at": "[0x1, 2]", "$re": "/a\\/b/i"})
    assert block.func is not None
    assert block.func.args == (Arg("Ada", text.index("name), first"), "$name"),)
    assert block.arguments["first"].value == "7"
    assert block.directives.recurse is not None
    assert block.directives.recurse.loop
    assert isinstance(block.directives.filter, Junction)
    uid, regexp = block.directives.filter.parts
    assert isinstance(uid, Func)
    assert isinstance(regexp, Func)
    assert uid.uids == (1, 2)
    assert [arg.value for arg in regexp.args] == ["a/b", "i"]
    (math,) = block.children
    assert isinstance(math, Selection)
    assert math.math == MathConst(1.5, "$x")


def test_a_name_in_brackets_may_be_a_variable() -> None:
    block = only("query q($p: string = age) { q(func: eq(<$p>, 5)) { uid } }")
    assert block.func is not None
    assert block.func.attr == "age"


def test_a_shortest_path_has_two_ends() -> None:
    document = parse_query(
        "{ x as var(func: uid(5)) shortest(from: 0x1, to: uid(x), numpaths: 2) { friend } }"
    )
    path = document.blocks[1]
    assert path.source is not None
    assert path.source.uids == (1,)
    assert path.target is not None
    assert path.target.needs == (Need("x", Holds.UIDS),)


def test_a_schema_request_names_predicates_or_types() -> None:
    assert parse_query("schema(pred: [a, b]) { type }").schema == SchemaRequest(0, ("a", "b"), (), ("type",))
    assert parse_query("schema(type: T) {}").schema == SchemaRequest(0, (), ("T",), ())


def test_variables_of_an_upsert_count_as_used() -> None:
    text = "{ q(func: uid(1)) { v as uid } }"
    with pytest.raises(DqlError, match="defined but not used"):
        parse_query(text)
    assert parse_query(text, wanted=["v"]).blocks


def test_positions_are_offsets_into_the_trimmed_text() -> None:
    document = parse_query("\n\n { q(func: has(name)) { name } }\n")
    block = document.blocks[0]
    assert document.text[block.position :].startswith("q(func")
    (selection,) = block.children
    assert document.text[selection.position :].startswith("name }")


@pytest.mark.parametrize(
    ("text", "line", "column", "expected"),
    [
        (
            "{ q(func: uid(1)) {\n  name @nosuch(1)\n} }",
            2,
            8,
            "filter, facets, groupby, cascade or normalize",
        ),
        ("{ q(func: uid(1)) {\r\n  <é> %\n} }", 3, 7, "a name"),
        ('{ q(func: eq("name", 1)) { uid } }', 1, 13, "a predicate"),
        ("{ q(func: uid(1)) { name }", 1, 26, "a closing bracket"),
        ("quer { q }", 1, 0, "query, fragment or schema"),
    ],
)
def test_errors_name_line_column_and_what_was_expected(
    text: str, line: int, column: int, expected: str
) -> None:
    with pytest.raises(DqlError) as caught:
        parse_query(text)
    error = caught.value
    assert (error.line, error.column, error.expected) == (line, column, expected)
    assert error.reason in error.message
    assert f"line {line} column {column}: " in error.message


def test_lines_and_columns_are_counted_as_an_alpha_does() -> None:
    assert locate("aé\r\nb", 5) == (3, 1)
    assert locate("aé b", 3) == (1, 4)


def test_an_empty_text_is_an_empty_request() -> None:
    with pytest.raises(DqlError, match=r"\Aempty request\Z"):
        parse_query(" \n\t")


@pytest.mark.parametrize(
    "text", ["{ q(func: eq(val(count(a)), 1)) { uid } }", "{ q(func: gt(len(count(a)), 1)) { uid } }"]
)
def test_what_would_end_an_alpha_is_refused(text: str) -> None:
    with pytest.raises(Unlike, match="ends an alpha's process"):
        parse_query(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("upsert { query { q } }", 'line 1 column 9: Expected some name. Got: lex.Item [21] "query" at 1:9'),
        (
            "upsert#c\n{#c\n query{}}",
            'line 3 column 1: Expected some name. Got: lex.Item [21] "query" at 3:1',
        ),
        ("upsert {{ }}", 'line 1 column 8: Expected some name. Got: lex.Item [6] "{" at 1:8'),
        ("upsert {}", 'line 1 column 8: Expected some name. Got: lex.Item [7] "}" at 1:8'),
    ],
)
def test_an_upsert_is_no_query(text: str, words: str) -> None:
    with pytest.raises(DqlError) as refused:
        parse_query(text)
    assert refused.value.message == words


def test_an_empty_name_is_no_variable_in_math_or_before_a_block() -> None:
    assert parse_query("{ q(func: uid(1)) { m: math(1 == <>) } }").blocks
    assert parse_query("{ <> as var(func: uid(1)) <> as var(func: uid(2)) }").blocks
    with pytest.raises(DqlError, match="used but not defined"):
        parse_query("{ <> as var(func: uid(1)) q(func: uid(<>)) { uid } }")
