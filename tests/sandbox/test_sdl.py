"""GraphQL schemas: what is taken and what it becomes, and what is refused in Dgraph's words."""

import pytest

from otterd.sandbox.failures import Failed
from otterd.sandbox.sdl.dql import dql_schema
from otterd.sandbox.sdl.tree import Refused

ZOO = """
"An animal" type Animal implements Named {
  legs: Int @search
  keeper: Keeper! @hasInverse(field: animals)
  food: [Food!] @search  # an enum has a hash without being asked
  born: DateTime @search(by: [day])
}
interface Named { id: ID!, name: String! @id @search(by: [term, regexp]) }
type Keeper { badge: Int64! @id, animals: [Animal], fit: Boolean, pay: Float, notes: [String] }
enum Food { FISH KRILL }
"""


def test_a_schema_becomes_types_and_predicates():
    assert dql_schema(ZOO).split("\n") == [
        "type Animal {",
        "Named.name",
        "Animal.legs",
        "Animal.keeper",
        "Animal.food",
        "Animal.born",
        "}",
        "Animal.legs: int @index(int) .",
        "Animal.keeper: uid .",
        "Animal.food: [string] @index(hash) .",
        "Animal.born: datetime @index(day) .",
        "type Named {",
        "Named.name",
        "}",
        "Named.name: string @index(hash, term, trigram) @upsert .",
        "type Keeper {",
        "Keeper.badge",
        "Keeper.animals",
        "Keeper.fit",
        "Keeper.pay",
        "Keeper.notes",
        "}",
        "Keeper.badge: int @index(int) @upsert .",
        "Keeper.animals: [uid] .",
        "Keeper.fit: bool .",
        "Keeper.pay: float .",
        "Keeper.notes: [string] .",
        "",
    ]


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ("", ["input: No schema specified"]),
        ("# nothing", ["input: No query or mutation found in the generated schema"]),
        ("type T { id ID }", ["input:1: Expected :, found Name"]),
        ("type T {}", ["input:1: expected at least one definition, found }"]),
        ("\ntyp T", ['input:2: Unexpected Name "typ"']),
        ("type T { x: Int", ["input:1: Expected Name, found <EOF>"]),
        ("type T { x: Int ;}", ["input:1: Expected Name, found <Invalid>"]),
        ("type T { x: Int @search(by: 1.) }", ["input:1: Unexpected <Invalid>"]),
        ("type T { x: Int @search(by: 1e4e4) }", ["input:1: Expected :, found )"]),
        ("type T { x: Foo }", ["input:1: Undefined type Foo."]),
        ("type T { x: Int @foo }", ["input:1: Undefined directive foo."]),
        ("type T { x: Int x: Int }", ["input:1: Field T.x can only be defined once."]),
        ("type T { x: Int } type T { x: Int }", ["input:1: Cannot redeclare type T."]),
        (
            "type T {\n b: [Boolean]\n uid: Int }",
            [
                "input:2: Type T; Field b: Boolean lists are invalid.",
                "input:3: Type T; Field uid: uid is a reserved keyword and you cannot declare a field with"
                " this name.",
            ],
        ),
        (
            "type T { t: U @hasInverse(field: x) } type U { x: Int }",
            [
                "input:1: Type T; Field t: @hasInverse is required to link the fields of same type, but the"
                " field x is of the type Int instead of T. To link these make sure the fields are of the same"
                " type."
            ],
        ),
        (
            "type T { x: Int @search(by: [term]) }",
            [
                "input:1: Type T; Field x: has the @search directive but the argument term doesn't apply to"
                " field type Int.  Search by term applies to fields of type String. Fields of type Int are"
                " searchable by just @search."
            ],
        ),
    ],
)
def test_a_broken_schema_is_refused_with_all_reasons(text, reasons):
    with pytest.raises(Refused) as caught:
        dql_schema(text)
    assert caught.value.lines == reasons


@pytest.mark.parametrize(
    "text",
    [
        "type T { x: Int } union U = T",
        "type T { x: Int } extend type T { y: Int }",
        "type T { x(a: Int): Int }",
        "type T { p: Point }",
        'type T @dgraph(type: "X") { x: Int }',
        "type T @auth(query: {rule: 1}) { x: Int }",
        '# Dgraph.Secret a "b"\ntype T { x: Int }',
        "type T { x: " + "[" * 100_000,
    ],
)
def test_what_is_outside_is_refused_by_name(text):
    with pytest.raises(Failed, match=r"^sandbox: .* is not supported$"):
        dql_schema(text)
