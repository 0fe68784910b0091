"""The predicates that a query's tree touches, its functions, and how deep and broad it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from otterd.dql.filters import leaves
from otterd.dql.tree import (
    Block,
    Child,
    Directives,
    Document,
    Fragment,
    Func,
    Kind,
    Math,
    MathOp,
    Order,
    SchemaRequest,
    Selection,
)

TYPE = "dgraph.type"
"""The predicate in which an alpha keeps what type a node is of."""

_EVERY = "__all__"


@dataclass(frozen=True, slots=True)
class Called:
    """A function of a root or a filter; `predicate` is "" where it has none."""

    name: str
    predicate: str = ""
    has_language: bool = False


@dataclass(slots=True)
class Touched:
    """What has been found so far; `unknown` once any predicate may be touched."""

    predicates: set[str] = field(default_factory=set)
    functions: set[Called] = field(default_factory=set)
    unknown: bool = False
    volatile: bool = False
    depth: int = 0
    """Pairs of braces inside one another."""
    breadth: int = 0
    """Most selections side by side in one pair of braces, fragments counted in."""

    def add(self, name: str) -> None:
        """Note a predicate: a reverse edge counts as the edge, and a tag is no part of the name."""
        name = name.removeprefix("~")
        if not name:
            return
        self.predicates.add(name)
        if "@" in name:
            self.predicates.add(name.partition("@")[0])


def touched(document: Document) -> Touched:
    """Return what `document` touches; no predicate that an alpha reads for it is missing."""
    walk = _Walk(document.fragments)
    for block in document.blocks:
        walk.block(block)
    if document.schema is not None:
        _schema(document.schema, walk.found)
    return walk.found


def called(functions: Iterable[Func], found: Touched) -> None:
    """Note the functions of a filter, or of a condition of an upsert."""
    for function in functions:
        of_variable = function.of_val or function.of_len
        predicate = "" if of_variable or function.name == "uid" else function.attr
        if function.name == "type":
            predicate = TYPE
        found.add(predicate)
        found.functions.add(Called(function.name, predicate.removeprefix("~"), bool(function.language)))


def _schema(request: SchemaRequest, found: Touched) -> None:
    if request.predicates:
        for name in request.predicates:
            found.add(name)
    else:
        found.unknown = True


class _Walk:
    """Walks trees; the parser bounds how deep they are, with their fragments too."""

    def __init__(self, fragments: Mapping[str, Fragment]) -> None:
        self.found = Touched()
        self._fragments = fragments
        self._measured: dict[str, tuple[int, int]] = {}

    def block(self, block: Block) -> None:
        """Note one root."""
        if block.func is not None:
            called([block.func], self.found)
        self._orders(block.order)
        self._directives(block.directives)
        depth, _ = self._body(block.children)
        self.found.depth = max(self.found.depth, depth)

    def _body(self, children: tuple[Child, ...]) -> tuple[int, int]:
        """Note what stands in one pair of braces; return its depth and its selections."""
        depth, count = 1 if children else 0, 0
        for child in children:
            if isinstance(child, Selection):
                self._selection(child)
                count += 1
                if child.children:
                    depth = max(depth, 1 + self._body(child.children)[0])
            else:
                inner, selections = self._fragment(child.fragment)
                depth, count = max(depth, inner), count + selections
        self.found.breadth = max(self.found.breadth, count)
        return depth, count

    def _fragment(self, name: str) -> tuple[int, int]:
        """Note what stands in a fragment, once however often it is used."""
        if name not in self._measured:
            self._measured[name] = self._body(self._fragments[name].children)
        return self._measured[name]

    def _selection(self, selection: Selection) -> None:
        found = self.found
        match selection.kind:
            case Kind.EXPAND:
                # What the nodes' types hold, or the variable, is known only to the alphas.
                found.unknown = True
            case Kind.PREDICATE | Kind.COUNT | Kind.CHECKPWD:
                if selection.attr != "uid":
                    found.add(selection.attr)
            case Kind.AGGREGATE:
                if not selection.needs:
                    found.add(selection.attr)
            case _:
                pass
        if selection.kind is Kind.CHECKPWD and selection.func is not None:
            found.functions.add(Called("checkpwd", selection.attr))
        if selection.math is not None:
            found.volatile = found.volatile or _since(selection.math)
        self._orders(selection.order)
        self._directives(selection.directives)

    def _orders(self, orders: tuple[Order, ...]) -> None:
        for order in orders:
            if not order.by_var:
                self.found.add(order.attr)

    def _directives(self, directives: Directives) -> None:
        called(leaves(directives.filter), self.found)
        for name in directives.cascade:
            if name not in (_EVERY, "uid"):
                self.found.add(name)
        for key in directives.group_by or ():
            self.found.add(key.attr)


def _since(tree: Math) -> bool:
    """Return whether `tree` asks for the time that has passed."""
    pending = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, MathOp):
            if node.op == "since":
                return True
            pending.extend(node.parts)
    return False
