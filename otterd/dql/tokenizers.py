"""The indexes that Dgraph knows by itself: for which type each is, and which can sort."""

from otterd.dql.golang import Misread, integer

TOKENIZERS = {
    "term": "string",
    "exact": "string",
    "hash": "string",
    "fulltext": "string",
    "trigram": "string",
    "ngram": "string",
    "sha256": "string",
    "year": "datetime",
    "month": "datetime",
    "day": "datetime",
    "hour": "datetime",
    "int": "int",
    "float": "float",
    "bool": "bool",
    "bigfloat": "bigfloat",
    "geo": "geo",
}
"""Tokenizer -> the type of predicate that it is for."""

SORTABLE = frozenset(("exact", "year", "month", "day", "hour", "int", "float", "bigfloat"))
VECTOR_INDEXES = frozenset(("hnsw",))
TYPES = frozenset(
    (
        "default",
        "binary",
        "int",
        "float",
        "bool",
        "datetime",
        "geo",
        "uid",
        "string",
        "password",
        "bigfloat",
        "float32vector",
    )
)
NEVER_INDEXED = frozenset(("uid", "default", "password"))

_COUNTS = frozenset(("exponent", "maxLevels", "efConstruction", "efSearch"))
_METRICS = frozenset(("euclidean", "cosine", "dotproduct"))


def flaw_of_option(name: str, value: str) -> str:
    """Return why a vector index has no option `name` with `value`, or nothing."""
    if name == "metric":
        return "" if value in _METRICS else f"Can't create a vector index for {value}"
    if name not in _COUNTS:
        return f"option {name} is not allowed!"
    try:
        integer(value, 10)
    except Misread as wrong:
        return str(wrong).replace("ParseInt", "Atoi")
    return ""
