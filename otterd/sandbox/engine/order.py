"""Order of nodes by a predicate or by a variable, and the page that is cut from it."""

from __future__ import annotations

from collections.abc import Callable

from otterd.dql.tree import Order
from otterd.sandbox.engine.facets import insertion_sorted, sort_by_facets
from otterd.sandbox.engine.langs import preferred
from otterd.sandbox.engine.part import Part, keep_dest, merged, narrow_dest, page
from otterd.sandbox.engine.tokens import SORTABLE
from otterd.sandbox.engine.window import Window
from otterd.sandbox.failures import Failed, unsupported
from otterd.sandbox.schema import Schema
from otterd.sandbox.store import View
from otterd.sandbox.values import Value, converted

_MOST = 1000
"""As many are sorted when nobody says how many."""
_SORTABLE = frozenset(("datetime", "int", "float", "string", "default"))


def paged(part: Part) -> None:
    """Cut the page of `part` in the order of nodes."""
    if not (part.first or part.offset) or part.matrix is None:
        return
    keep_dest(part)
    for uids in part.matrix:
        uids[:] = uids[page(part.first, part.offset, len(uids))]
    part.dest = merged(part.matrix)


def ordered(view: View, schema: Schema, part: Part) -> None:
    """Sort the nodes of `part` as it asks, and cut its page."""
    keep_dest(part)
    if part.facets is not None and part.facets.order:
        sort_by_facets(part)
    elif part.order[0].by_var:
        _by_variable(part)
    else:
        _by_predicates(view, schema, part)


def _by_variable(part: Part) -> None:
    order = part.order[0]
    if part.by_uid is None:
        raise Failed(f"Variable: [{order.attr}] used before definition.")
    values = part.by_uid
    for uids in part.matrix or []:
        known = [uid for uid in uids if uid in values]
        if known:
            _check_kind(values[known[0]])
            uids[:] = insertion_sorted(known, lambda uid: [values.get(uid)], [order.descending])
    if part.first or part.offset:
        for uids in part.matrix or []:
            uids[:] = uids[page(part.first, part.offset, len(uids))]
    narrow_dest(part)


def _check_kind(value: Value) -> None:
    if value.kind not in _SORTABLE:
        raise Failed(f"Value of type: {value.kind} isn't sortable")


def _by_predicates(view: View, schema: Schema, part: Part) -> None:
    part.first = part.first or _MOST
    first = part.order[0]
    _check(view, schema, part)
    values = [_Values(view, schema, order) for order in part.order]
    descending = [order.descending for order in part.order]
    indexed = any(name in SORTABLE for name in schema.predicates[first.attr].tokenizers)
    matrix = []
    for uids in part.matrix or []:
        keyed = {uid: [each.of(uid) for each in values] for uid in uids}
        if first.languages and any(key[0] is not None for key in keyed.values()):
            _check_plain(keyed)
        known = [uid for uid in uids if keyed[uid][0] is not None]
        once = insertion_sorted(known, _first_key(keyed), descending[:1])
        nulls = [uid for uid in uids if keyed[uid][0] is None]
        if len(descending) == 1:
            matrix.append([*once, *nulls][page(part.first, part.offset, len(uids))])
        else:
            window = Window(part.first, part.offset, keyed, descending)
            matrix.append(window.indexed(once, nulls) if indexed else window.plain([*once, *nulls]))
    _move_facets(part, matrix)
    part.matrix = matrix
    narrow_dest(part)


def _first_key(keyed: dict[int, list[Value | None]]) -> Callable[[int], list[Value | None]]:
    return lambda uid: keyed[uid][:1]


def _move_facets(part: Part, matrix: list[list[int]]) -> None:
    """Bring the facets of the edges into the new order."""
    if not part.facet_rows or part.matrix is None:
        return
    for index, uids in enumerate(matrix):
        place = {uid: at for at, uid in enumerate(part.matrix[index])}
        row = part.facet_rows[index]
        part.facet_rows[index] = [row[place[uid]] for uid in uids] if row else []


def _check_plain(keyed: dict[int, list[Value | None]]) -> None:
    said = [str(values[0].data) for values in keyed.values() if values[0] is not None]
    alike = all(text == text.lower() for text in said) or all(text == text.title() for text in said)
    if not alike or not all(text.isascii() and text.isalpha() for text in said):
        raise unsupported("order by a predicate in a language")


def _check(view: View, schema: Schema, part: Part) -> None:
    first = part.order[0]
    predicate = schema.predicates.get(first.attr)
    if predicate is None:
        raise Failed(f"Cannot sort by unknown attribute {first.attr}")
    if part.first < 0:
        raise Failed(
            f"We do not yet support negative or infinite count with sorting: {first.attr} {part.first}. "
            "Try flipping order and return first few elements instead."
        )
    if predicate.is_list:
        raise Failed(f"Sorting not supported on attr: {first.attr} of type: [scalar]")
    if predicate.is_edge:
        raise Failed(f"Cannot sort attribute {view.namespace:x}-{first.attr} of type object.")
    for order in part.order:
        if len(order.languages) > 1 or (order.languages and order is not first):
            raise unsupported("order in several languages")
        known = schema.predicates.get(order.attr)
        if order.by_var or (known is not None and (known.is_edge or known.is_list)):
            raise unsupported("order by such a second predicate")
        if known is not None and known.kind not in _SORTABLE:
            _check_kind(Value(known.kind, False))


class _Values:
    """The values by which one order sorts."""

    def __init__(self, view: View, schema: Schema, order: Order) -> None:
        self._view = view
        self._order = order
        predicate = schema.predicates.get(order.attr)
        self._kind = predicate.kind if predicate is not None else ""

    def of(self, uid: int) -> Value | None:
        """Return the value of a node, None if it has none."""
        if not self._kind:
            return None
        posting = preferred(self._view, self._order.attr, uid, self._order.languages)
        if posting is None or posting.value is None:
            return None
        return converted(posting.value, self._kind)
