"""Where the parser's words or verdict differ from an alpha's: cases with their reasons, and texts for each.

A case holds for the whole of a message and for the text that it is about, so that it hides nothing else.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from otterd.dql.cursor import Cursor
from otterd.dql.declarations import check, declare
from otterd.dql.document import parse_query
from otterd.dql.errors import SPACE, DqlError
from otterd.dql.lexer import LEFT_ROUND, MOST_TOKENS, lex
from otterd.dql.tree import Variable

Given = dict[str, str]
"""Variables sent with a text."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What the parser alone refuses: its whole message, and what the text must have."""

    reason: str
    words: str
    has: Callable[[str], bool]
    example: str


START = "{ q(func: uid(1)) "
LIMITS = {
    "too many words": Limit(
        "memory must not grow with the text; 64 KiB hold no more",
        rf"more than {MOST_TOKENS} words in one query",
        lambda text: len(text) > MOST_TOKENS,
        START + "{ " + "a " * MOST_TOKENS + "} }",
    ),
    "too deep": Limit(
        "whoever walks the tree may recurse; an alpha has no limit",
        r"(?:selections|filters|functions|math) nested deeper than 100 levels",
        lambda text: len(re.findall(r"[{(]|\bnot\b|-", text)) > 100,
        START + "{ a " * 101 + "}" * 102,
    ),
    "too many selections": Limit(
        "fragments that hold fragments grow beyond any memory, an alpha's too",
        r"more than 100000 selections in one query",
        lambda text: text.count("...") > 1 and "fragment" in text,
        START + "{ ...f0 } }" + "".join(f" fragment f{n} {{ ...f{n + 1} ...f{n + 1} }}" for n in range(17))
        + " fragment f17 { a }",
    ),
    "count in val or len": Limit(
        "the alpha panics on it, so it cannot be asked",
        r"(?:val|len)\(\) without a variable ends an alpha's process",
        lambda text: bool(re.search(r"(?:val|len)[^a-z]+count\b", text, re.IGNORECASE)),
        "{ q(func: eq(val(count(a)), 1)) { uid } }",
    ),
}  # fmt: skip


def limit(text: str, words: str) -> str:
    """Return the case of which it is that the parser alone refuses `text` in these `words`, or ""."""
    for name, case in LIMITS.items():
        if re.fullmatch(case.words, words) and case.has(text):
            return name
    return ""


@dataclass(frozen=True, slots=True)
class Other:
    """Why an alpha may refuse a text in other words; `theirs` is what one said of `example`."""

    reason: str
    holds: Callable[[str, Given, str, str], bool]
    example: str
    theirs: str
    given: Given


_PLACED = re.compile(r"line (\d+) column (\d+): (.+)", re.DOTALL)
_REFUSED_MUTATION = re.compile(
    r"Mutation block no longer allowed\.|Upsert block not allowed in a query"
    r'|Expected some name\. Got: lex\.Item \[18\] "(?:set|delete|del)" at \d+:\d+'
    r'|Expected some name\. Got: lex\.Item \[21\] "(?:query|mutation|fragment)" at \d+:\d+'
)
_REFUSED_UPSERT = re.compile(r'Expected some name\. Got: lex\.Item \[(?:6\] "\{|7\] "\})" at \d+:\d+')
_UPSERT_BEFORE = re.compile(r"upsert(?:\s|#[^\r\n]*+)*\{(?:\s|#[^\r\n]*+)*\Z").search
_UNLEXED_MUTATION = re.compile(
    r"Unclosed (?:upsert block|mutation action|mutation text|mutation value)|Invalid operation type: .+"
    r"|Unrecognized character (?:in upsert block|inside mutation): U\+[0-9A-F]{4,6}(?: '.')?"
    r"|Invalid character '\{' inside mutation text|Expected \[@\], found; \[.+\]|Expected @if, found \[.*\]"
    r"|Matching brackets not found|Unopened [{}()] found|Too many right curl|Unclosed action"
    r"|Unrecognized character in lexText: U\+[0-9A-F]{4,6}(?: '.')?"
    r"|Unexpected end of input\.|Not a valid escape char: '.'",
    re.DOTALL,
)
_UNLEXED_QUERY = re.compile(
    r"Invalid DQL|Unclosed Brackets|Unclosed regexp|Consecutive commas not allowed\.|Empty Argument"
    r"|Unexpected character while lexing DQL: U\+[0-9A-F]{4,6}(?: '.')?|Unexpected end of IRI"
    r"|Unexpected character '.+' while parsing IRI"
    r"|Unrecognized character in lexDirective: U\+[0-9A-F]{4,6}(?: '.')?"
)
"""What a lexer says besides of a query behind a mutation."""
_OPENING = re.compile(r"mutation|upsert|\{(?:[\s,;]|#[^\r\n]*)*(?:set|delete|del)\b")


