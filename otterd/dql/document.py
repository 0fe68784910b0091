"""Query documents: blocks, fragments, variables and schema requests."""

from collections.abc import Iterable, Mapping

from otterd.dql import declarations, variables
from otterd.dql.blocks import block
from otterd.dql.body import body
from otterd.dql.cursor import Cursor
from otterd.dql.draft import Draft
from otterd.dql.errors import SPACE, DqlError, Unlike
from otterd.dql.lexer import END, LEFT_CURL, LEFT_ROUND, NAME, OPERATION, UPSERT, Tokens, lex
from otterd.dql.requests import schema
from otterd.dql.scope import Scope
from otterd.dql.spreads import Spreads
from otterd.dql.tree import Block, Document, Fragment, Kind, SchemaRequest, Variable

LONGEST_NAME = 65_535
"""Bytes of UTF-8 in the name of a predicate."""


def parse_query(
    text: str,
    variables: Mapping[str, str] | None = None,
    *,
    wanted: Iterable[str] = (),
    tokens: Tokens | None = None,
) -> Document:
    """Return the tree of the query `text`; raise DqlError in the words of an alpha.

    `variables` are the values sent with it, by `$name`; `wanted` names the query
    variables that the mutations of an upsert use; `tokens` are those of the text
    without the white space around it, if it has been lexed.
    """
    text = text.strip(SPACE)
    if not text:
        raise DqlError("empty request", expected="a query")
    return _Reader(text, variables or {}).document(tokens or lex(text), wanted)


class _Reader:
    """Reads one document and remembers what of it is used where."""

    def __init__(self, text: str, given: Mapping[str, str]) -> None:
        self._text = text
        self._known = {name: Variable(name, "", value) for name, value in given.items()}
        self._blocks: list[Block] = []
        self._fragments: dict[str, Fragment] = {}
        self._schema: SchemaRequest | None = None
        self._seen: set[str] = set()
        self._block_scopes: list[Scope] = []
        self._fragment_scopes: dict[str, Scope] = {}

    def document(self, tokens: Tokens, wanted: Iterable[str]) -> Document:
        """Return the tree; raise DqlError."""
        cursor = Cursor(tokens)
        while cursor.at < cursor.end:
            kind = cursor.step()
            if kind == LEFT_CURL:
                self._block(cursor)
            elif kind == NAME:
                cursor.at -= 1
                self._block(cursor)
            elif kind == OPERATION:
                self._operation(cursor)
            elif kind == UPSERT:
                raise cursor.fail("Upsert block not allowed in a query", "query, fragment or schema")
        self._check(wanted)
        return Document(self._text, tuple(self._blocks), self._fragments, self._schema, self._known)

    def _operation(self, cursor: Cursor) -> None:
        """Read the operation on whose word the cursor stands."""
        word = cursor.values[cursor.at]
        if word == "mutation":
            raise cursor.fail("Mutation block no longer allowed.", "query, fragment or schema")
        if word == "fragment":
            self._fragment(cursor)
        elif word == "schema":
            if self._schema is not None:
                raise cursor.fail("Only one schema block allowed ", "one schema block")
            if self._blocks:
                raise cursor.fail("Schema block is not allowed with query block", "a document of its own")
            self._schema = schema(cursor)
        else:
            if self._schema is not None:
                raise cursor.fail("Schema block is not allowed with query block", "a document of its own")
            self._query(cursor)

    def _query(self, cursor: Cursor) -> None:
        """Read what follows the word `query`."""
        name = ""
        while (kind := cursor.step()) not in (LEFT_CURL, END):
            if kind == NAME:
                if name:
                    raise cursor.fail("Multiple word query name not allowed.", "( or {")
                name = cursor.values[cursor.at]
            elif kind == LEFT_ROUND:
                if not name:
                    reason = "Variables can be defined only in named queries."
                    raise cursor.fail(reason, "a name of the query")
                declarations.declare(cursor, self._known)
                declarations.check(self._known)
            elif kind == END:
                raise Unlike("a query without a block ends an alpha's process", expected="{")
        self._block(cursor)

    def _block(self, cursor: Cursor) -> None:
        scope = cursor.scope = Scope()
        draft = block(cursor)
        found = draft.block()
        self._block_scopes.append(scope)
        self._blocks.append(found)

    def _fragment(self, cursor: Cursor) -> None:
        """Read a fragment, on whose first word the cursor stands."""
        name = ""
        position = cursor.starts[cursor.at]
        while (kind := cursor.step()) != LEFT_CURL:
            if kind != NAME:
                value = cursor.values[cursor.at]
                raise cursor.fail(f"Unexpected item in fragment: {kind} {value}", "a name or {")
            name = name or cursor.values[cursor.at].strip(SPACE)
        if not name:
            raise cursor.fail("Empty fragment name", "a name", ahead=1)
        scope = cursor.scope = Scope()
        scope.depth = 1
        draft = Draft(Kind.PREDICATE, "", position)
        body(cursor, draft)
        self._fragments[name] = Fragment(name, position, draft.settle())
        self._fragment_scopes[name] = scope

    def _check(self, wanted: Iterable[str]) -> None:
        """Put the parts together and raise for what does not fit."""
        if not self._blocks:
            return
        spreads = Spreads(self._fragment_scopes)
        for found, scope in zip(self._blocks, self._block_scopes, strict=True):
            scopes = [scope, *spreads.enter(scope)] if scope.spreads else [scope]
            variables.fill(found, self._fragments, scopes, self._known)
        defines: list[str] = []
        needs: list[str] = list(wanted)
        for scope, count in [*((scope, 1) for scope in self._block_scopes), *spreads.counts()]:
            defines += scope.defines * min(count, 2)
            needs += scope.needs
        if defines or needs:
            variables.check(defines, needs)
        for found in self._blocks:
            if found.alias in self._seen:
                reason = f"Duplicate aliases not allowed: {found.alias}"
                raise DqlError(reason, expected="another name")
            if found.alias not in ("var", "shortest"):
                self._seen.add(found.alias)
