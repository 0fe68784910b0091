"""Boolean expressions of functions: `not has(a) and (eq(b, 1) or eq(c, 2))`."""

from otterd.dql.cursor import DEEPEST, Cursor, too_deep
from otterd.dql.errors import DqlError
from otterd.dql.functions import function
from otterd.dql.lexer import END, LEFT_CURL, LEFT_ROUND, NAME, RIGHT_CURL, RIGHT_ROUND
from otterd.dql.tree import Filter, Func, Junction

_BINDS = {"not": 3, "and": 2, "or": 1, "(": 0}


def expression(cursor: Cursor) -> Filter | None:
    """Return the expression whose opening bracket is next, None for an empty one."""
    if cursor.step() != LEFT_ROUND:
        raise cursor.fail("Expected ( after filter directive", "(")
    start = cursor.at
    operators, operands, depths = ["("], [], []  # type: list[str], list[Filter], list[int]
    while operators:
        kind = cursor.step()
        word = cursor.values[cursor.at].lower() if kind == NAME else ""
        if word in ("and", "or", "not"):
            while _BINDS[operators[-1]] >= _BINDS[word]:
                _reduce(operators.pop(), operands, depths)
            operators.append(word)
        elif kind == NAME:
            cursor.at -= 1
            call = function(cursor)
            cursor.uses(call)
            operands.append(call)
            depths.append(1)
        elif kind == LEFT_ROUND:
            operators.append("(")
        elif kind == RIGHT_ROUND:
            while operators[-1] != "(":
                _reduce(operators.pop(), operands, depths)
            operators.pop()
        else:
            raise _stray(cursor, kind, start)
    if len(operands) > 1:
        cursor.at = start
        raise cursor.fail(f"Expected one item in value stack, but got {len(operands)}", "and, or")
    return operands[0] if operands else None


def _stray(cursor: Cursor, kind: int, start: int) -> DqlError:
    """Return the refusal of a token that has no place in an expression."""
    if kind in (LEFT_CURL, RIGHT_CURL):
        shown = "U+007B '{'" if kind == LEFT_CURL else "U+007D '}'"
        return cursor.fail(f"Unrecognized character inside a func: {shown}", "a function")
    if kind == END:
        cursor.at = start
        return cursor.fail("Unbalanced parentheses in @filter statement", ")")
    return cursor.fail(f"Unexpected item while parsing @filter: {cursor.shown()}", "a function")


def _reduce(operator: str, operands: list[Filter], depths: list[int]) -> None:
    """Put the `operator` over its operands; a chain of the same one becomes one junction."""
    if len(operands) < (1 if operator == "not" else 2):
        raise DqlError("Invalid filter statement", expected="a function")
    last = operands.pop()
    deep = depths.pop()
    if operator == "not":
        parts: tuple[Filter, ...] = (last,)
        deep += 1
    else:
        first = operands.pop()
        chained = isinstance(first, Junction) and first.op == operator
        deep = max(depths.pop() + (not chained), deep + 1)
        parts = (*first.parts, last) if chained and isinstance(first, Junction) else (first, last)
    if deep > DEEPEST:
        raise too_deep("filters")
    operands.append(Junction(operator, parts))
    depths.append(deep)


def leaves(tree: Filter | None) -> list[Func]:
    """Return the functions of a filter, from left to right."""
    found: list[Func] = []
    pending = [tree] if tree is not None else []
    while pending:
        node = pending.pop()
        if isinstance(node, Func):
            found.append(node)
        else:
            pending.extend(reversed(node.parts))
    return found
