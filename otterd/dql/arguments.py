"""Paging and order of a selection: `(first: 5, orderasc: name@en)`."""

from otterd.dql.cursor import Cursor
from otterd.dql.directives import PAGING
from otterd.dql.draft import Draft
from otterd.dql.errors import DqlError
from otterd.dql.lexer import COLON, COMMA, DOLLAR, END, MATH, NAME, RIGHT_ROUND
from otterd.dql.selections import variables
from otterd.dql.tree import Arg, Holds, Order

ORDERS = ("orderasc", "orderdesc")


def paging(cursor: Cursor, owner: Draft) -> None:
    """Read the arguments of `owner`; the cursor is on the opening bracket."""
    seen: set[str] = set()
    for key, arg in _pairs(cursor, owner):
        problem = ""
        if key not in PAGING:
            problem = f"Got invalid keyword: {key}"
        elif key in owner.arguments:
            problem = f'Got repeated key "{key}" at level "{owner.attr}"'
        elif not arg.value:
            problem = "Got empty argument"
        elif key in ORDERS:
            order, problem = sorting(key, arg, seen)
            owner.order += (order,)
        else:
            owner.arguments[key] = arg
        if problem:
            raise cursor.fail(problem, "first, offset, after, orderasc or orderdesc", ahead=1)


def sorting(key: str, arg: Arg, seen: set[str]) -> tuple[Order, str]:
    """Return the order that `arg` names, and why it cannot be had besides those `seen`, or ""."""
    attr, at, tags = arg.value.partition("@")
    languages = tuple(tags.split(":")) if at else ()
    problem = ""
    if arg.value in seen:
        problem = f"Sorting by an attribute: [{arg.value}] can only be done once"
    elif len(languages) > 1:
        problem = f"Sorting by an attribute: [{arg.value}] can only be done on one language"
    seen.add(arg.value)
    return Order(attr, languages, key == "orderdesc", arg.of_var), problem


def _pairs(cursor: Cursor, owner: Draft) -> list[tuple[str, Arg]]:
    """Return keys and values."""
    found: list[tuple[str, Arg]] = []
    want = True
    orders = 0
    while (kind := cursor.step()) != END:
        if kind == RIGHT_ROUND:
            if want:
                raise cursor.fail("Expected argument but got ')'.", "an argument")
            break
        if kind == COMMA:
            if want:
                raise cursor.fail("Expected Argument but got comma.", "an argument")
            want = True
            continue
        if kind != NAME:
            raise cursor.fail(
                f"Expecting argument name. Got: {cursor.shown()}", "first, offset, after or an order"
            )
        if not want:
            raise cursor.fail(f"Expecting a comma. But got: {cursor.values[cursor.at]}", "a comma")
        want = False
        key = cursor.joined(cursor.values[cursor.at])
        orders += key in ORDERS
        if cursor.step() != COLON:
            reason = f"Expecting a colon. Got: {cursor.shown()} in {owner.attr}"
            raise cursor.fail(reason, "a colon")
        found.append((key, _value(cursor, owner, key, orders)))
    return found


def _value(cursor: Cursor, owner: Draft, key: str, orders: int) -> Arg:
    """Return the value behind the colon."""
    kind = cursor.step()
    at = cursor.at
    position = cursor.starts[at]
    if cursor.values[at] == "val":
        return _by_variable(cursor, owner, key, orders)
    sign = ""
    if kind == DOLLAR:
        sign = "$"
        if cursor.step() != NAME:
            raise cursor.fail(f"Expecting argument value. Got: {cursor.shown()}", "a variable")
    elif kind == MATH:
        sign = cursor.values[at]
        if sign not in ("+", "-"):
            raise cursor.fail(f"Only Plus and minus are allowed unary ops. Got: {sign}", "a number")
        cursor.step()
    elif kind != NAME:
        raise cursor.fail(f"Expecting argument value. Got: {cursor.shown()}", "a value")
    return tagged(cursor, cursor.joined(sign + cursor.values[cursor.at]), key, position)


def tagged(cursor: Cursor, value: str, key: str, position: int) -> Arg:
    """Return the `value` just read, with the languages behind it."""
    languages = cursor.languages_behind()
    if languages:
        value += "@" + ":".join(languages)
    if value[:1] != "$" or key in ORDERS:
        return Arg(value, position)
    arg = Arg(value, position, variable=value)
    cursor.scope.uses.append(arg)
    return arg


def _by_variable(cursor: Cursor, owner: Draft, key: str, orders: int) -> Arg:
    """Return the variable in val(...), on whose first word the cursor stands."""
    start = cursor.at
    needs = variables(cursor, Holds.VALUES)
    problem = ""
    if len(needs) != 1:
        problem = f"Only one variable expected. Got {len(needs)}"
    elif key in ORDERS and orders > 1:
        problem = f"Multiple sorting only allowed by predicates. Got: {needs[0].name}"
    if problem:
        raise _back(cursor, start, problem)
    owner.needs += tuple(needs)
    return Arg(needs[0].name, cursor.starts[start], of_var=True)


def _back(cursor: Cursor, start: int, problem: str) -> DqlError:
    cursor.at = start
    return cursor.fail(problem, "one variable")
