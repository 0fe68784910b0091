"""Whether Dgraph's parsers take a whole text: a query, a mutation, or an upsert with all its parts."""

from bisect import bisect_right
from collections.abc import Callable, Iterable

from otterd.dql.document import parse_query
from otterd.dql.errors import LINE_ENDS, SPACE, DqlError, misplaced
from otterd.dql.mutation_blocks import parse_mutation
from otterd.dql.mutation_tree import Change, Mutation, NQuad, Query, Upsert
from otterd.dql.nquads import check_delete, check_set, parse_nquads
from otterd.dql.tree import Document

_DIRECTIVES = ("@if", "@filter")
_NO_CONDITION = "invalid cond value: must start with @if( or @filter("


def judge(text: str) -> tuple[str, Document | None]:
    """Return "dql", "mutation" or "upsert", and the query in `text`; raise DqlError, placed in `text`."""
    try:
        parsed = parse_mutation(text)
    except DqlError as error:
        raise _at(text, error, 0, text, LINE_ENDS) from None
    if isinstance(parsed, Query):
        return "dql", _judge_query(text, [(text, 0)], (), ())
    changes = (parsed.change,) if isinstance(parsed, Mutation) else parsed.changes
    needs = _variables(quad for change in changes for quad in _quads(text, change))
    if isinstance(parsed, Upsert):
        return "upsert", _judge_query(text, parsed.pieces, parsed.changes, needs)
    if needs:
        raise DqlError(f"variables [{' '.join(needs)}] not defined", expected="an upsert with a query")
    return "mutation", None


def judge_nquads(text: str) -> None:
    """Raise DqlError unless `text` is N-Quads alone, which may be set."""
    needs = _variables(_quads(text, Change(text)))
    if needs:
        raise DqlError(f"variables [{' '.join(needs)}] not defined", expected="an upsert with a query")


def _quads(text: str, change: Change) -> list[NQuad]:
    """Return the N-Quads of `change`, which is a part of `text`."""
    with_set = _read(text, change.set, change.set_at, check_set)
    return with_set + _read(text, change.delete, change.delete_at, check_delete)


def _read(text: str, part: str, at: int, check: Callable[[list[NQuad]], None]) -> list[NQuad]:
    try:
        quads = parse_nquads(part)
        check(quads)
    except DqlError as error:
        raise _at(part, error, at, text, "\n") from None
    return quads


def _variables(quads: Iterable[NQuad]) -> list[str]:
    """Return the query variables that `quads` use, each once."""
    terms = (term for quad in quads for term in (quad.subject, quad.object_id))
    return list(dict.fromkeys(term[4:-1] for term in terms if term.startswith(("uid(", "val("))))


def _judge_query(
    text: str, pieces: Iterable[tuple[str, int]], changes: tuple[Change, ...], needs: Iterable[str]
) -> Document:
    """Return the query put together from `pieces` of `text`, with a block for each condition."""
    whole = _Woven()
    for piece, at in pieces:
        whole.add(piece, at)
    wanted = [*needs]
    if changes:
        whole.trim()
        # So Dgraph does it: each condition is the filter of one more block.
        whole.open_end()
        for number, change in enumerate(changes):
            if change.cond.strip():
                _check_condition(text, change)
                name = f"__dgraph_upsertcheck_{number}__"
                wanted.append(name)
                whole.condition(name, change)
        whole.add("}", whole.end, fixed=True)
    whole.trim()
    try:
        return parse_query(whole.text, wanted=wanted)
    except DqlError as error:
        offset = _offset(whole.text, error, LINE_ENDS)
        raise _told(text, None if offset is None else whole.origin(offset), error) from None


class _Woven:
    """A text made of pieces of another one; knows where each came from."""

    def __init__(self) -> None:
        self.text = ""
        self.end = 0
        """Where the last piece ends in the other text."""
        self._starts: list[int] = []
        self._origins: list[tuple[int, bool]] = []

    def add(self, piece: str, at: int, *, fixed: bool = False) -> None:
        """Append `piece`; with `fixed` all of it counts as standing at `at`."""
        self._starts.append(len(self.text))
        self._origins.append((at, fixed))
        self.text += piece
        self.end = at if fixed else at + len(piece)

    def trim(self) -> None:
        """Take off white space at both ends, as an alpha does first."""
        cut = len(self.text) - len(self.text.lstrip(SPACE))
        self.text = self.text.strip(SPACE)
        self._starts = [start - cut for start in self._starts]

    def open_end(self) -> None:
        """Take off the brace at the end."""
        self.text = self.text.removesuffix("}")

    def condition(self, name: str, change: Change) -> None:
        """Append a block that defines `name` when the condition of `change` holds."""
        before, directive, after = change.cond.partition("@if")
        head = f"{name} as var(func: uid(0)) {before}"
        if directive:
            self.add(head + "@filter", change.cond_at, fixed=True)
            self.add(after + "\n", change.cond_at + len(before) + len(directive))
        else:
            self.add(head + "\n", change.cond_at, fixed=True)

    def origin(self, offset: int) -> int:
        """Return where what stands at `offset` came from."""
        index = max(bisect_right(self._starts, offset) - 1, 0)
        at, fixed = self._origins[index]
        return at if fixed else at + offset - self._starts[index]


def _check_condition(text: str, change: Change) -> None:
    """Raise DqlError unless the condition is one directive, its brackets and nothing after them."""
    stripped = change.cond.strip(SPACE)
    directive = next((word for word in _DIRECTIVES if stripped.lower().startswith(word)), "")
    if not directive or not stripped[len(directive) :].lstrip(SPACE).startswith("("):
        raise misplaced(text, change.cond_at, _NO_CONDITION, "@if(…)")


def _at(part: str, error: DqlError, at: int, text: str, ends: str) -> DqlError:
    """Return `error`, whose place is one in `part`, with its place in `text`, where `part` stands at `at`."""
    offset = _offset(part, error, ends)
    return _told(text, None if offset is None else at + offset, error)


def _told(text: str, offset: int | None, error: DqlError) -> DqlError:
    if offset is None:
        return DqlError(error.reason, expected=error.expected)
    return misplaced(text, min(offset, len(text)), error.reason, error.expected)


def _offset(text: str, error: DqlError, ends: str) -> int | None:
    """Return where in `text` the place of `error` is, whose lines end with any of `ends`."""
    if error.line < 1:
        return None
    begin = 0
    for _ in range(error.line - 1):
        found = [at for at in (text.find(end, begin) for end in ends) if at >= 0]
        if not found:
            break
        begin = min(found) + 1
    return begin + len(text[begin:].encode("utf-8", "replace")[: error.column].decode("utf-8", "ignore"))
