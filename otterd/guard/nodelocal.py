"""Finds what acts only on the alpha that receives it, so that a balancer must not choose one.

It errs towards finding: what it cannot look into, such as a persisted query, counts.
"""

import json
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl

PATHS = (b"/admin/shutdown", b"/admin/draining", b"/admin/config")
FIELDS = frozenset(("draining", "shutdown", "config"))
LEXEME = re.compile(
    r'''"""(?:[^"\\]|\\(?:""")?|"(?!""))*+"""|"(?!"")(?:[^"\\\n\r]|\\.)*+"|(?P<odd>")'''
    r"""|\#[^\n\r]*+|(?P<lexeme>[_A-Za-z][_0-9A-Za-z]*+|\.\.\.|[{}()@:])"""
)
JSON_OBJECT = re.compile(r'[ \t\r\n]*\{[ \t\r\n]*["}]')


def node_local(path: bytes, query: bytes, body: bytes) -> bool:
    """Tell whether a request on `/admin*` acts on one alpha; `body` is already decompressed."""
    if any(path == prefix or path.startswith(prefix + b"/") for prefix in PATHS):
        return True
    return path == b"/admin" and (_in_url(query) or _in_body(body))


def _in_url(query: bytes) -> bool:
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    documents = [value for name, value in pairs if name == "query"]
    hidden = not _any_text(documents) and any(name == "extensions" for name, _ in pairs)
    return hidden or any(map(changes_node, documents))


def _in_body(body: bytes) -> bool:
    text = body.decode("utf-8", "replace")
    if not text.strip():
        return False
    return _in_json(text) or changes_node(text)


def _in_json(text: str) -> bool:
    """Look into the first JSON value of `text`, for the alpha reads no further."""
    if not JSON_OBJECT.match(text):
        return False
    try:
        pairs, _ = DECODER.raw_decode(text.lstrip(" \t\r\n"))
    except (ValueError, RecursionError):
        return any(sign in text for sign in (*FIELDS, "\\u", "ersisted"))
    # Go matches keys in any case, and the last of several wins: look at all.
    documents = [value for name, value in pairs if name.lower() == "query" and isinstance(value, str)]
    hidden = not _any_text(documents) and any(name.lower() == "extensions" for name, _ in pairs)
    return hidden or any(map(changes_node, documents))


class _Pairs(list[tuple[str, object]]):
    """A JSON object with its repeated keys."""


# Numbers stay text: Python refuses long ones that Go reads.
DECODER = json.JSONDecoder(strict=False, object_pairs_hook=_Pairs, parse_int=str, parse_float=str)


def _any_text(documents: list[str]) -> bool:
    return bool(documents) and all(document.strip() for document in documents)


def changes_node(document: str) -> bool:
    """Tell whether a GraphQL document has a mutation with one of the node-local fields.

    A quote that belongs to no well-formed string counts, for what follows it cannot be told.
    """
    if not any(field in document for field in FIELDS):
        return False
    lexemes = []
    for match in LEXEME.finditer(document):
        if match["odd"]:
            return True
        if match["lexeme"]:
            lexemes.append(match["lexeme"])
    mutation = found = False
    for name, depth in _names(lexemes):
        if depth == 0:
            mutation = mutation or name == "mutation"
        else:
            found = found or name in FIELDS
    return mutation and found


def _names(lexemes: list[str]) -> Iterator[tuple[str, int]]:
    """Yield each name with its depth in braces: fields, and at depth 0 the keywords.

    Arguments, directives, aliases and the names of fragments are left out.
    """
    depth = parens = 0
    before = ""
    for lexeme, after in zip(lexemes, [*lexemes[1:], ""], strict=True):
        if lexeme == "(":
            parens += 1
        elif lexeme == ")":
            parens = max(0, parens - 1)
        elif parens:
            pass
        elif lexeme in "{}":
            depth = depth + 1 if lexeme == "{" else max(0, depth - 1)
        elif lexeme.isidentifier() and before not in ("@", "...") and after != ":":
            yield lexeme, depth
        before = lexeme
