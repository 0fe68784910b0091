"""Blocks: the roots of a query, with their arguments and directives."""

from otterd.dql import directives
from otterd.dql.arguments import ORDERS, sorting, tagged
from otterd.dql.body import body
from otterd.dql.cursor import Cursor
from otterd.dql.draft import Draft
from otterd.dql.functions import AT_ROOT, function
from otterd.dql.golang import quoted
from otterd.dql.lexer import (
    AT,
    COLON,
    COMMA,
    DOLLAR,
    END,
    LEFT_CURL,
    LEFT_ROUND,
    MATH,
    NAME,
    RIGHT_CURL,
    RIGHT_ROUND,
)
from otterd.dql.literals import TooLarge, Unreadable, unsigned
from otterd.dql.selections import variables
from otterd.dql.tree import Arg, Func, Holds, Kind

_KEYS = frozenset(
    (
        "func", "orderasc", "orderdesc", "first", "offset", "after", "from", "to", "numpaths", "minweight",
        "maxweight", "maxfrontiersize", "depth",
    )
)  # fmt: skip


class _Orders:
    """By what a block is sorted."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._attrs: set[str] = set()
        self._needed: set[str] = set()
        self._known = 0
        self._clash = ""

    def add(self, cursor: Cursor, found: Draft, key: str, arg: Arg) -> None:
        """Sort by `arg` too; raise if that, or what came before, cannot be."""
        if len(found.needs) != self._known:
            self._known = len(found.needs)
            self._needed = {need.name for need in found.needs}
            self._clash = next(iter(self._needed & self._attrs), "")
        if self._clash:
            reason = f"Val() is not allowed in multiple sorting. Got: [{self._clash}]"
            raise cursor.fail(reason, "a predicate", ahead=1)
        order, problem = sorting(key, arg, self._seen)
        if problem:
            raise cursor.fail(problem, "another predicate", ahead=1)
        found.order += (order,)
        self._attrs.add(order.attr)
        if order.attr in self._needed:
            self._clash = order.attr


def block(cursor: Cursor) -> Draft:
    """Return the block that starts at the next token."""
    found = _named(cursor)
    while True:
        kind = cursor.step()
        if kind == LEFT_CURL:
            cursor.scope.depth = 1
            body(cursor, found)
        elif kind == AT:
            if cursor.step() == NAME:
                directives.at_root(cursor, found)
                continue
        elif kind == NAME:
            cursor.at -= 1
        elif kind == END:
            raise cursor.fail("Expecting more lexer items while parsing query", "{", ahead=1)
        elif kind != RIGHT_CURL:
            reason = f"Malformed Query. Missing {{. Got {cursor.values[cursor.at]}"
            raise cursor.fail(reason, "{ or a directive")
        return found


def _named(cursor: Cursor) -> Draft:
    """Return a block with its name and arguments."""
    kind = cursor.step()
    if kind != NAME:
        raise cursor.fail(f"Expected some name. Got: {cursor.shown()}", "the name of a block")
    found = Draft(Kind.PREDICATE, "", cursor.starts[cursor.at])
    if cursor.kinds[cursor.at + 1] == NAME and cursor.values[cursor.at + 1].lower() == "as":
        found.var = cursor.values[cursor.at]
        if found.var:
            cursor.scope.defines.append(found.var)
        cursor.at += 1
        cursor.step()
    found.alias = cursor.values[cursor.at]
    if cursor.step() != LEFT_ROUND:
        raise cursor.fail(f"Expected Left round brackets. Got: {cursor.shown()}", "(")
    want = True
    orders = _Orders()
    while (kind := cursor.step()) != END:
        if kind == RIGHT_ROUND:
            nothing = found.func is None and found.source is None and found.target is None
            if nothing and not found.needs and not found.arguments:
                found.empty = found.restricted = True
            break
        if kind == COMMA:
            if want:
                raise cursor.fail("Expected Argument but got comma.", "an argument")
            want = True
        elif kind != NAME:
            raise cursor.fail(f"Expecting argument name. Got: {cursor.shown()}", "an argument")
        elif not want:
            raise cursor.fail(f"Not expecting argument. Got: {cursor.shown()}", "a comma or )")
        else:
            want = False
            _argument(cursor, found, orders)
    return found


def _argument(cursor: Cursor, found: Draft, orders: _Orders) -> None:
    """Read one argument of a block; the cursor is on its key."""
    key = cursor.values[cursor.at]
    if key not in _KEYS:
        raise cursor.fail(f"Got invalid keyword: {key} at root", "func, first, offset, after or an order")
    if cursor.step() != COLON:
        raise cursor.fail(f"Expecting a colon. Got: {cursor.shown()}", "a colon")
    if key == "func":
        _root(cursor, found)
    elif key in ("from", "to"):
        if found.alias != "shortest":
            raise cursor.fail("from/to only allowed for shortest path queries", "a block named shortest")
        end = _end(cursor, found)
        if key == "from":
            found.source = end
        else:
            found.target = end
    else:
        _other(cursor, found, key, orders)


def _root(cursor: Cursor, found: Draft) -> None:
    """Read the root function."""
    colon = cursor.at
    if found.func is not None:
        raise cursor.fail("Only one function allowed at root", "one function")
    call = function(cursor, found)
    if call.name not in AT_ROOT:
        cursor.at = colon
        raise cursor.fail(f"Function name: {call.name} is not valid.", "a function")
    cursor.uses(call)
    cursor.scope.root = call
    found.func = call
    found.needs += call.needs


def _end(cursor: Cursor, found: Draft) -> Func:
    """Return one end of a shortest path."""
    if cursor.values[cursor.at + 1] == "uid":
        call = function(cursor, found)
        if call.needs:
            cursor.scope.needs.append(call.needs[0].name)
        return call
    cursor.step()
    at = cursor.at
    value = cursor.joined(cursor.values[at])
    try:
        return Func("uid", cursor.starts[at], uids=(unsigned(value),))
    except TooLarge:
        problem = f"The uid value {quoted(value)} is too large."
    except Unreadable:
        problem = f"from/to in shortest path can only accept uid function or an uid. Got: {value}"
    cursor.at = at
    raise cursor.fail(problem, "a uid or uid(...)")


def _other(cursor: Cursor, found: Draft, key: str, orders: _Orders) -> None:
    """Read paging, order, or an argument of shortest paths; the cursor is on the colon."""
    kind = cursor.step()
    position = cursor.starts[cursor.at]
    if kind == DOLLAR:
        if cursor.step() != NAME:
            raise cursor.fail(f"Expecting a variable name. Got: {cursor.shown()}", "the name of a variable")
        name = "$" + cursor.values[cursor.at]
        arg = Arg(name, position, variable=name)
        cursor.scope.uses.append(arg)
        return _keep(cursor, found, key, arg)
    sign = ""
    if kind == MATH:
        sign = cursor.values[cursor.at]
        if sign not in ("+", "-"):
            raise cursor.fail(f"Only Plus and minus are allowed unary ops. Got: {sign}", "a number")
        cursor.step()
    if not sign and cursor.values[cursor.at] == "val":
        arg = _by_variable(cursor, found, key)
    else:
        value = cursor.joined(sign + cursor.values[cursor.at])
        if key in ORDERS and cursor.kinds[cursor.at + 1] == LEFT_ROUND and value != "val":
            raise cursor.fail(f"Expected val(). Got {value}() with order.", "val(...)", ahead=1)
        arg = tagged(cursor, value, key, position)
        if not arg.value:
            arg = _last_variable(cursor, found, key)
    if key not in ORDERS:
        return _keep(cursor, found, key, arg)
    return orders.add(cursor, found, key, arg)


def _keep(cursor: Cursor, found: Draft, key: str, arg: Arg) -> None:
    """Take `arg` for the value of `key`."""
    if key in found.arguments:
        raise cursor.fail(f'Repeated key "{key}" at root', "each key once", ahead=1)
    found.arguments[key] = arg


def _by_variable(cursor: Cursor, found: Draft, key: str) -> Arg:
    """Return the variable in val(...), on whose first word the cursor stands."""
    start = cursor.at
    needs = variables(cursor, Holds.VALUES)
    if len(needs) != 1:
        cursor.at = start
        raise cursor.fail(f"Expected only one variable but got: {len(needs)}", "one variable")
    found.needs += tuple(needs)
    return _last_variable(cursor, found, key)


def _last_variable(cursor: Cursor, found: Draft, key: str) -> Arg:
    """Return the variable that the block needs last, which an empty value means too."""
    problem = ""
    if not found.needs:
        problem = "unable to get value when parsing key value pairs"
    elif found.order and key in ORDERS:
        problem = f"Multiple sorting only allowed by predicates. Got: {found.needs[-1].name}"
    if problem:
        raise cursor.fail(problem, "a predicate", ahead=1)
    return Arg(found.needs[-1].name, cursor.starts[cursor.at], of_var=True)
