"""The variables that a query declares: `query name($a: int = 5, $b: string!)`."""

from collections.abc import Callable, Mapping

from otterd.dql.cursor import Cursor, plain
from otterd.dql.errors import DqlError
from otterd.dql.golang import quoted
from otterd.dql.lexer import COLON, COMMA, DOLLAR, END, EQUAL, MATH, NAME, RIGHT_ROUND
from otterd.dql.literals import Unreadable, boolean, real, signed, vector
from otterd.dql.tree import Variable

_READ: dict[str, Callable[[str], int | float | bool | str | tuple[float, ...]]] = {
    "int": signed,
    "float": real,
    "bool": boolean,
    "float32vector": vector,
    "string": str,
}
_ARTICLES = {"int": "an int", "float": "a float", "bool": "a bool", "float32vector": "a vector32float"}


def declare(cursor: Cursor, known: dict[str, Variable]) -> None:
    """Read declarations into `known`; the cursor is on the opening bracket."""
    if cursor.kinds[cursor.at + 1] == RIGHT_ROUND:
        return
    want = True
    while (kind := cursor.step()) not in (RIGHT_ROUND, END):
        if kind == COMMA:
            if want:
                raise cursor.fail("Invalid comma in var block", "a variable")
            want = True
            continue
        if kind != DOLLAR:
            reason = f"Unexpected item in place of variable. Got: {cursor.shown()} false"
            raise cursor.fail(reason, "a $")
        if not want:
            raise cursor.fail("Missing comma in var declaration", "a comma")
        want = False
        if _one(cursor, known):
            return
    if want:
        raise cursor.fail("Invalid comma in var block", "a variable")


def _one(cursor: Cursor, known: dict[str, Variable]) -> bool:
    """Read one declaration, on whose $ the cursor stands; return whether the bracket closed behind it."""
    if cursor.step() != NAME:
        raise cursor.fail(f"Expecting a variable name. Got: {cursor.shown()}", "a name")
    name = "$" + cursor.values[cursor.at]
    if cursor.step() != COLON:
        raise cursor.fail(f"Expecting a colon. Got: {cursor.shown()}", "a colon")
    if cursor.step() != NAME:
        raise cursor.fail(f"Expecting a variable type. Got: {cursor.shown()}", "a type")
    kind = cursor.values[cursor.at]
    if not kind:
        raise cursor.fail("Type of a variable can't be empty", "a type")
    following = cursor.step()
    if following == MATH and cursor.values[cursor.at] == "!":
        kind += "!"
        following = cursor.step()
    value = known[name].value if name in known else ""
    if following == EQUAL:
        if cursor.step() != NAME:
            cursor.at -= 1
            raise cursor.fail(f"Expecting default value of a variable. Got: {cursor.shown()}", "a value")
        if kind[-1] == "!":
            cursor.at -= 1
            raise cursor.fail(f"Type ending with ! can't have default value: Got: {kind}", "no value")
        value = value or plain(cursor.values[cursor.at])
    elif following != RIGHT_ROUND:
        cursor.at -= 1
    known[name] = Variable(name, kind, value)
    return following == RIGHT_ROUND


def check(known: Mapping[str, Variable]) -> None:
    """Raise unless every variable has a type, and a value of that type where it must or does have one."""
    for variable in known.values():
        kind = variable.type
        if not kind:
            raise DqlError(f"Type of variable {variable.name} not specified", expected="a declaration")
        if kind[-1] == "!":
            if not variable.value:
                raise DqlError(f"Variable {variable.name} should be initialised", expected="a value")
            kind = kind[:-1]
        if not variable.value:
            continue
        if kind not in _READ:
            raise DqlError(f"Type {quoted(kind)} not supported", expected="int, float, bool or string")
        try:
            _READ[kind](variable.value)
        except Unreadable as error:
            reason = f"Expected {_ARTICLES[kind]} but got {variable.value}: {error}"
            raise DqlError(reason, expected=_ARTICLES[kind]) from None


def constant(variable: Variable) -> int | float | bool | str | tuple[float, ...]:
    """Return the value of `variable` by its type, for math(); raise DqlError."""
    if not variable.value:
        raise DqlError("No value found", expected=f"a value of {variable.name}")
    if variable.type not in _READ:
        raise DqlError(f"Type {quoted(variable.type)} not supported", expected="int, float, bool or string")
    try:
        return _READ[variable.type](variable.value)
    except Unreadable as error:
        article = _ARTICLES[variable.type].replace("vector32float", "float32vector")
        raise DqlError(f"Expected {article} but got {variable.value}: {error}", expected=article) from None
