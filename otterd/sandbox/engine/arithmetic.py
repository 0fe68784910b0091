"""math(): expressions over constants and value variables, node by node."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from otterd.dql.tree import Math, MathConst, MathOp
from otterd.sandbox.engine.aggregate import bounded
from otterd.sandbox.engine.compare import before, equal, less
from otterd.sandbox.failures import Failed, unsupported
from otterd.sandbox.values import Value

_ZERO = Value("int", 0)
_UNARY = frozenset(("u-", "ln", "exp", "sqrt", "floor", "ceil"))
_RELATIONS = frozenset(("<", ">", "<=", ">=", "==", "!="))
# Natural logarithm as the FreeBSD library and Go approximate it: other ways differ in the last digit.
_ODD = (
    6.666666666666735130e-01,
    2.857142874366239149e-01,
    1.818357216161805012e-01,
    1.479819860511658591e-01,
)
_EVEN = (3.999999999940941908e-01, 2.222219843214978396e-01, 1.531383769920937332e-01)
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_LARGEST_POWER = 1000
_MOST, _LEAST = (1 << 63) - 1, -(1 << 63)


@dataclass(slots=True)
class Term:
    """What an expression is worth: one `constant`, or a value by node."""

    constant: Value | None = None
    values: dict[int, Value] = field(default_factory=dict)


Look = Callable[[str], Term]


class _NoValueError(Failed):
    """An operation has no result for these operands."""


def evaluated(node: Math, look: Look) -> Term:
    """Return the worth of `node`; `look` finds the variables."""
    if isinstance(node, MathConst):
        return Term(_constant(node))
    if not isinstance(node, MathOp):
        return look(node.name)
    parts = [evaluated(part, look) for part in node.parts]
    expected = 1 if node.op in _UNARY else 3 if node.op == "cond" else 2
    if node.op == "since":
        raise unsupported("since()")
    if len(parts) != expected:
        raise Failed(f"Function {node.op} expects {expected} argument. But got: {len(parts)}")
    if node.op in _UNARY:
        return _of_one(node.op, parts[0])
    if node.op == "cond":
        return _condition(*parts)
    if node.op in _RELATIONS:
        return _relation(node.op, *parts)
    if node.op not in _BINARY:
        raise unsupported(f"math function {node.op}")
    return _of_two(node.op, *parts)


def _constant(node: MathConst) -> Value:
    value = node.value
    if isinstance(value, bool):
        return Value("bool", value)
    if isinstance(value, int):
        return Value("int", value)
    if isinstance(value, float):
        return Value("float", value)
    raise unsupported("a text or a vector in math()")


def _of_one(op: str, term: Term) -> Term:
    if term.constant is not None:
        return Term(bounded(_unary(op, term.constant)))
    result: dict[int, Value] = {}
    for uid, value in term.values.items():
        try:
            result[uid] = bounded(_unary(op, value))
        except _NoValueError:
            if len(term.values) > 1:
                # Dgraph stops here, and in which order it comes through the nodes nobody knows.
                raise unsupported(f"{op} of values some of which have none") from None
    return Term(values=result)


def _unary(op: str, value: Value) -> Value:
    number = value.data
    if value.kind not in ("int", "float") or not isinstance(number, int | float):
        raise _NoValueError(f"Wrong type {value.kind} encountered for func {op}")
    if op == "u-":
        if number == _LEAST and value.kind == "int":
            raise _NoValueError("Integer overflow")
        return Value(value.kind, -number)
    if op in ("floor", "ceil"):
        if value.kind == "int":
            return value
        return Value("float", float(math.floor(number) if op == "floor" else math.ceil(number)))
    if number < 0 and op != "exp":
        raise _NoValueError("Log of negative number" if op == "ln" else "Root of negative number")
    if op == "exp":
        if number:
            raise unsupported("exp() of anything but 0")
        return Value("float", 1.0)
    return Value("float", math.sqrt(number) if op == "sqrt" else _ln(float(number)))


def _ln(number: float) -> float:
    """Return the natural logarithm of a number that is not below 0."""
    if not number:
        return -math.inf
    mantissa, power = math.frexp(number)
    if mantissa < math.sqrt(2) / 2:
        mantissa, power = mantissa * 2, power - 1
    f, k = mantissa - 1, float(power)
    s = f / (2 + f)
    s2 = s * s
    s4 = s2 * s2
    odd = s2 * (_ODD[0] + s4 * (_ODD[1] + s4 * (_ODD[2] + s4 * _ODD[3])))
    rest = odd + s4 * (_EVEN[0] + s4 * (_EVEN[1] + s4 * _EVEN[2]))
    half = 0.5 * f * f
    return k * _LN2_HIGH - ((half - (s * (half + rest) + k * _LN2_LOW)) - f)


def _of_two(op: str, left: Term, right: Term) -> Term:
    left, right = _spread(left), _spread(right) if not _single(left) else right
    if not left.values and not right.values:
        if left.constant is None or right.constant is None:
            return Term()
        return Term(bounded(_binary(op, left.constant, right.constant)))
    result: dict[int, Value] = {}
    for uid in dict.fromkeys((*left.values, *right.values)):
        a = left.constant if left.constant is not None else left.values.get(uid, _ZERO)
        b = right.constant if right.constant is not None else right.values.get(uid, _ZERO)
        try:
            result[uid] = bounded(_binary(op, a, b))
        except _NoValueError:
            continue
    return Term(values=result)


def _single(term: Term) -> bool:
    return len(term.values) == 1 and 0 in term.values


def _spread(term: Term) -> Term:
    """Take an aggregate, which stands under node 0 alone, as a constant."""
    return Term(term.values[0]) if _single(term) else term


def _relation(op: str, left: Term, right: Term) -> Term:
    result: dict[int, Value] = {}
    for uid, value in left.values.items():
        other = right.constant if right.constant is not None else right.values.get(uid)
        if other is None:
            raise unsupported("comparing with a value that is missing in math()")
        try:
            result[uid] = Value("bool", _compared(op, value, other))
        except _NoValueError:
            raise unsupported("comparing values of unlike kinds in math()") from None
    return Term(values=result)


def _compared(op: str, a: Value, b: Value) -> bool:
    numbers = ("int", "float")
    if a.kind != b.kind and a.kind in numbers and b.kind in numbers:
        a, b = _as_float(a), _as_float(b)
    smaller, larger, same = less(a, b), less(b, a), equal(a, b)
    if smaller is None or larger is None or same is None:
        raise _NoValueError("Wrong values in comparison function.")
    answers = {
        "<": smaller,
        ">": larger,
        "<=": smaller or same,
        ">=": larger or same,
        "==": same,
        "!=": not same,
    }
    return answers[op]


def _condition(test: Term, yes: Term, no: Term) -> Term:
    if test.constant is not None:
        raise Failed("Expected a value variable in cond but missing.")
    result: dict[int, Value] = {}
    for uid, value in test.values.items():
        if not isinstance(value.data, bool):
            raise unsupported("cond() of what is no truth")
        chosen = yes if value.data else no
        found = chosen.constant if chosen.constant is not None else chosen.values.get(uid)
        if found is None:
            raise unsupported("cond() that chooses a value that is missing")
        result[uid] = found
    return Term(values=result)


def _as_float(value: Value) -> Value:
    return Value("float", float(value.data)) if isinstance(value.data, int | float) else value


def _binary(op: str, a: Value, b: Value) -> Value:
    if a.kind != b.kind:
        numbers = ("int", "float")
        if a.kind not in numbers or b.kind not in numbers:
            raise _NoValueError(f"invalid types for func {op}")
        a, b = _as_float(a), _as_float(b)
    if op in ("min", "max"):
        if less(a, b) is None:
            raise _NoValueError(f"Compare not supported for type: {a.kind}")
        return a if before(a, b) is (op == "min") else b
    if a.kind not in ("int", "float"):
        raise _NoValueError(f"Wrong type {a.kind} encountered for func {op}")
    x, y = a.data, b.data
    if isinstance(x, int) and isinstance(y, int):
        return _whole(op, x, y)
    if isinstance(x, float) and isinstance(y, float):
        return Value("float", _broken(op, x, y))
    raise _NoValueError(f"Wrong type {a.kind} encountered for func {op}")


def _whole(op: str, x: int, y: int) -> Value:
    if op in ("/", "%"):
        if not y:
            raise _NoValueError("Division by zero")
        quotient = abs(x) // abs(y)
        quotient = quotient if (x < 0) == (y < 0) else -quotient
        return Value("int", quotient if op == "/" else x - y * quotient)
    if op in ("pow", "logbase"):
        return Value("float", _log(x, y) if op == "logbase" else _pow(float(x), float(y)))
    result = {"+": x + y, "-": x - y, "*": x * y}[op]
    if not _LEAST <= result <= _MOST:
        raise _NoValueError("Integer overflow")
    return Value("int", result)


def _broken(op: str, x: float, y: float) -> float:
    if op in ("/", "%"):
        if not y:
            raise _NoValueError("Division by zero")
        return x / y if op == "/" else math.fmod(x, y)
    if op == "logbase":
        return _log(x, y)
    if op == "pow":
        if x < 0 and y != math.ceil(y):
            raise _NoValueError("Fractional power of negative number")
        return _pow(x, y)
    return {"+": x + y, "-": x - y, "*": x * y}[op]


def _pow(x: float, y: float) -> float:
    """Return x to the power of y by squaring, which rounds as Go does."""
    if y == 1 or not y:
        return x if y else 1.0
    if y in (0.5, -0.5) and x > 0:
        return math.sqrt(x) if y > 0 else 1 / math.sqrt(x)
    if y != int(y) or abs(y) > _LARGEST_POWER or not x:
        raise unsupported("pow() with this exponent")
    result, power = 1.0, 0
    base, base_power = math.frexp(x)
    bits = int(abs(y))
    while bits:
        if bits & 1:
            result, power = result * base, power + base_power
        base, base_power = base * base, base_power * 2
        if base < 0.5:
            base, base_power = base * 2, base_power - 1
        bits >>= 1
    if y < 0:
        result, power = 1 / result, -power
    try:
        return math.ldexp(result, power)
    except OverflowError:
        return math.copysign(math.inf, result)


def _log(x: float, base: float) -> float:
    if x < 0 or base < 0:
        raise _NoValueError("Log of negative number")
    if base == 1:
        raise _NoValueError("Division by zero")
    if not x or not base:
        raise unsupported("logbase of 0")
    return _ln(x) / _ln(base)


_BINARY = frozenset(("+", "-", "*", "/", "%", "pow", "logbase", "min", "max"))
