"""Join the queries of several upserts into one document, where that cannot change what any of them says."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from otterd.errors import BadRequest

_SKIPPED = re.compile(
    r"""
    "(?:[^"\\]|\\.)*+"                      # string
    | \#[^\r\n]*+                           # comment
    | <[^\s<>"{}|^`\\]*+>                   # predicate in full
    | (?<=,)(\s*+)/(?:[^/\\]|\\.)*+/[a-z]*  # regular expression: only after a comma
    """,
    re.VERBOSE | re.DOTALL,
).sub
_OPENING = re.compile(r"\s*(?:query\b\s*(?:[A-Za-z_~][\w~.]*\s*)?)?\{", re.ASCII).match
_DEFINED = re.compile(r"([A-Za-z_~][\w~.]*)\s+[aA][sS]\b", re.ASCII).findall
_CALLED = re.compile(r"(@?)([A-Za-z_~][\w~.]*)\s*\Z", re.ASCII).search
_WORD = re.compile(r"[A-Za-z_~][\w~.]*", re.ASCII).findall
_MARKS = re.compile(r"[{}()]").finditer
_PAIRS = {"}": "{", ")": "("}


@dataclass(slots=True, frozen=True)
class Text:
    """The query of one upsert, and all else it says in which its variables may stand."""

    query: str
    rest: str


@dataclass(slots=True, frozen=True)
class _Document:
    place: int
    body: str
    aliases: frozenset[str]
    variables: frozenset[str]


def join(texts: Sequence[Text]) -> str:
    """Return one query for all `texts`; raise BadRequest where that would not be sound."""
    queries = list(dict.fromkeys(text.query.strip() for text in texts))
    if len(queries) == 1:
        return queries[0]
    documents = [_document(place, query) for place, query in enumerate(queries, 1)]
    _refuse_shared(documents)
    _refuse_crossed(documents, queries, texts)
    # A body may end in a comment: each gets a line end of its own.
    return "{" + "\n".join(document.body for document in documents) + "\n}"


def _document(place: int, query: str) -> _Document:
    masked = _masked(query)
    opening = _OPENING(masked)
    if opening is None or '"' in masked:
        raise _unfit(place)
    start, depth = opening.end(), ["{"]
    aliases: set[str] = set()
    for mark in _MARKS(masked, start):
        sign = mark[0]
        if sign in "{(":
            if sign == "(" and len(depth) == 1:
                aliases.update(_alias(masked[start : mark.start()]))
            depth.append(sign)
        elif depth.pop() != _PAIRS[sign]:
            raise _unfit(place)
        if not depth:
            if masked[mark.end() :].strip():
                raise _unfit(place)
            defined = frozenset(_DEFINED(masked))
            return _Document(place, query[start : mark.start()], frozenset(aliases), defined)
    raise _unfit(place)


def _masked(text: str) -> str:
    """Return `text` in the same length, without what may hold brackets that do not count."""
    return _SKIPPED(lambda match: " " * len(match[0]), text)


def _alias(before: str) -> list[str]:
    called = _CALLED(before[-1024:])
    if called is None or called[1] or called[2] == "var":
        return []
    return [called[2]]


def _unfit(place: int) -> BadRequest:
    return BadRequest(
        f"query {place} of the upsert list cannot be joined with the others: it is not one plain"
        " `{…}` or `query {…}` without parameters and fragments; send its upsert by itself"
    )


def _refuse_shared(documents: Sequence[_Document]) -> None:
    for kind in ("aliases", "variables"):
        seen: dict[str, int] = {}
        for document in documents:
            for name in sorted(getattr(document, kind)):
                if name in seen:
                    raise BadRequest(
                        f"queries {seen[name]} and {document.place} of the upsert list both define"
                        f" `{name}`: rename one, or send the upserts by themselves"
                    )
                seen[name] = document.place


def _refuse_crossed(documents: Sequence[_Document], queries: Sequence[str], texts: Sequence[Text]) -> None:
    """Refuse an upsert that names a variable of another's, which alone would be an error."""
    owner = {name: document.place for document in documents for name in document.variables}
    for place, text in enumerate(texts, 1):
        own = documents[queries.index(text.query.strip())].place
        for name in _WORD(_enclosed(text.query) + " " + _enclosed(text.rest)):
            if owner.get(name, own) != own:
                raise BadRequest(
                    f"upsert {place} of the list names `{name}`, which query {owner[name]} defines as a"
                    " variable: rename it, or send the upserts by themselves"
                )


def _enclosed(text: str) -> str:
    """Return what stands inside round brackets in `text`."""
    masked = _masked(text)
    pieces: list[str] = []
    depth, start = 0, 0
    for mark in re.finditer(r"[()]", masked):
        if depth:
            pieces.append(masked[start : mark.start()])
        depth = depth + 1 if mark[0] == "(" else max(0, depth - 1)
        start = mark.end()
    return " ".join(pieces)
