"""What stands in the braces of blocks, selections and fragments."""

from otterd.dql import facets
from otterd.dql.arguments import paging
from otterd.dql.cursor import Cursor, deepest
from otterd.dql.directives import cascade, group_by
from otterd.dql.draft import Draft
from otterd.dql.errors import DqlError
from otterd.dql.filters import expression
from otterd.dql.lexer import (
    AT,
    COLON,
    END,
    LEFT_CURL,
    LEFT_ROUND,
    NAME,
    PERIOD,
    RIGHT_CURL,
    RIGHT_ROUND,
)
from otterd.dql.selections import SPECIAL, Level, aggregates
from otterd.dql.tree import Func, Kind, Spread

_ONLY_TYPES = "expand is only compatible with type filters"


def body(cursor: Cursor, owner: Draft) -> None:
    """Read the selections of `owner` up to the closing brace; the cursor is on the opening one."""
    levels = [Level(owner)]
    scope = cursor.scope
    kinds = cursor.kinds
    depth = 1

    while levels:
        level = levels[-1]
        cursor.at += 1
        kind = kinds[cursor.at]
        if kind == NAME:
            _named(cursor, level)
        elif kind == RIGHT_CURL or kind == END:  # noqa: SIM109 # the quickest way
            level.owner.settle()
            levels.pop()
            depth -= 1
            if kind == END:
                cursor.at = cursor.end
        elif kind == LEFT_CURL:
            levels.append(Level(_opened(cursor, level)))
            depth += 1
            if depth > scope.depth:
                scope.depth = deepest(depth)
        elif kind == AT:
            _directive(cursor, level)
        elif kind == LEFT_ROUND:
            _paged(cursor, level.current)
        elif kind == RIGHT_ROUND:
            if level.count != "counted":
                raise cursor.fail("Invalid mention of brackets", "a predicate or }", ahead=1)
            level.count = ""
        elif kind == PERIOD:
            _spread(cursor, level, depth)


def _paged(cursor: Cursor, current: Draft | None) -> None:
    """Read the arguments of `current`; the cursor is on their bracket."""
    if current is None or not current.attr:
        problem = "Query syntax invalid." if current is None else "Predicate name cannot be empty."
        raise cursor.fail(problem, "a predicate", ahead=1)
    paging(cursor, current)


def _spread(cursor: Cursor, level: Level, depth: int) -> None:
    """Read the use of a fragment; the cursor is on the first dot."""
    start = cursor.at
    dots = 1 + (cursor.step() == PERIOD) + (cursor.step() == PERIOD)
    if dots != 3:
        cursor.at = start
        raise cursor.fail(f'Expected 3 periods ("..."), got {dots}.', "...")
    if cursor.step() == NAME:
        name = cursor.values[cursor.at]
        level.owner.children.append(Spread(name, cursor.starts[cursor.at]))
        cursor.scope.spreads.append((name, depth))


def _opened(cursor: Cursor, level: Level) -> Draft:
    """Return the node whose braces open."""
    current = level.current
    if current is None:
        raise cursor.fail("Query syntax invalid.", "a predicate", ahead=1)
    if current.languages:
        shown = " ".join(current.languages)
        reason = f"Cannot have children for attr: {current.attr} with lang tags: [{shown}]"
        raise cursor.fail(reason, "a predicate", ahead=1)
    return current


def _named(cursor: Cursor, level: Level) -> None:
    """Read what starts with the name on which the cursor stands."""
    at = cursor.at
    name = cursor.values[at]
    following = cursor.kinds[at + 1]
    value = cursor.values[at + 1]
    if following == NAME and len(value) == 2 and value.lower() == "as":
        level.var = name
        cursor.at = at + 1
        return
    if value == "-":
        name = cursor.joined(name)
        following = cursor.kinds[cursor.at + 1]
    if following == COLON:
        if level.alias:
            cursor.at = at
            raise cursor.fail("Invalid colon after alias declaration", "a predicate")
        level.alias = name
        cursor.at += 1
        return
    owner = level.owner
    if owner.restricted:
        _check_place(cursor, level, name)
    special = SPECIAL.get(name.lower())
    if special is not None:
        name = special(cursor, level, name, at)
        if not name:
            return
    if level.count == "counted":
        raise cursor.fail("Multiple predicates not allowed in single count.", ")", ahead=1)
    if owner.counted:
        reason = "Cannot have children attributes when asking for count."
        raise cursor.fail(reason, "}", ahead=1)
    child = Draft(Kind.PREDICATE, name, cursor.starts[at])
    if level.count == "count":
        child.kind, child.counted, level.count = Kind.COUNT, True, "counted"
    level.take(cursor.scope, child)
    level.current = child


