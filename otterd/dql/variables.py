"""Variables of a whole document: declared ones get their values, query variables are defined and used."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from otterd.dql.declarations import constant
from otterd.dql.errors import DqlError
from otterd.dql.filters import leaves
from otterd.dql.functions import regex
from otterd.dql.literals import Unreadable, boolean, listed, uid_list, unsigned
from otterd.dql.math_tree import Math, MathConst, MathOp
from otterd.dql.scope import Scope, Waiting
from otterd.dql.tree import Arg, Block, Child, Fragment, Func, Recurse, Selection, Spread, Variable


def fill(
    block: Block, fragments: Mapping[str, Fragment], scopes: Sequence[Scope], known: Mapping[str, Variable]
) -> None:
    """Put the values of declared variables into the nodes that wait for them.

    `scopes` are that of `block` and those of the fragments that no block before it uses.
    The nodes are frozen for everybody else; they are handed out only after this.
    """
    waiting = [node for scope in scopes for node in scope.uses]
    try:
        for node in waiting:
            _fill(node, known, at_root=node is block.func)
    except DqlError:
        # An alpha goes another way than the text; it tells what it meets first.
        wanted = set(map(id, waiting))
        for node in _by_alpha(block, fragments):
            if id(node) in wanted:
                _fill(node, known, at_root=node is block.func)
        raise


def _by_alpha(block: Block, fragments: Mapping[str, Fragment]) -> Iterator[Waiting]:
    """Yield what may wait for a variable in the order in which an alpha looks at it, each once."""
    pending: list[Block | Child | Waiting] = [block]
    seen: set[str] = set()
    while pending:
        node = pending.pop()
        if isinstance(node, (Arg, Func, MathConst, Recurse)):
            yield node
        elif not isinstance(node, Spread):
            pending.extend(reversed(list(_parts(node))))
        elif node.fragment not in seen:
            seen.add(node.fragment)
            pending.extend(reversed(fragments[node.fragment].children))


def _parts(node: Block | Selection) -> Iterator[Child | Waiting]:
    yield from node.arguments.values()
    if isinstance(node, Selection) and node.math is not None:
        yield from _constants(node.math)
    if node.func is not None:
        yield node.func
    yield from node.children
    directives = node.directives
    yield from leaves(directives.filter)
    yield from leaves(directives.facet_filter)
    if directives.recurse is not None:
        yield directives.recurse


def _constants(tree: Math) -> Iterator[MathConst]:
    pending = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, MathConst):
            yield node
        elif isinstance(node, MathOp):
            pending.extend(reversed(node.parts))


def _fill(node: Waiting, known: Mapping[str, Variable], *, at_root: bool) -> None:
    try:
        if isinstance(node, Arg):
            object.__setattr__(node, "value", _value(node.variable, known))
        elif isinstance(node, Func):
            _fill_function(node, known, at_root=at_root)
        elif isinstance(node, Recurse):
            _fill_recurse(node, known)
        else:
            if node.variable not in known:
                raise DqlError("Variable not found in math", expected="a declared variable")
            object.__setattr__(node, "value", constant(known[node.variable]))
    except Unreadable as error:
        raise DqlError(str(error), expected="another value") from None


def _value(name: str, known: Mapping[str, Variable]) -> str:
    variable = known.get(name)
    if variable is None or not variable.type:
        raise DqlError(f"Variable not defined {name}", expected="a declared variable")
    return variable.value


def _fill_function(call: Func, known: Mapping[str, Variable], *, at_root: bool) -> None:
    if call.attr[:1] == "$":
        object.__setattr__(call, "attr", _value(call.attr, known))
    if call.name == "uid":
        _fill_uids(call, known, at_root=at_root)
        return
    args: list[Arg] = []
    for arg in call.args:
        if not arg.variable or arg.variable != arg.value:
            args.append(arg)
        elif call.name == "regexp":
            args += regex(_value(arg.variable, known), arg.position)
        else:
            args.append(Arg(_value(arg.variable, known), arg.position, arg.variable))
    object.__setattr__(call, "args", tuple(args))


def _fill_uids(call: Func, known: Mapping[str, Variable], *, at_root: bool) -> None:
    uids = list(call.uids)
    for arg in call.args:
        if at_root:
            value = _value(arg.variable, known)
            if uids:
                return  # an alpha passes over the variable then
            uids += uid_list(value)
            continue
        if arg.variable not in known:
            reason = f"Couldn't find value for DQL variable: [{arg.variable}]"
            raise DqlError(reason, expected="a declared variable")
        uids += uid_list(known[arg.variable].value)
    object.__setattr__(call, "uids", tuple(uids))


def _fill_recurse(node: Recurse, known: Mapping[str, Variable]) -> None:
    for name in (node.depth_variable, node.loop_variable):
        if name and name not in known:
            raise DqlError(f"variable {name} not defined", expected="a declared variable")
    if node.depth_variable:
        try:
            object.__setattr__(node, "depth", unsigned(known[node.depth_variable].value))
        except Unreadable as error:
            raise DqlError(
                f"{node.depth_variable} should be type of integer: {error}", expected="a number"
            ) from None
    if node.loop_variable:
        try:
            object.__setattr__(node, "loop", boolean(known[node.loop_variable].value))
        except Unreadable as error:
            raise DqlError(
                f"{node.loop_variable} should be type of boolean: {error}", expected="a bool"
            ) from None


def check(defines: list[str], needs: Iterable[str]) -> None:
    """Raise unless each variable is defined once, and the defined ones are those that are needed."""
    defined = sorted(set(defines))
    needed = sorted(set(needs))
    if len(defined) != len(defines):
        raise DqlError("Some variables are declared multiple times.", expected="each variable once")
    if defined == needed:
        return
    tail = f"\nDefined:{listed(defined)}\nUsed:{listed(needed)}\n"
    if len(defined) > len(needed):
        raise DqlError("Some variables are defined but not used" + tail, expected="a use of each variable")
    if len(defined) < len(needed):
        raise DqlError(
            "Some variables are used but not defined" + tail, expected="a definition of each variable"
        )
    raise DqlError("Variables are not used properly. " + tail, expected="a definition of each variable")
