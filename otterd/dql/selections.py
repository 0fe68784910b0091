"""Selections that are no plain predicate: count, val, math, expand, checkpwd and aggregations."""

from collections.abc import Callable

from otterd.dql.arithmetic import math
from otterd.dql.cursor import Cursor
from otterd.dql.draft import Draft
from otterd.dql.functions import function
from otterd.dql.lexer import COMMA, END, LEFT_ROUND, NAME, RIGHT_ROUND
from otterd.dql.scope import Scope
from otterd.dql.tree import Arg, Func, Holds, Kind, Need

aggregates = frozenset(("min", "max", "sum", "avg"))


class Level:
    """One pair of braces: whose they are, what is read last, and what was said of the next.

    `count` is "count" right after that word and "counted" once its predicate has come.
    """

    __slots__ = ("alias", "count", "current", "owner", "var")

    def __init__(self, owner: Draft) -> None:
        self.owner = owner
        self.current: Draft | None = owner
        self.alias = ""
        self.var = ""
        self.count = ""

    def take(self, scope: Scope, child: Draft) -> None:
        """Append `child` with the name and the variable said before it."""
        if self.alias:
            child.alias, self.alias = self.alias, ""
        if self.var:
            scope.defines.append(self.var)
            child.var, self.var = self.var, ""
        scope.size += 1
        self.owner.children.append(child)

    def close(self, scope: Scope, child: Draft) -> None:
        """Append `child`, which nothing may follow."""
        child.internal = True
        self.take(scope, child)
        self.current = None


def variables(cursor: Cursor, holds: Holds) -> list[Need]:
    """Return the variables in the brackets that are next."""
    if cursor.step() != LEFT_ROUND:
        raise cursor.fail("Expected a left round after var", "(")
    start = cursor.at
    found: list[Need] = []
    want = True
    while (kind := cursor.step()) not in (RIGHT_ROUND, END):
        if kind == COMMA:
            if want:
                raise cursor.fail("Expected a variable but got comma", "a variable")
            want = True
        elif kind == NAME:
            if not want:
                raise cursor.fail(f"Expected a variable but got {cursor.values[cursor.at]}", "a comma")
            found.append(Need(cursor.values[cursor.at], holds))
            want = False
    if want:
        cursor.at = start
        raise cursor.fail("Unnecessary comma in val()", "a variable")
    cursor.scope.needs += (need.name for need in found)
    return found


def _checkpwd(cursor: Cursor, level: Level, name: str, at: int) -> str:
    cursor.at -= 1
    call = function(cursor, level.owner)
    args = (*call.args, Arg(call.attr, cursor.starts[at]))
    child = Draft(Kind.CHECKPWD, call.attr, cursor.starts[at])
    child.func = Func(call.name, call.position, call.attr, call.language, args)
    if cursor.varied:
        cursor.scope.uses.append(child.func)
        cursor.varied = False
    level.take(cursor.scope, child)
    level.current = None
    return ""


def _aggregate(cursor: Cursor, level: Level, name: str, at: int) -> str:
    if not cursor.take(LEFT_ROUND):
        level.alias = level.var = ""  # an alpha forgets them here
        return name
    child = Draft(Kind.AGGREGATE, "val", cursor.starts[at])
    cursor.step()
    grouped = level.owner.group_by is not None
    if grouped:
        child.attr = cursor.joined(cursor.values[cursor.at])
        child.languages = cursor.languages_behind()
    else:
        if cursor.values[cursor.at] != "val":
            value = cursor.values[cursor.at]
            raise cursor.fail(
                f"Only variables allowed in aggregate functions. Got: {value}", "val(...)", ahead=1
            )
        needs = variables(cursor, Holds.VALUES)
        if len(needs) != 1:
            reason = f"Expected one variable inside val() of aggregator but got {len(needs)}"
            raise cursor.fail(reason, "one variable", ahead=1)
        child.needs = tuple(needs)
    child.func = Func(name.lower(), cursor.starts[at], needs=child.needs)
    cursor.step()
    level.close(cursor.scope, child)
    child.internal = not grouped
    return ""


def _math(cursor: Cursor, level: Level, name: str, at: int) -> str:
    if not level.var and not level.alias:
        reason = "Function math should be used with a variable or have an alias"
        raise cursor.fail(reason, "a variable or an alias", ahead=1)
    child = Draft(Kind.MATH, name, cursor.starts[at])
    child.math = math(cursor)
    level.close(cursor.scope, child)
    return ""


