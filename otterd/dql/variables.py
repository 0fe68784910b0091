"""Variables of a whole document: declared ones get their values, query variables are defined and used."""

from collections.abc import Iterable, Mapping

from otterd.dql.cursor import deepest
from otterd.dql.declarations import constant
from otterd.dql.errors import DqlError, Unlike
from otterd.dql.functions import regex
from otterd.dql.literals import Unreadable, boolean, listed, uid_list, unsigned
from otterd.dql.scope import Scope
from otterd.dql.tree import Arg, Func, Recurse, Variable

LARGEST = 100_000
"""How many selections a document may have with its fragments put in; an alpha has no limit."""


def fill(scope: Scope, known: Mapping[str, Variable]) -> None:
    """Put the values of declared variables into the nodes of `scope` that wait for them.

    The nodes are frozen for everybody else; they are handed out only after this.
    """
    for node in scope.uses:
        try:
            if isinstance(node, Arg):
                object.__setattr__(node, "value", _value(node.variable, known))
            elif isinstance(node, Func):
                _fill_function(node, known, at_root=node is scope.root)
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


def reach(blocks: Iterable[Scope], fragments: Mapping[str, Scope]) -> dict[str, int]:
    """Return how often each fragment comes to stand in the `blocks`; raise for cycles and missing ones."""
    order = _ordered(blocks, fragments)
    depths: dict[str, int] = {}
    sizes: dict[str, int] = {}
    for name in order:
        scope = fragments[name]
        depths[name] = max([scope.depth, *(at - 1 + depths[inner] for inner, at in scope.spreads)])
        sizes[name] = scope.size + sum(sizes[inner] for inner, _ in scope.spreads)
        deepest(depths[name])
    times = dict.fromkeys(order, 0)
    total = 0
    for scope in blocks:
        scope.depth = max([scope.depth, *(at - 1 + depths[inner] for inner, at in scope.spreads)])
        deepest(scope.depth)
        for inner, _ in scope.spreads:
            times[inner] += 1
            total += sizes[inner]
    if total > LARGEST:
        raise Unlike(f"more than {LARGEST} selections in one query", expected="fewer fragments")
    for name in reversed(order):
        for inner, _ in fragments[name].spreads:
            times[inner] += times[name]
    return times


def _ordered(blocks: Iterable[Scope], fragments: Mapping[str, Scope]) -> list[str]:
    """Return the fragments used, each behind those that it uses itself."""
    order: list[str] = []
    entered: set[str] = set()
    left: set[str] = set()
    pending = [(name, False) for scope in blocks for name, _ in scope.spreads]
    pending.reverse()
    while pending:
        name, done = pending.pop()
        if done:
            left.add(name)
            order.append(name)
        elif name in left:
            continue
        elif name in entered:
            raise DqlError(f"Cycle detected: {name}", expected="fragments without a cycle")
        elif name not in fragments:
            raise DqlError(f"Missing fragment: {name}", expected="a fragment of that name")
        else:
            entered.add(name)
            pending.append((name, True))
            pending.extend((inner, False) for inner, _ in reversed(fragments[name].spreads))
    return order


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
