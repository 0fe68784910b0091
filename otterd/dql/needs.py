"""Which indexes a query wants that a schema lacks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from otterd.dql.filters import leaves
from otterd.dql.tokenizers import SORTABLE, TOKENIZERS
from otterd.dql.tree import Child, Document, Func, Selection

_COMPARING = frozenset(("le", "ge", "lt", "gt", "between"))
_OWN = {
    "anyofterms": "term", "allofterms": "term", "anyoftext": "fulltext", "alloftext": "fulltext",
    "match": "trigram", "ngram": "ngram",
    "near": "geo", "within": "geo", "contains": "geo", "intersects": "geo",
}  # fmt: skip
"""The one tokenizer that a function works with, in filters too."""
_BEST = {"string": "exact", "datetime": "hour"}
_VECTORS = "float32vector"


@dataclass(frozen=True, slots=True)
class Stored:
    """What a live schema says of one predicate."""

    type: str
    tokenizers: frozenset[str] = frozenset()
    vectors: bool = False
    count: bool = False
    reverse: bool = False


def needs(document: Document, schema: Mapping[str, Stored]) -> list[str]:
    """Return a sentence for each index that `document` wants and `schema` lacks, in order, each once.

    A predicate that the schema does not have needs nothing: an alpha finds no data there.
    """
    told: dict[str, None] = {}
    for call, root in _functions(document):
        stored = schema.get(call.attr)
        if stored is not None and not (call.of_val or call.of_len):
            cure = _cure(call, stored, root=root)
            if cure:
                what = "count index" if call.of_count else "index"
                told[f"`{call.attr}` has no {what} for `{call.name}`; {cure}"] = None
    for name in _backward(document):
        stored = schema.get(name)
        if stored is not None and not stored.reverse:
            cure = "add @reverse" if stored.type == "uid" else _hopeless(stored)
            told[f"`{name}` has no reverse edges for `~{name}`; {cure}"] = None
    return list(told)


def _cure(call: Func, stored: Stored, *, root: bool) -> str:
    """Return what to do that `call` has its index, "" for nothing."""
    if call.of_count:
        return "" if stored.count or not root else "add @count"
    if call.name == "similar_to":
        if stored.vectors:
            return ""
        return 'add @index(hnsw(metric:"euclidean"))' if stored.type == _VECTORS else _hopeless(stored)
    tokenizer = _wanted(call, stored, root=root)
    if not tokenizer:
        return ""
    sorts = call.name not in _COMPARING or tokenizer in SORTABLE
    compares = call.name != "eq" or tokenizer != "geo"
    fits = TOKENIZERS.get(tokenizer) == stored.type and sorts and compares
    return f"add @index({tokenizer})" if fits else _hopeless(stored)


def _hopeless(stored: Stored) -> str:
    return f"its type {stored.type} can have none"


def _wanted(call: Func, stored: Stored, *, root: bool) -> str:
    """Return the tokenizer that `call` wants and `stored` lacks, "" for none."""
    own = _OWN.get(call.name, "trigram" if call.name == "regexp" and root else "")
    if own:
        return "" if own in stored.tokenizers else own
    if not root:
        return ""
    lacks = call.name in _COMPARING and not stored.tokenizers & SORTABLE
    # What a geo index holds is no value to be equal to.
    lacks = lacks or (call.name == "eq" and not stored.tokenizers - {"geo"})
    return _BEST.get(stored.type, stored.type) if lacks else ""


def _functions(document: Document) -> Iterator[tuple[Func, bool]]:
    """Yield each function at a root, with True, and in a filter, with False."""
    for block in document.blocks:
        if block.func is not None:
            yield block.func, True
        for call in leaves(block.directives.filter):
            yield call, False
    for node in _selections(document):
        for call in leaves(node.directives.filter):
            yield call, False


def _backward(document: Document) -> Iterator[str]:
    """Yield the predicates that are walked against their direction."""
    for node in _selections(document):
        if node.attr.startswith("~"):
            yield node.attr[1:]


def _selections(document: Document) -> Iterator[Selection]:
    pending: list[tuple[Child, ...]] = [each.children for each in document.fragments.values()]
    pending += [block.children for block in reversed(document.blocks)]
    while pending:
        for child in pending.pop():
            if isinstance(child, Selection):
                yield child
                if child.children:
                    pending.append(child.children)
