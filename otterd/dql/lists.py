"""Lists in square brackets inside functions."""

from otterd.dql.cursor import Cursor, plain
from otterd.dql.lexer import COMMA, DOLLAR, END, LEFT_SQUARE, MATH, NAME, RIGHT_ROUND, RIGHT_SQUARE
from otterd.dql.tree import Arg

_DEEPEST_GEO = 4


def values(cursor: Cursor) -> list[Arg]:
    """Return the values of a plain list; the cursor is on its opening bracket."""
    found: list[Arg] = []
    want, dollar = True, False
    while (kind := cursor.step()) != RIGHT_SQUARE:
        value = cursor.values[cursor.at]
        if kind == NAME:
            if dollar:
                found.append(Arg("$" + value, cursor.starts[cursor.at], variable="$" + value))
                cursor.varied = True
            else:
                found.append(Arg(plain(value), cursor.starts[cursor.at]))
            want = dollar = False
        elif kind == COMMA:
            if want:
                raise cursor.fail("Invalid comma in argument list", "a value")
            want = True
        elif kind == DOLLAR:
            if not want:
                raise cursor.fail("Missing comma in argument list declaration", "a comma")
            if cursor.kinds[cursor.at + 1] != NAME:
                reason = f"Expecting a variable name. Got: {cursor.shown(1)}"
                raise cursor.fail(reason, "the name of a variable", ahead=1)
            dollar = True
        elif kind == END:
            raise cursor.fail("Expecting ] to end list but got  instead", "]")
        else:
            raise cursor.fail("Invalid arg list", "a value or ]")
    return found


def geo(cursor: Cursor) -> Arg:
    """Return the text of a list of coordinates; the cursor is on its opening bracket."""
    position = cursor.starts[cursor.at]
    parts = ["["]
    depth = 1
    while depth:
        kind = cursor.step()
        if kind == END:
            raise cursor.fail("Got EOF while parsing Geo tokens", "]")
        if kind == LEFT_SQUARE:
            depth += 1
        elif kind == RIGHT_SQUARE:
            depth -= 1
        elif kind not in (MATH, COMMA, NAME):
            reason = f"Found invalid item: {cursor.values[cursor.at]} while parsing geo arguments."
            raise cursor.fail(reason, "a number")
        if depth > _DEEPEST_GEO:
            raise cursor.fail("Invalid bracket sequence", "at most four brackets")
        parts.append(cursor.values[cursor.at])
    if cursor.kinds[cursor.at + 1] not in (RIGHT_ROUND, COMMA):
        reason = f"Expected right round or comma. Got: {cursor.shown(1)}"
        raise cursor.fail(reason, ") or a comma", ahead=1)
    return Arg("".join(parts), position)
