"""What a text asks of Dgraph: its purpose, the predicates it touches, and a digest of it.

What an alpha refuses has no predicates that could be told, so those are unknown.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, starmap

from otterd.dql.block_lexer import opens_mutation
from otterd.dql.cursor import Cursor
from otterd.dql.digest import hashed, words
from otterd.dql.document import parse_query
from otterd.dql.errors import SPACE, DqlError
from otterd.dql.filters import expression, leaves
from otterd.dql.jsonmut import parse_json_mutation
from otterd.dql.lexer import AT, Tokens, lex
from otterd.dql.mutation_blocks import parse_mutation
from otterd.dql.mutation_tree import STAR, Mutation, NQuad, Upsert
from otterd.dql.nquads import each_nquad
from otterd.dql.touched import TYPE, Called, Touched, called, touched
from otterd.dql.tree import Func

LONGEST = 16 * 1024
"""Characters of a text up to which it is parsed; of a longer one only the purpose is told."""

_BEFORE = re.compile(r"(?:[^{#A-Za-z_~]++|#[^\r\n]*+)*+").match


class Purpose(StrEnum):
    """What a text is for."""

    QUERY = "query"
    MUTATION = "mutation"
    UPSERT = "upsert"


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of a text without running it."""

    purpose: Purpose
    reads: frozenset[str] | None = None
    """Predicates that it reads, None when they cannot be told; a mutation's own are in `writes`."""
    writes: frozenset[str] | None = None
    """Predicates that it sets or deletes, None when they cannot be told."""
    functions: frozenset[Called] = frozenset()
    digest: str = ""
    """The same for all texts that differ in literals, white space and comments; "" when not parsed."""
    volatile: bool = True
    """Whether the time of day may change the answer."""
    depth: int = 0
    """Pairs of braces inside one another."""
    breadth: int = 0
    """Most selections side by side in one pair of braces."""
    parsed: bool = False
    """Whether the text was short enough and good; else only the purpose is known."""

    @property
    def read_only(self) -> bool:
        """Whether nothing is written."""
        return self.purpose is Purpose.QUERY

    @property
    def predicates(self) -> frozenset[str] | None:
        """All predicates touched, None when they cannot be told."""
        if self.reads is None or self.writes is None:
            return None
        return self.reads | self.writes


Edge = tuple[str, str, str]
"""An N-Quad of a request that needs no parsing: subject, predicate and object id, "" for a value."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One mutation of a request: texts of N-Quads or of JSON, edges, and its `@if(…)` or ""."""

    set_nquads: str = ""
    delete_nquads: str = ""
    set_json: bytes = b""
    delete_json: bytes = b""
    cond: str = ""
    set_edges: tuple[Edge, ...] = ()
    delete_edges: tuple[Edge, ...] = ()


def shape(text: str, variables: Mapping[str, str] | None = None) -> Shape:
    """Return the shape of a query, or of `{ set {…} }` or `upsert {…}`; bad text has an unknown one."""
    return shape_and_tokens(text, variables)[0]


def shape_and_tokens(text: str, variables: Mapping[str, str] | None = None) -> tuple[Shape, Tokens | None]:
    """Return the shape of `text` and, if it is a query that could be read, its tokens."""
    purpose = purpose_of(text)
    if len(text) > LONGEST:
        return _unknown(purpose), None
    if purpose is not Purpose.QUERY:
        return _of_mutation(text, purpose, variables), None
    try:
        tokens = lex(text.strip(SPACE))
        return _whole(purpose, tokens, _Changes(()), variables), tokens
    except DqlError:
        return _unknown(purpose), None


def _of_mutation(text: str, purpose: Purpose, variables: Mapping[str, str] | None) -> Shape:
    """Return the shape of `{ set {…} }` or `upsert {…}`."""
    try:
        parts = parse_mutation(text)
    except DqlError:
        return _unknown(purpose)
    if isinstance(parts, Upsert):
        edits = [Edit(each.set, each.delete, cond=each.cond) for each in parts.changes]
        return request_shape(parts.query, edits, variables)
    assert isinstance(parts, Mutation)
    return request_shape("", [Edit(parts.change.set, parts.change.delete)], variables)