def _expand(cursor: Cursor, level: Level, name: str, at: int) -> str:
    if level.var:
        raise cursor.fail(f"expand() cannot be used with a variable: {name}", "no variable", ahead=1)
    if level.alias:
        raise cursor.fail("expand() cannot have an alias", "no alias", ahead=1)
    if cursor.step() != LEFT_ROUND:
        raise cursor.fail("Invalid use of expand()", "(", ahead=1)
    cursor.step()
    start = cursor.at
    word = cursor.values[start]
    child = Draft(Kind.EXPAND, name, cursor.starts[at])
    child.internal = True
    if word == "val":
        needs = variables(cursor, Holds.LIST)
        if len(needs) != 1:
            cursor.at = start
            reason = "Invalid use of expand(). Exactly one variable expected."
            raise cursor.fail(reason, "one variable")
        child.needs, child.expand = tuple(needs), needs[0].name
    elif word in ("_forward_", "_reverse_"):
        raise cursor.fail(f"Argument {word} has been deprecated", "_all_")
    else:
        child.expand = word if word == "_all_" else _types(cursor)
    cursor.step()
    level.take(cursor.scope, child)
    level.current = child
    return ""


def _types(cursor: Cursor) -> str:
    """Return the types of an expand(), joined by commas; the cursor is on the first."""
    found = [cursor.values[cursor.at]]
    want = False
    while (kind := cursor.step()) != RIGHT_ROUND:
        value = cursor.values[cursor.at]
        if kind == COMMA:
            if want:
                raise cursor.fail("Expected a variable but got comma", "a type")
            want = True
        elif kind == NAME:
            if not want:
                raise cursor.fail(f"Expected a variable but got {value}", "a comma")
            found.append(value)
            want = False
        else:
            raise cursor.fail(f"Unexpected token {value} when reading a type list", "a type")
    cursor.at -= 1
    if want:
        raise cursor.fail("Unnecessary comma in val()", "a type")
    return ",".join(found)


def _count(cursor: Cursor, level: Level, name: str, at: int) -> str:
    if level.count:
        raise cursor.fail("Invalid mention of function count", "a predicate", ahead=1)
    if not cursor.take(LEFT_ROUND):
        return name
    level.count = "count"
    kinds, here = cursor.kinds, cursor.at
    if kinds[here + 1] == RIGHT_ROUND:
        raise cursor.fail("Cannot use count(), please use count(uid)", "count(uid)", ahead=1)
    if cursor.values[here + 1] == "uid" and kinds[here + 2] == RIGHT_ROUND:
        cursor.at += 2
        if level.owner.group_by is not None:
            return "uid"
        child = Draft(Kind.COUNT_UID, "uid", cursor.starts[at])
        child.internal = child.counted = True
        level.count = ""
        level.take(cursor.scope, child)
    return ""


def _val(cursor: Cursor, level: Level, name: str, at: int) -> str:
    if level.var:
        raise cursor.fail("Cannot assign a variable to val()", "no variable", ahead=1)
    if level.count == "count":
        raise cursor.fail("Count of a variable is not allowed", "a predicate", ahead=1)
    if cursor.kinds[cursor.at + 1] != LEFT_ROUND:
        return name
    child = Draft(Kind.VALUE, name, cursor.starts[at])
    needs = variables(cursor, Holds.VALUES)
    if len(needs) != 1:
        reason = "Invalid use of val(). Exactly one variable expected."
        raise cursor.fail(reason, "one variable", ahead=1)
    child.needs = tuple(needs)
    level.close(cursor.scope, child)
    return ""


def _uid(cursor: Cursor, level: Level, name: str, at: int) -> str:
    problem = ""
    if level.count == "count":
        problem = "Count of a variable is not allowed"
    elif cursor.kinds[cursor.at + 1] == LEFT_ROUND:
        problem = "Cannot do uid() of a variable"
    if problem:
        raise cursor.fail(problem, "uid", ahead=1)
    return name


# Each reads on from its word, at token `at`, and returns "" once it has made the selection, or the
# predicate that the word stands for after all.
SPECIAL: dict[str, Callable[[Cursor, Level, str, int], str]] = {
    "checkpwd": _checkpwd,
    **dict.fromkeys(aggregates, _aggregate),
    "math": _math,
    "expand": _expand,
    "count": _count,
    "val": _val,
    "uid": _uid,
}
