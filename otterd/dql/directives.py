"""What follows a block or a selection with an @, but for filters."""

from otterd.dql.cursor import Cursor, variable_name
from otterd.dql.draft import Draft
from otterd.dql.errors import DqlError
from otterd.dql.filters import expression
from otterd.dql.lexer import (
    AT,
    COLON,
    COMMA,
    DOLLAR,
    END,
    LEFT_CURL,
    LEFT_ROUND,
    NAME,
    RIGHT_CURL,
    RIGHT_ROUND,
)
from otterd.dql.literals import Unreadable, boolean, unsigned
from otterd.dql.tree import GroupKey, Recurse

PAGING = frozenset(("orderasc", "orderdesc", "first", "offset", "after"))
EVERY = "__all__"


def cascade(cursor: Cursor) -> tuple[str, ...]:
    """Return the predicates of a @cascade, on which the cursor stands."""
    if cursor.kinds[cursor.at + 1] in (LEFT_CURL, RIGHT_CURL, AT, NAME):
        return (EVERY,)
    if cursor.step() != LEFT_ROUND:
        raise cursor.fail(f"Expected a left round after cascade, got: {cursor.shown()}", "(")
    start = cursor.at
    found: list[str] = []
    want = True
    while (kind := cursor.step()) != RIGHT_ROUND:
        if kind == COMMA:
            if want:
                raise cursor.fail("Expected a predicate but got comma", "a predicate")
            want = True
        elif kind == NAME:
            if not want:
                value = cursor.values[cursor.at]
                raise cursor.fail(f"Expected a comma or right round but got: {value}", "a comma or )")
            found.append(cursor.joined(cursor.values[cursor.at]))
            want = False
        elif kind == END:
            break
        else:
            raise cursor.fail(f"Unexpected item while parsing: {cursor.values[cursor.at]}", "a predicate")
    if want:
        raise _back(cursor, start, "Unnecessary comma in cascade()")
    return tuple(found)


def _back(cursor: Cursor, start: int, reason: str) -> DqlError:
    """Return an error at the token `start`."""
    cursor.at = start
    return cursor.fail(reason, "a predicate")


def group_by(cursor: Cursor) -> tuple[GroupKey, ...]:
    """Return the attributes of a @groupby, on which the cursor stands."""
    if cursor.step() != LEFT_ROUND:
        raise cursor.fail("Expected a left round after groupby", "(")
    start = cursor.at
    found: list[GroupKey] = []
    want, alias = True, ""
    while (kind := cursor.step()) not in (RIGHT_ROUND, END):
        if kind == COMMA:
            if want:
                raise cursor.fail("Expected a predicate but got comma", "a predicate")
            want = True
        elif kind == NAME:
            at = cursor.at
            if not want:
                reason = f"Expected a comma or right round but got: {cursor.values[at]}"
                raise cursor.fail(reason, "a comma or )")
            name = cursor.joined(cursor.values[at])
            if cursor.kinds[cursor.at + 1] == COLON:
                problem = f"Expected predicate after {alias}:" if alias else ""
                if not problem and name in PAGING:
                    problem = f"Can't use keyword {name} as alias in groupby"
                if problem:
                    raise _back(cursor, at, problem)
                alias = name
                cursor.at += 1
                continue
            found.append(GroupKey(name, alias, cursor.languages_behind()))
            want, alias = False, ""
    if want:
        raise _back(cursor, start, "Unnecessary comma in groupby()")
    return tuple(found)


def recurse(cursor: Cursor) -> Recurse:
    """Return the arguments of a @recurse, on which the cursor stands."""
    depth, loop, names = 0, False, {"depth": "", "loop": ""}
    if not cursor.take(LEFT_ROUND):
        return Recurse()
    while cursor.step() != END:
        if cursor.kinds[cursor.at] != NAME:
            raise cursor.fail("Expected key inside @recurse()", "depth or loop")
        key = cursor.values[cursor.at].lower()
        if not cursor.take(COLON):
            raise cursor.fail(f"Expected colon(:) after {key}", "a colon", ahead=1)
        kind = cursor.step()
        value = cursor.values[cursor.at]
        if key not in names:
            raise cursor.fail(f"Unexpected key: [{key}] inside @recurse block", "depth or loop")
        if kind == DOLLAR:
            names[key] = variable_name(cursor)
        elif key == "loop":
            loop = _loop(value)
        else:
            if kind != NAME:
                raise cursor.fail(f"Expected value inside @recurse() for key: {key}", "a number")
            depth = _depth(value)
        if cursor.take(RIGHT_ROUND):
            break
        if not cursor.take(COMMA):
            raise cursor.fail(
                f"Expected comma after value: {value} inside recurse block", "a comma or )", ahead=1
            )
    found = Recurse(depth, loop, names["depth"], names["loop"])
    if names["depth"] or names["loop"]:
        cursor.scope.uses.append(found)
    return found


def _loop(value: str) -> bool:
    try:
        return boolean(value)
    except Unreadable:
        raise DqlError("Value inside loop should be type of boolean", expected="true or false") from None


def _depth(value: str) -> int:
    try:
        return unsigned(value)
    except Unreadable:
        raise DqlError("Value inside depth should be type of integer", expected="a number") from None


def at_root(cursor: Cursor, block: Draft) -> None:
    """Read one directive of a `block`; the cursor is on its name."""
    word = cursor.values[cursor.at].lower()
    block.directed = True
    if word == "filter":
        if block.filtered:
            raise cursor.fail("Repeated filter at root", "one filter")
        block.filtered = True
        block.filter = expression(cursor)
    elif word == "normalize":
        block.normalize = True
    elif word == "cascade":
        block.cascade += cascade(cursor)
    elif word == "groupby":
        block.group_by = (block.group_by or ()) + group_by(cursor)
        block.restricted = True
    elif word == "ignorereflex":
        block.ignore_reflex = True
    elif word == "recurse":
        block.recurse = recurse(cursor)
    else:
        raise cursor.fail(f"Unknown directive [{cursor.values[cursor.at]}]", "a directive")
