"""Which index serves a function, and in what buckets it keeps nodes."""

from __future__ import annotations

from otterd.sandbox.failures import Failed, unsupported
from otterd.sandbox.instants import Instant
from otterd.sandbox.schema import Predicate
from otterd.sandbox.store import View
from otterd.sandbox.values import Value

SORTABLE = frozenset(("int", "float", "year", "month", "day", "hour", "exact"))
LOSSY = frozenset(("float", "year", "month", "day", "hour", "term", "fulltext", "trigram", "ngram"))
_FINER = ("year", "month", "day", "hour")

Bucket = tuple[int, ...]


def picked(predicate: Predicate, function: str, place: str) -> str:
    """Return the index that answers `function`; raise Failed with Dgraph's words if none does.

    `place` is the predicate with its namespace, as Dgraph names it here.
    """
    if function != "eq":
        for name in predicate.tokenizers:
            if name in SORTABLE:
                return name
        raise Failed(f"Attribute:{place} does not have proper index for comparison")
    exact = [name for name in predicate.tokenizers if name not in LOSSY]
    other = [name for name in predicate.tokenizers if name != "trigram"]
    return (exact or other or list(predicate.tokenizers))[0]


def check_token(tokenizer: str, value: Value, place: str) -> None:
    """Refuse what the index cannot look up for equality."""
    if tokenizer == "trigram" and len(str(value.data)) > 3:
        raise Failed(f"Attribute {place} does not have a valid tokenizer.")
    if tokenizer in ("fulltext", "ngram", "trigram"):
        raise unsupported(f"eq with no index but {tokenizer}")


def bucket(tokenizer: str, value: Value) -> Bucket | None:
    """Return the sortable token of `value` in a lossy index of numbers or times; None for others."""
    data = value.data
    if tokenizer == "float" and isinstance(data, float):
        return (int(data),)
    if tokenizer == "int" and isinstance(data, int):
        return (data,)
    if tokenizer in _FINER and isinstance(data, Instant):
        at = Instant(data.ns).local
        return (at.year, at.month, at.day, at.hour)[: _FINER.index(tokenizer) + 1]
    return None


def buckets(view: View, pred: str, tokenizer: str) -> dict[Bucket, list[int]]:
    """Return the nodes of each token of an index of numbers or times, in order."""
    table: dict[Bucket, list[int]] = {}
    for uid, posting in view.scan(pred):
        key = bucket(tokenizer, posting.value) if posting.value is not None else None
        if key is not None:
            found = table.setdefault(key, [])
            if not found or found[-1] != uid:
                found.append(uid)
    return table
