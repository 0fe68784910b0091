"""`@facets`, `@facets(since, w as weight, orderasc: rank)` and `@facets(eq(close, true))`."""

from otterd.dql.cursor import Cursor
from otterd.dql.draft import Draft
from otterd.dql.filters import expression, leaves
from otterd.dql.lexer import COLON, COMMA, LEFT_ROUND, NAME, RIGHT_ROUND
from otterd.dql.tree import FacetKey, FacetOrder, Facets

EVERY_FACET = Facets(every=True)


def read(cursor: Cursor, owner: Draft) -> None:
    """Read the facets of `owner`; the cursor is on the word."""
    start = cursor.at
    owner.directed = True
    keys = _keys(cursor)
    if keys is not None:
        if owner.facets is not None:
            cursor.at = start
            raise cursor.fail("Only one facets allowed", "one list of facets")
        owner.facets = keys
        cursor.scope.defines += keys.vars.values()
        return
    cursor.at = start
    tree = expression(cursor)
    problem = ""
    if tree is None:
        problem = "Facets parsing failed."
    elif owner.facet_filter is not None:
        problem = "Only one facets filter allowed"
    elif any(leaf.needs for leaf in leaves(tree)):
        problem = "variables are not allowed in facets filter."
    if problem:
        cursor.at = start
        raise cursor.fail(problem, "facets or one filter of facets")
    owner.facet_filter = tree


def _keys(cursor: Cursor) -> Facets | None:
    """Return the facets listed; None when it is no list and may be a filter."""
    if not cursor.take(LEFT_ROUND):
        return EVERY_FACET
    if cursor.take(RIGHT_ROUND):
        return Facets()
    keys: list[FacetKey] = []
    order: dict[str, FacetOrder] = {}
    variables: dict[str, str] = {}
    while True:
        if not cursor.take(NAME):
            return None
        key, way = _key(cursor)
        if key.var and key.name in variables:
            raise cursor.fail(f"Duplicate variable mappings for facet {key.name}", "one variable", ahead=1)
        keys.append(key)
        if key.var:
            variables[key.name] = key.var
        if way:
            if key.name in order:
                reason = f"Sorting by facet: [{key.name}] can only be done once"
                raise cursor.fail(reason, "another facet", ahead=1)
            order[key.name] = FacetOrder(key.name, way == "orderdesc")
        if cursor.take(RIGHT_ROUND):
            break
        if not cursor.take(COMMA):
            if len(keys) < 2:
                return None
            value = cursor.values[cursor.at + 1]
            raise cursor.fail(f"Expected ',' or ')' in facet list: {value}", "a comma or )", ahead=1)
    # Sorted, and of equal names the last one is kept, as an alpha does.
    unique = {key.name: key for key in keys}
    return Facets(False, tuple(unique[name] for name in sorted(unique)), tuple(order.values()), variables)


def _key(cursor: Cursor) -> tuple[FacetKey, str]:
    """Return one facet, on whose first word the cursor stands, and orderasc, orderdesc or nothing."""
    word = cursor.values[cursor.at]
    alias = way = ""
    if cursor.take(COLON):
        if word in ("orderasc", "orderdesc"):
            way = word
        else:
            alias = word
        if not cursor.take(NAME):
            raise cursor.fail("Expected name after colon", "a facet", ahead=1)
        word = cursor.values[cursor.at]
    if cursor.values[cursor.at + 1] != "as":
        return FacetKey(cursor.joined(word), alias), way
    cursor.at += 1
    if not cursor.take(NAME):
        raise cursor.fail("Expected name in facet list", "a facet", ahead=1)
    return FacetKey(cursor.joined(cursor.values[cursor.at]), alias, word), way
