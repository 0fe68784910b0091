"""GraphQL schemas, as the sandbox judges them, judged by the running server."""

import random
import re

from otterd.sandbox.failures import Failed
from otterd.sandbox.sdl.dql import dql_schema
from otterd.sandbox.sdl.tree import Refused
from tests.cluster.ask import ask

SEED = 20
MADE = 400
TRIES = 40
GOOD = [
    "type T { id: ID! name: String! @id @search(by: [term, hash]) n: Int @search f: Float k: K @search }"
    " enum K { A B } interface I { id: ID! label: String @search(by: [fulltext]) }"
    " type J implements I { x: Float! @search }",
    '"what" type T { "x" x: Int """y\nz""" y: Int }',
    "# comment\ntype T { x: Int # more\n , y: Int, }",
    "type P { xid: String! @id name: String @search(by: [exact, trigram]) posts: [Q!] }"
    " type Q { id: ID! author: P! tags: [String] @search(by: [hash]) date: DateTime @search(by: [hour]) }",
    "interface A { id: ID! a: Int @search } interface B { id: ID! b: String! @id }"
    " type C implements A & B { c: C @hasInverse(field: c) b: String! }",
    "interface A { a: [C] @hasInverse(field: c) } type C { c: A x: Int } type D implements A { y: Int }",
    "type T { x: Int @id @search(by: [int]) }",
    "type T { x: String @search(by: [trigram, regexp]) y: String @search(by: [hash, exact]) }",
    "type T { k: E @search(by: [term]) } enum E { A }",
    "type A { b: B @hasInverse(field: a) } type B { a: A @hasInverse(field: c) c: A }",
    "type A { b: B @hasInverse(field: a) } type B { a: C } type C { x: Int }",
    "type A { b: B @hasInverse(field: zz) c: Int @hasInverse(field: b) d: A @hasInverse } type B { a: A }",
    "type T implements A { x: Int } type A { x: Int }",
    "type T { d: DateTime @search(by: [year, month]) f: Float @search(by: [int]) }",
    "interface I { id: ID! } type T implements I { id: ID! }",
    "type T { x: Int, y: [Foo!]! z: [[Int]!]! w: [Boolean!] }",
    "type T { x: Int! \n @search y: Int @foo(a: 1, c: [1 2.5 true null ABC], d: -3e4) }",
    "type Query { x: Int } ",
    "type T @search { x: Int } enum E @id { A }",
    "type TFilter { x: Int } type T { y: Int }",
    "interface I { x: Int } type T implements I { x: String }",
    "enum E { A }",
    "scalar X",
]
_PARTS = re.compile(r'\s+|\w+|"""|.')


def made() -> list[str]:
    """Return schemas, good ones and such as have a few parts out of place."""
    chance = random.Random(SEED)
    every = [_PARTS.findall(text) for text in GOOD]
    found = list(GOOD)
    for _ in range(MADE):
        parts = list(chance.choice(every))
        for _ in range(chance.choice((1, 1, 2))):
            at = chance.randrange(len(parts))
            parts[at] = chance.choice(("", parts[at] * 2, f"{chance.choice(chance.choice(every))} "))
        found.append("".join(parts))
    return [text for text in found if text]


def said(text: str) -> list[str] | None:
    """Return the sandbox's verdict on `text`, None when it does not support it."""
    try:
        dql_schema(text)
    except Refused as refused:
        return str(refused).strip().split("\n")
    except Failed:
        return None
    return ["Schema is valid"]


def judged(address: str, text: str) -> list[str]:
    """Return an alpha's verdict on `text`."""
    reply = ask(address, "POST", "/admin/schema/validate", text.encode()).json()
    return [error["message"] for error in reply["errors"]]


def test_the_sandbox_judges_graphql_schemas_as_an_alpha_does(cluster):
    address = cluster.addresses[0].http
    differing, unsupported = [], 0
    for text in made():
        own = said(text)
        if own is None:
            unsupported += 1
            continue
        # Where two types are wrong an alpha tells of either, by chance.
        if not any(judged(address, text) == own for _ in range(TRIES)):
            differing.append((text, own, judged(address, text)))
    assert differing == []
    assert unsupported < MADE // 10