def _check_place(cursor: Cursor, level: Level, name: str) -> None:
    """Raise unless the braces of `level` may hold what `name` starts."""
    owner = level.owner
    if owner.group_by is not None and name not in aggregates and name != "count" and level.count != "count":
        reason = f"Only aggregator/count functions allowed inside @groupby. Got: {name}"
        raise cursor.fail(reason, "count(uid) or an aggregation", ahead=1)
    if owner.empty:
        _check_empty(cursor, name.lower())


def _check_empty(cursor: Cursor, name: str) -> None:
    """Raise unless a block without a root function may hold what `name` starts."""
    back = cursor.at
    if cursor.take(COLON):
        if not cursor.take(NAME):
            value = cursor.values[cursor.at + 1]
            raise cursor.fail(f"Expected name. Got: {value}", "a function", ahead=1)
        name = cursor.values[cursor.at]
    if not cursor.take(LEFT_ROUND) or (name != "math" and name not in aggregates):
        reason = f"Only aggregation/math functions allowed inside empty blocks. Got: {name}"
        raise cursor.fail(reason, "math or an aggregation", ahead=1)
    cursor.at = back


def _directive(cursor: Cursor, level: Level) -> None:
    """Read a directive or languages; the cursor is on the @."""
    current = level.current
    back = cursor.at - 1
    if cursor.kinds[back] == LEFT_CURL or current is None or (current.internal and not current.expand):
        cursor.at = back
        raise cursor.fail("Invalid use of directive.", "a predicate before it")
    if cursor.step() != NAME:
        raise cursor.fail("Expected directive or language list", "a directive or a language")
    word = cursor.values[cursor.at]
    if current.expand and word != "filter":
        raise cursor.fail(_ONLY_TYPES, "@filter(type(...))")
    if word == "facets":
        facets.read(cursor, current)
    elif word == "cascade":
        current.directed = True
        current.cascade += cascade(cursor)
    elif word == "normalize":
        current.directed = current.normalize = True
    elif cursor.kinds[cursor.at + 1] == LEFT_ROUND:
        _bracketed(cursor, current, word)
    elif current.attr and not current.languages:
        current.languages = cursor.languages()
        if not current.languages:
            raise cursor.fail(f"Expected at least 1 language in list for {current.attr}", "a language")
    else:
        raise cursor.fail(f"Expected directive or language list, got @{word}", "a directive")


def _bracketed(cursor: Cursor, current: Draft, word: str) -> None:
    """Read @filter(...) or @groupby(...)."""
    start = cursor.at
    current.directed = True
    if word == "filter":
        if current.filter is not None:
            reason = "Use AND, OR and round brackets instead of multiple filter directives."
            raise cursor.fail(reason, "one filter")
        current.filter = expression(cursor)
        if current.expand and isinstance(current.filter, Func) and current.filter.name != "type":
            raise _back(cursor, start, _ONLY_TYPES)
    elif word == "groupby":
        if current.group_by is not None:
            raise cursor.fail("Only one group by directive allowed.", "one @groupby")
        current.group_by = group_by(cursor)
        current.restricted = True
    else:
        raise cursor.fail(f"Unknown directive [{word}]", "filter, facets, groupby, cascade or normalize")


def _back(cursor: Cursor, start: int, reason: str) -> DqlError:
    cursor.at = start
    return cursor.fail(reason, "a filter by type")