def purpose_of(text: str) -> Purpose:
    """Return what `text` is for, in time linear in its length."""
    if not opens_mutation(text):
        return Purpose.QUERY
    start = _BEFORE(text)
    assert start is not None
    return Purpose.UPSERT if text.startswith("upsert", start.end()) else Purpose.MUTATION


def request_shape(query: str, edits: Sequence[Edit], variables: Mapping[str, str] | None = None) -> Shape:
    """Return the shape of a query together with mutations, as a request carries them."""
    blank = not query.strip(SPACE)
    purpose = Purpose.QUERY if not edits else Purpose.MUTATION if blank else Purpose.UPSERT
    if len(query) + sum(map(_size, edits)) > LONGEST:
        return _unknown(purpose)
    try:
        tokens = None if blank and edits else lex(query.strip(SPACE))
        return _whole(purpose, tokens, _Changes(edits), variables)
    except DqlError:
        return _unknown(purpose)


def _whole(
    purpose: Purpose, tokens: Tokens | None, changes: "_Changes", variables: Mapping[str, str] | None
) -> Shape:
    """Return the shape of the query of `tokens`, if there is one, and of `changes`; raise DqlError."""
    found = Touched()
    spelled: list[str] = []
    if tokens is not None:
        found = touched(parse_query(tokens.text, variables, wanted=changes.wanted, tokens=tokens))
        spelled = words(tokens)
    called(changes.conditions, found)
    if changes.clears:
        found.add(TYPE)
    return Shape(
        purpose,
        None if found.unknown else frozenset(found.predicates),
        None if changes.clears else frozenset(changes.writes),
        frozenset(found.functions),
        hashed([purpose, *spelled, *changes.spelled]),
        found.volatile,
        found.depth,
        found.breadth,
        parsed=True,
    )


def _unknown(purpose: Purpose) -> Shape:
    """Return what is known of a text that was not read."""
    return Shape(purpose, writes=frozenset() if purpose is Purpose.QUERY else None)


def _size(edit: Edit) -> int:
    texts = (edit.set_nquads, edit.delete_nquads, edit.set_json, edit.delete_json, edit.cond)
    edges = chain.from_iterable(edit.set_edges + edit.delete_edges)
    return sum(map(len, texts)) + sum(map(len, edges))


class _Changes:
    """What the mutations of a request write, and what they want of its query."""

    def __init__(self, edits: Iterable[Edit]) -> None:
        self.writes: set[str] = set()
        self.wanted: set[str] = set()
        self.conditions: list[Func] = []
        self.clears = False
        """Whether `S * *` is deleted: whatever the types of S hold."""
        self.spelled: list[str] = []
        """The words of the digest."""
        for edit in edits:
            self._condition(edit.cond)
            self._add("set", each_nquad(edit.set_nquads))
            self._add("set", parse_json_mutation(edit.set_json, delete=False))
            self._add("set", starmap(NQuad, edit.set_edges))
            self._add("delete", each_nquad(edit.delete_nquads))
            self._add("delete", starmap(NQuad, edit.delete_edges))
            self._add("delete", parse_json_mutation(edit.delete_json, delete=True))

    def _add(self, word: str, quads: Iterable[NQuad]) -> None:
        names: set[str] = set()
        for quad in quads:
            names.add(quad.predicate)
            for node in (quad.subject, quad.object_id):
                if node.startswith(("uid(", "val(")):
                    self.wanted.add(node[4:-1].strip(SPACE))
            if quad.predicate in (STAR, "*"):
                self.clears = True
            else:
                self.writes.add(quad.predicate)
        if names:
            self.spelled += [word, *sorted(names)]

    def _condition(self, text: str) -> None:
        """Read `@if(…)`, which an alpha makes the filter of a block of its own."""
        if not text.strip(SPACE):
            return
        whole = "{ q(func: uid(0x1)) " + text + " { uid } }"
        tokens = lex(whole)
        cursor = Cursor(tokens)
        cursor.at = cursor.kinds.index(AT) + 1
        functions = leaves(expression(cursor))
        self.conditions += functions
        self.wanted.update(need.name for function in functions for need in function.needs)
        self.spelled += words(tokens)
