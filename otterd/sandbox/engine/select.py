"""Functions: which nodes a root or a filter selects."""

from __future__ import annotations

from collections.abc import Callable

from otterd.sandbox.engine.call import Call, pages
from otterd.sandbox.engine.compared import by_count, by_value
from otterd.sandbox.engine.langs import spoken
from otterd.sandbox.engine.part import Part
from otterd.sandbox.engine.plan import COMPARISONS
from otterd.sandbox.engine.tokens import buckets
from otterd.sandbox.engine.worded import by_expression, by_likeness, by_terms
from otterd.sandbox.failures import Failed, unsupported
from otterd.sandbox.schema import Schema
from otterd.sandbox.store import View

_SORTED = frozenset(("int", "float", "datetime"))


def selected(view: View, schema: Schema, part: Part, among: list[int] | None) -> list[int]:
    """Return the nodes that the function of `part` finds, in order; `among` is None at the root."""
    func = part.func
    predicate = schema.predicates.get(part.attr.removeprefix("~"))
    if func is None or predicate is None:
        part.unknown = True
        return []
    name = func.name.lower()
    limit, offset = pages(part)
    words = [arg.value for arg in part.args]
    call = Call(view, schema, part, predicate, name, words, among, limit, offset)
    if func.of_count and name in COMPARISONS:
        run: Callable[[Call], list[int]] | None = by_count
    else:
        run = _FUNCTIONS.get("compare" if name in COMPARISONS else name)
    if run is None:
        raise unsupported(f"function {name}")
    return run(call)


def _has(call: Call) -> list[int]:
    call.need(0)
    call.check()

    def there(uid: int) -> bool:
        if not call.by_language:
            return True
        return bool(spoken(call.view, call.attr, uid, call.lang, is_list=call.predicate.is_list))

    if call.among is not None:
        present = set(call.view.has(call.attr))
        return [uid for uid in call.among if uid in present and there(uid)]
    if call.predicate.tokenizers and call.predicate.kind in _SORTED:
        order = next((order for order in call.part.order if order.attr == call.attr), None)
        if order is not None:
            return _has_ordered(call, descending=order.descending)
    found = [uid for uid in call.view.has(call.attr) if uid > call.part.after and there(uid)]
    # Dgraph stops once it has enough, which with a negative number is after the first.
    return found[call.offset :][: max(call.limit, 1)]


def _has_ordered(call: Call, *, descending: bool) -> list[int]:
    """Walk the index in the order asked for, and stop when a page is full, as Dgraph does."""
    if len(call.predicate.tokenizers) != 1:
        raise unsupported("has() in the order of a predicate with several indexes")
    # Without `first` Dgraph adds the offset to the largest number there is, and overflows.
    enough = call.part.first + call.part.offset if call.part.first else (-1 if call.part.offset > 0 else None)
    found: list[int] = []
    table = buckets(call.view, call.bare, call.predicate.tokenizers[0])
    for key in sorted(table, reverse=descending):
        found += table[key]
        if enough is not None and len(found) >= enough:
            break
    return sorted(found)


def _uid_in(call: Call) -> list[int]:
    wanted = set()
    for word in call.words:
        try:
            wanted.add(int(word, 0))
        except ValueError:
            raise Failed(f'Value "{word}" in uid_in is not a number') from None
    if call.among is None:
        raise Failed("uid_in function not allowed at root")
    call.check()
    return [
        uid for uid in call.among if any(edge.target in wanted for edge in call.view.targets(call.attr, uid))
    ]


_FUNCTIONS: dict[str, Callable[[Call], list[int]]] = {
    "has": _has,
    "compare": by_value,
    "allofterms": by_terms,
    "anyofterms": by_terms,
    "regexp": by_expression,
    "match": by_likeness,
    "uid_in": _uid_in,
}
