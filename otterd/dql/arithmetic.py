"""The expressions of math()."""

from otterd.dql.cursor import DEEPEST, Cursor, too_deep, variable_name
from otterd.dql.errors import DqlError, Unlike
from otterd.dql.lexer import COMMA, DOLLAR, END, LEFT_ROUND, NAME, RIGHT_ROUND
from otterd.dql.literals import Unreadable, real
from otterd.dql.tree import Math, MathConst, MathOp, MathVar

# How tightly each operator and function binds; a function stands before its operands, but is
# reduced like an operator.
BINDS = {
    "u-": 500, "floor": 105, "ceil": 104, "since": 103, "exp": 100, "ln": 99, "sqrt": 98, "cond": 90,
    "pow": 89, "logbase": 88, "max": 85, "min": 84, "/": 50, "*": 50, "dot": 49, "%": 48, "-": 47, "+": 46,
    "<": 10, ">": 9, "<=": 8, ">=": 7, "==": 6, "!=": 5,
}  # fmt: skip
_UNARY = frozenset(("u-", "floor", "ceil", "since", "exp", "ln", "sqrt"))
_BEFORE_SIGN = frozenset(("(", ",", "*", "+", "-", "/", "%"))
_INT64 = range(-(2**63), 2**63)


class _Stacks:
    """Operators and operands that wait; `depths` says how deep each operand nests."""

    def __init__(self) -> None:
        self.operators = ["("]
        self.operands: list[Math] = []
        self.depths: list[int] = []

    def push(self, node: Math, depth: int = 1) -> None:
        """Add an operand."""
        self.operands.append(node)
        self.depths.append(depth)

    def reduce(self) -> None:
        """Put the last operator over its operands."""
        operator = self.operators.pop()
        operands = self.operands
        count = 1 if operator in _UNARY else 3 if operator == "cond" else 2
        if len(operands) < count:
            start = "Invalid math statement" if count == 1 else "Invalid Math expression"
            raise DqlError(f"{start}. Expected {count} operands", expected="an operand")
        if count == 1 and len(self.operators) > 1:
            if self.operators[-1] in ("/", "%") and _is_zero(operator, operands[-1]):
                raise DqlError("Division by zero", expected="another divisor")
        elif count == 2 and _is_zero(operator, operands[-1]):
            raise DqlError("Division by zero.", expected="another divisor")
        depth = 1 + max(self.depths[-count:])
        if depth > DEEPEST:
            raise too_deep("math")
        parts = tuple(operands[-count:])
        del operands[-count:], self.depths[-count:]
        self.push(MathOp(operator, parts), depth)

    def close(self) -> None:
        """Reduce up to the last open bracket and take that away."""
        while self.operators and self.operators[-1] != "(":
            self.reduce()
        if not self.operators:
            raise DqlError("Invalid Math expression", expected="(")
        self.operators.pop()

    def only(self) -> tuple[Math, int]:
        """Return the one operand left and its depth."""
        if len(self.operands) != 1:
            reason = f"Expected one item in value stack, but got {len(self.operands)}"
            raise DqlError(reason, expected="an operator")
        return self.operands[0], self.depths[0]


def _is_zero(operator: str, operand: Math) -> bool:
    """Return whether `operator` makes zero of the constant `operand`, or must not have it for a divisor."""
    if not isinstance(operand, MathConst) or isinstance(operand.value, (str, tuple)):
        return False
    if operator == "ln":
        return operand.value == 1
    if operator == "floor":
        return 0 <= operand.value < 1
    return operator in ("/", "%", "ceil", "sqrt", "u-") and operand.value == 0


def math(cursor: Cursor) -> Math:
    """Return the expression whose opening bracket is next."""
    tree, _, more = _part(cursor, 0, again=False)
    if more:
        raise cursor.fail("Comma encountered in math() at unexpected place.", ")", ahead=1)
    return tree


def _part(cursor: Cursor, depth: int, *, again: bool) -> tuple[Math, int, bool]:
    """Return the expression up to a comma or a bracket, its depth, and whether it was a comma."""
    if depth > DEEPEST:
        raise too_deep("math")
    if not again and cursor.step() != LEFT_ROUND:
        raise DqlError("Expected ( after math", expected="(")
    stacks = _Stacks()
    while stacks.operators:
        kind = cursor.step()
        word = cursor.values[cursor.at].lower()
        if word in BINDS and word != "u-":
            _operator(cursor, stacks, word)
            _operands(cursor, stacks, depth)
        elif kind == NAME:
            if cursor.kinds[cursor.at + 1] == LEFT_ROUND:
                name = cursor.values[cursor.at]
                raise DqlError(f"Unknown math function: {name}", expected="a math function")
            stacks.push(_leaf(cursor, cursor.values[cursor.at]))
        elif kind == LEFT_ROUND:
            stacks.operators.append("(")
        elif kind == COMMA:
            stacks.close()
            if stacks.operators:
                raise DqlError("Invalid math expression.", expected=")")
            return (*stacks.only(), True)
        elif kind == RIGHT_ROUND:
            stacks.close()
        elif kind == DOLLAR:
            stacks.push(_declared(cursor, variable_name(cursor)))
        elif kind == END:
            raise Unlike("math() without its last bracket ends an alpha's process", expected=")")
        else:
            reason = f"Unexpected item while parsing math expression: {cursor.shown()}"
            raise DqlError(reason, expected="a number, a variable or an operator")
    if not stacks.operands:
        raise DqlError("Empty () not allowed in math block.", expected="an expression")
    return (*stacks.only(), False)


def _operator(cursor: Cursor, stacks: _Stacks, word: str) -> None:
    """Take the operator or function `word`."""
    if word == "-" and cursor.values[cursor.at - 1] in _BEFORE_SIGN:
        word = "u-"
    while stacks.operators and BINDS.get(stacks.operators[-1], 0) >= BINDS[word]:
        stacks.reduce()
    stacks.operators.append(word)


def _operands(cursor: Cursor, stacks: _Stacks, depth: int) -> None:
    """Take what stands in the brackets right behind an operator or function."""
    again = cursor.kinds[cursor.at + 1] == LEFT_ROUND
    first = True
    while again:
        tree, deep, again = _part(cursor, depth + 1, again=not first)
        stacks.push(tree, deep)
        first = False


def _declared(cursor: Cursor, name: str) -> MathConst:
    """Return the place of the declared variable `name`."""
    node = MathConst("", name)
    cursor.scope.uses.append(node)
    return node


def _leaf(cursor: Cursor, text: str) -> Math:
    """Return the number or the variable that `text` writes."""
    digits = text.isascii() and text.isdigit()
    if digits and len(text) < 20 and int(text) in _INT64:
        return MathConst(int(text))
    try:
        return MathConst(real(text))
    except Unreadable:
        if text[:1] == "$":
            return _declared(cursor, text)
        if text:
            # `<>` is none, and an alpha does not look for it.
            cursor.scope.needs.append(text)
        return MathVar(text)
