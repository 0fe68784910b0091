"""The syntax tree of a query document, as Dgraph understands it.

Every `position` is an offset into `Document.text`; `errors.locate` makes a line
and a column of it. Names are without the `<>` that may have been around them,
strings without quotes and escapes. Values given by `$variables` are filled in.
"""

from collections.abc import Iterator, Mapping
from dataclasses import field
from enum import IntEnum, StrEnum

from otterd.dql.math_tree import Math as Math
from otterd.dql.math_tree import MathConst as MathConst
from otterd.dql.math_tree import MathOp as MathOp
from otterd.dql.math_tree import MathVar as MathVar
from otterd.dql.node import node


class Kind(StrEnum):
    """What a selection asks for."""

    PREDICATE = "predicate"
    """`name`, also `uid`; `attr` is the predicate."""
    COUNT = "count"
    """`count(friend)`; `attr` is the predicate."""
    COUNT_UID = "count uid"
    """`count(uid)`."""
    VALUE = "val"
    """`val(x)`; the variable is in `needs`."""
    AGGREGATE = "aggregate"
    """`min(val(x))`, or inside a groupby `min(age)`; `func.name` says which."""
    MATH = "math"
    EXPAND = "expand"
    """`expand(...)`; `expand` holds `_all_`, the variable, or the types joined by commas."""
    CHECKPWD = "checkpwd"
    """`checkpwd(pass, "secret")`; `func` holds the arguments."""


class Holds(IntEnum):
    """What a variable is wanted for where it is used."""

    ANY = 0
    UIDS = 1
    VALUES = 2
    LIST = 3


@node
class Need:
    """One use of a query variable."""

    name: str
    holds: Holds


@node
class Arg:
    """One argument; of a function, or `first: 5`."""

    value: str
    position: int
    variable: str = ""
    """`$name` when the value came from a declared variable, else empty."""
    of_var: bool = False
    """Whether `value` is the x of `val(x)`."""


@node
class Func:
    """`eq(name@en, "a")`, at the root or in a filter; also an aggregate or checkpwd.

    For `regexp` the arguments are the expression and the flags; for a geo
    function, the text of the JSON list; for `similar_to` the options follow as
    name and value in turn.
    """

    name: str
    position: int
    attr: str = ""
    """The predicate; or the variable of `val(x)` and `len(x)`."""
    language: str = ""
    args: tuple[Arg, ...] = ()
    uids: tuple[int, ...] = ()
    needs: tuple[Need, ...] = ()
    of_count: bool = False
    """`gt(count(friend), 2)`."""
    of_val: bool = False
    """`gt(val(x), 2)`."""
    of_len: bool = False
    """`gt(len(x), 2)`."""


@node
class Junction:
    """`and`, `or` of two filters, or `not` of one."""

    op: str
    parts: "tuple[Filter, ...]"


Filter = Func | Junction


@node
class Order:
    """`orderasc: name@en`, or by `val(x)` with `by_var`."""

    attr: str
    languages: tuple[str, ...] = ()
    descending: bool = False
    by_var: bool = False


@node
class FacetKey:
    """One facet asked for."""

    name: str
    alias: str = ""
    var: str = ""


@node
class FacetOrder:
    """Sorting of edges by a facet."""

    name: str
    descending: bool


@node
class Facets:
    """`@facets`: all of them, or those in `keys`, sorted by name, each once, as Dgraph answers them."""

    every: bool = False
    keys: tuple[FacetKey, ...] = ()
    order: tuple[FacetOrder, ...] = ()
    vars: Mapping[str, str] = field(default_factory=dict)
    """Facet name to the variable that it defines."""


@node
class GroupKey:
    """One attribute of a groupby."""

    attr: str
    alias: str = ""
    languages: tuple[str, ...] = ()


@node
class Recurse:
    """`@recurse(depth: 3, loop: true)`; a depth of 0 is none given."""

    depth: int = 0
    loop: bool = False
    depth_variable: str = ""
    loop_variable: str = ""


@node
class Directives:
    """What stands behind a selection or a block with an @."""

    filter: Filter | None = None
    facets: Facets | None = None
    facet_filter: Filter | None = None
    cascade: tuple[str, ...] = ()
    """Predicates that must be there; `__all__` for a bare @cascade."""
    normalize: bool = False
    group_by: tuple[GroupKey, ...] | None = None
    recurse: Recurse | None = None
    ignore_reflex: bool = False


PLAIN = Directives()


@node
class Selection:
    """One item in the braces of a block or of another selection."""

    kind: Kind
    attr: str
    position: int
    alias: str = ""
    var: str = ""
    languages: tuple[str, ...] = ()
    arguments: Mapping[str, Arg] = field(default_factory=dict)
    """first, offset, after."""
    order: tuple[Order, ...] = ()
    directives: Directives = PLAIN
    children: "tuple[Child, ...]" = ()
    func: Func | None = None
    math: Math | None = None
    expand: str = ""
    needs: tuple[Need, ...] = ()


@node
class Spread:
    """`...name`: the children of that fragment stand here."""

    fragment: str
    position: int


Child = Selection | Spread


@node
class Block:
    """A root: `me(func: eq(name, "a"), first: 3) @filter(...) { ... }`; `alias` is its name, here "me"."""

    alias: str
    position: int
    var: str = ""
    func: Func | None = None
    arguments: Mapping[str, Arg] = field(default_factory=dict)
    """first, offset, after, depth, numpaths, minweight, maxweight, maxfrontiersize."""
    order: tuple[Order, ...] = ()
    directives: Directives = PLAIN
    children: tuple[Child, ...] = ()
    source: Func | None = None
    """`from:` of a shortest path: a uid, or uid of a variable."""
    target: Func | None = None
    needs: tuple[Need, ...] = ()
    empty: bool = False
    """`me()`: only aggregations and math inside."""


@node
class Fragment:
    """`fragment name { ... }`."""

    name: str
    position: int
    children: tuple[Child, ...]


@node
class SchemaRequest:
    """`schema(pred: [a, b]) { type index }`; or of types, or of everything."""

    position: int
    predicates: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()


@node
class Variable:
    """A `$name`, as declared (`type` with its `!`, empty if never declared) and with its value."""

    name: str
    type: str = ""
    value: str = ""


@node
class Document:
    """A whole query text."""

    text: str
    """The text without the white space around it, which is what an alpha parses."""
    blocks: tuple[Block, ...] = ()
    fragments: Mapping[str, Fragment] = field(default_factory=dict)
    schema: SchemaRequest | None = None
    variables: Mapping[str, Variable] = field(default_factory=dict)

    def children(self, node: Block | Selection | Fragment) -> Iterator[Selection]:
        """Yield the selections of `node`, with those of a fragment in the place of its spread."""
        pending: list[Iterator[Child]] = [iter(node.children)]
        while pending:
            for child in pending[-1]:
                if isinstance(child, Selection):
                    yield child
                else:
                    pending.append(iter(self.fragments[child.fragment].children))
                    break
            else:
                pending.pop()
