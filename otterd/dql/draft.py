"""A block or selection while it is read: what follows it may still change it."""

from otterd.dql.tree import (
    PLAIN,
    Arg,
    Block,
    Child,
    Directives,
    Facets,
    Filter,
    Func,
    GroupKey,
    Kind,
    Math,
    Need,
    Order,
    Recurse,
    Selection,
)


class Draft:
    """A node being read; the attributes of the class are what most nodes keep, which makes one cheap."""

    alias: str = ""
    var: str = ""
    languages: tuple[str, ...] = ()
    order: tuple[Order, ...] = ()
    filter: Filter | None = None
    facets: Facets | None = None
    facet_filter: Filter | None = None
    cascade: tuple[str, ...] = ()
    normalize: bool = False
    group_by: tuple[GroupKey, ...] | None = None
    recurse: Recurse | None = None
    ignore_reflex: bool = False
    directed: bool = False
    """Whether any of the directives above was given."""
    func: Func | None = None
    math: Math | None = None
    expand: str = ""
    needs: tuple[Need, ...] = ()
    counted: bool = False
    internal: bool = False
    """Whether it stands for no predicate, and so takes no directive."""
    empty: bool = False
    restricted: bool = False
    """Whether its braces hold less than others: it is empty or grouped."""
    filtered: bool = False
    """Whether a block had a filter, be it an empty one."""
    uid_variable: str = ""
    source: Func | None = None
    target: Func | None = None
    depth: int = 0

    __slots__ = ("__dict__", "arguments", "attr", "children", "kind", "position")

    def __init__(self, kind: Kind, attr: str, position: int) -> None:
        self.kind = kind
        self.attr = attr
        self.position = position
        self.children: list[Draft | Child] = []
        self.arguments: dict[str, Arg] = {}

    def directives(self) -> Directives:
        """Return what was given with an @."""
        if not self.directed:
            return PLAIN
        return Directives(
            self.filter,
            self.facets,
            self.facet_filter,
            self.cascade,
            self.normalize,
            self.group_by,
            self.recurse,
            self.ignore_reflex,
        )

    def settle(self) -> tuple[Child, ...]:
        """Make selections of all children, whose own are settled, and return them."""
        children = self.children
        if not children:
            return ()
        for at, child in enumerate(children):
            if type(child) is Draft:
                children[at] = child.selection()
        return tuple(children)  # type: ignore[arg-type] # no draft is left

    def selection(self) -> Selection:
        """Return the selection read."""
        if not self.__dict__:
            children = tuple(self.children)
            return Selection(
                self.kind,
                self.attr,
                self.position,
                "",
                "",
                (),
                self.arguments,
                (),
                PLAIN,
                children,  # type: ignore[arg-type]
            )
        return Selection(
            self.kind,
            self.attr,
            self.position,
            self.alias,
            self.var,
            self.languages,
            self.arguments,
            self.order,
            self.directives(),
            tuple(self.children),  # type: ignore[arg-type] # settled when its braces closed
            self.func,
            self.math,
            self.expand,
            self.needs,
        )

    def block(self) -> Block:
        """Return the block read."""
        return Block(
            self.alias,
            self.position,
            self.var,
            self.func,
            self.arguments,
            self.order,
            self.directives(),
            self.settle(),
            self.source,
            self.target,
            self.needs,
            self.empty,
        )
