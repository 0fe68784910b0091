"""Queries meant to hurt: each is answered in little memory and without a RecursionError."""

import pytest

from otterd.dql.document import parse_query
from otterd.dql.errors import DqlError
from tests.dql import lean

MANY = 1_000_000
START = "{ q(func: uid(1)) "

TEXTS = {
    "braces": "{" * MANY,
    "brackets": "(" * MANY,
    "quotes": '"' * MANY,
    "hashes": "#" * MANY,
    "lines of comment": "#\n" * (MANY // 2),
    "comments inside": "{ q " + "#\n" * (MANY // 2),
    "NULs": "{ q " + "\0" * MANY,
    "a NUL": "{ q(func: uid(1)) { na\0me } }",
    "a lone surrogate": "{ q(func: uid(1)) { \ud800 } }",
    "surrogates": "{ q " + "\udfff" * MANY,
    "selections in selections": START + "{ a " * 5000 + "}" * 5001,
    "open selections": START + "{a" * (MANY // 2),
    "brackets of a filter": START + "@filter(" + "(" * MANY,
    "filters in filters": START + "@filter(" + "has(a) and not (" * 3000 + "has(a)" + ")" * 3001 + "{ a } }",
    "not": START + "@filter(" + "not " * (MANY // 4) + "has(a)) { a } }",
    "functions in functions": "{ q(func: " + "eq(" * 3000 + "a" + ")" * 3000 + ") { a } }",
    "val in val": "{ q(func: eq(" + "val(" * 3000 + "a" + ")" * 3000 + ", 1)) { a } }",
    "math in math": START + "{ x: math(" + "1+(" * 3000 + "a" + ")" * 3001 + " } }",
    "a long word": "{" + "a" * MANY,
    "a long IRI": START + "{ <" + "a" * MANY,
    "escapes in an IRI": START + "{ <" + "\\u1234" * (MANY // 6),
    "escapes in a string": '{ q(func: eq(a, "' + "\\n" * (MANY // 2),
    "escapes in a regular expression": "{ q(func: regexp(a, /" + "\\/" * (MANY // 2),
    "words": START + "{ " + "a " * (MANY // 2) + "} }",
    "digits of a uid": f"{{ q(func: uid({'9' * MANY})) {{ a }} }}",
    "underscores of a uid": f"{{ q(func: uid(1{'_1' * (MANY // 2)})) {{ a }} }}",
    "a number of math": START + f"{{ x: math({'1' * MANY}.) }} }}",
    "fragments that double": START
    + "{ ...f0 } }"
    + "".join(f" fragment f{n} {{ ...f{n + 1} ...f{n + 1} }}" for n in range(60))
    + " fragment f60 { a }",
    "fragments in fragments": START
    + "{ ...f0 } }"
    + "".join(f" fragment f{n} {{ a {{ ...f{n + 1} }} }}" for n in range(3000))
    + " fragment f3000 { a }",
    "facets": START + "{ a @facets(" + ", ".join(f"x{n} as a{n}" for n in range(9000)) + ") } }",
    "filters of facets": START + "{ a " + "@facets(eq(a, 1)) " * 5000 + "} }",
    "orders": "{ q(func: uid(x), " + ", ".join(f"orderasc: a{n}" for n in range(9000)) + ", a: 1) { a } }",
    "variables": "query q("
    + ", ".join(f"$a{n}: int = 1" for n in range(7000))
    + ", ) { q(func: uid(1)) { a } }",
    "at signs": "{ a(" + "@" * MANY,
    "slashes": "{ a(b, " + "/" * MANY,
    "equal signs": "{ a(" + "=" * MANY,
}


@pytest.mark.parametrize("name", TEXTS)
def test_is_answered_in_little_memory(name: str) -> None:
    assert lean.bytes_of(lambda: _answer(TEXTS[name])) <= lean.MOST


def _answer(text: str) -> None:
    """Parse `text`; junk between operations and comments are no error to an alpha either."""
    try:
        parse_query(text)
    except DqlError:
        return
    assert text.strip('"#\n') == ""
