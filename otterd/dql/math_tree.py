"""What math() of a query holds."""

from otterd.dql.node import node


@node
class MathOp:
    """An operator or function of math(); unary minus is `u-`."""

    op: str
    parts: "tuple[Math, ...]"


@node
class MathVar:
    """A value variable inside math()."""

    name: str


@node
class MathConst:
    """A number inside math(), or the value of a declared `$variable` of any type."""

    value: int | float | bool | str | tuple[float, ...]
    variable: str = ""


Math = MathOp | MathVar | MathConst
