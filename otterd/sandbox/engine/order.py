"""Order of nodes by a predicate or by a variable, and the page that is cut from it."""

from __future__ import annotations

from collections.abc import Callable

from otterd.dql.tree import Order
from otterd.sandbox.engine.collation import COMMON, collated
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
_SEVERAL = 2
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
        known = [uid for uid in uids if keyed[uid][0] is not None]
        once = insertion_sorted(
            known, _first_key(keyed, _spoken(part, known, indexed=indexed)), descending[:1]
        )
        nulls = [uid for uid in uids if keyed[uid][0] is None]
        if len(descending) == 1:
            matrix.append([*once, *nulls][page(part.first, part.offset, len(uids))])
        else:
            window = Window(part.first, part.offset, keyed, descending)
            matrix.append(window.indexed(once, nulls) if indexed else window.plain([*once, *nulls]))
    _move_facets(part, matrix)
    if part.matrix is not None:
        part.matrix = matrix
    narrow_dest(part)


def _spoken(part: Part, known: list[int], *, indexed: bool) -> str:
    """Return the language by which the first order sorts; none where texts sort by their bytes."""
    lang = part.order[0].languages[0] if part.order[0].languages else ""
    if indexed and lang and lang not in COMMON:
        # The entries of an index belong to a language without its regions, and unknown ones are English.
        raise unsupported(f"an order by an index in the language {lang}")
    return "" if lang == "." or len(known) < _SEVERAL else lang


def _first_key(keyed: dict[int, list[Value | None]], lang: str) -> Callable[[int], list[Value | None]]:
    if not lang:
        return lambda uid: keyed[uid][:1]
    firsts = {uid: values[0] for uid, values in keyed.items()}
    told = {uid: [collated(value, lang)] for uid, value in firsts.items() if value is not None}
    return lambda uid: [*told[uid]]


def _move_facets(part: Part, matrix: list[list[int]]) -> None:
    """Bring the facets of the edges into the new order."""
    if not part.facet_rows or part.matrix is None:
        return
    for index, uids in enumerate(matrix):
        place = {uid: at for at, uid in enumerate(part.matrix[index])}
        row = part.facet_rows[index]
        part.facet_rows[index] = [row[place[uid]] for uid in uids] if row else []


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