def _place(found: re.Match[str]) -> tuple[int, int]:
    return int(found[1]), int(found[2])


def _until(text: str, line: int, column: int) -> str:
    """Return what stands before a place, the column being in bytes."""
    lines = re.split(r"(?<=[\n\r])", text.strip(SPACE))
    return "".join(lines[: line - 1]) + lines[line - 1].encode(errors="replace")[:column].decode(
        errors="ignore"
    )


def _stopped_at(text: str, theirs: str) -> re.Match[str] | None:
    """Return place and reason of a lexer's error in a mutation, or behind one, that `text` opens before."""
    start = f"while lexing {text.strip(SPACE)} at "
    found = _PLACED.fullmatch(theirs.removeprefix(start)) if theirs.startswith(start) else None
    if found is None:
        return None
    until = _until(text, *_place(found))
    opened = [until[opening.start() :] for opening in _OPENING.finditer(until)]
    if _UNLEXED_MUTATION.fullmatch(found[3]):
        return found if opened else None
    return found if _UNLEXED_QUERY.fullmatch(found[3]) and any(map(_closed, opened)) else None


def _closed(text: str) -> bool:
    """Return whether the brace that is opened first in `text` is closed in it, too."""
    depth = 0
    for brace in re.findall(r'"(?:[^"\\]|\\.)*"|[{}]', text):
        depth += {"{": 1, "}": -1}.get(brace, 0)
        if brace == "}" and depth <= 0:
            return True
    return False


def _mutation_refused(text: str, given: Given, mine: str, theirs: str) -> bool:
    found, other = _PLACED.fullmatch(mine), _stopped_at(text, theirs)
    if found is None or other is None or _place(found) > _place(other):
        return False
    if _REFUSED_UPSERT.fullmatch(found[3]):
        return _UPSERT_BEFORE(_until(text, *_place(found))) is not None
    return _REFUSED_MUTATION.fullmatch(found[3]) is not None


def _said(text: str, given: Given) -> str:
    try:
        parse_query(text, given)
    except DqlError as error:
        return error.message
    return ""


def _refused_before(text: str, given: Given, mine: str, theirs: str) -> bool:
    found, other = _PLACED.fullmatch(mine), _stopped_at(text, theirs)
    if other is None or (found and _REFUSED_MUTATION.fullmatch(found[3])):
        return False
    if found is None:
        # What is wrong in math() has no place: it must be wrong without the mutation, too.
        until = _until(text, *_place(other))
        return any(_said(until[: opening.start()], given) == mine for opening in _OPENING.finditer(until))
    return _place(found) < _place(other) and not _OPENING.search(_until(text, *_place(found)))


def _wrong_variables(text: str, given: Given, mine: str, theirs: str) -> bool:
    known = {name: Variable(name, "", value) for name, value in given.items()}
    try:
        cursor = Cursor(lex(text.strip(SPACE)))
        if LEFT_ROUND in cursor.kinds:
            cursor.at = cursor.kinds.index(LEFT_ROUND)
            declare(cursor, known)
    except DqlError:
        return False
    told = set()
    for name, variable in known.items():
        try:
            check({name: variable})
        except DqlError as error:
            told.add(error.message)
    return mine != theirs and {mine, theirs} <= told


BEFORE = "{ q(func: uid(1))  name friend }mutation}"
OTHERS = {
    "a mutation is refused": Other(
        "the rest of a mutation is not lexed, since it is refused whatever it holds",
        _mutation_refused,
        '{ set { <0x1> <name> "a" . }} }',
        'while lexing { set { <0x1> <name> "a" . }} } at line 1 column 30: Too many right curl',
        {},
    ),
    "refused before a mutation": Other(
        "an alpha lexes all before it parses; of a mutation nothing is lexed, so what is before it counts",
        _refused_before,
        BEFORE,
        f"while lexing {BEFORE} at line 1 column 41: Unclosed mutation action",
        {},
    ),
    "several wrong variables": Other(
        "an alpha names one by chance",
        _wrong_variables,
        "query q($a: string!) { q(func: eq(name, $a)) { uid } }",
        "Variable $a should be initialised",
        {"$b": "x"},
    ),
}


def other_words(text: str, given: Given, mine: str, theirs: str) -> str:
    """Return the case of which it is that an alpha says `theirs` of `text`, but the parser `mine`, or ""."""
    return next((name for name, case in OTHERS.items() if case.holds(text, given, mine, theirs)), "")
