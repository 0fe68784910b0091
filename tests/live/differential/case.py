"""What one entry of the tables says: a request, or several that build on each other."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

JSON = "application/json"
RDF = "application/rdf"
DQL = "application/dql"


@dataclass(frozen=True, slots=True)
class Step:
    """One request. `$P.` is the prefix of the predicates, `$MARK` a text of this run's own.

    `$TS`, `$HASH`, `$KEYS`, `$PREDS`, `$TOKEN` and `$REFRESH` are what earlier answers gave.
    `alpha` says which alpha is asked when Otter is not; `direct` is what that one is sent
    where Otter has a form of its own.
    """

    target: str
    body: bytes = b""
    kind: str | None = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"
    alpha: int = 0
    direct: "Step | None" = None


@dataclass(frozen=True, slots=True)
class Case:
    """Steps with a name; `verbatim` says that Otter leaves (the first of) them to an alpha's HTTP port."""

    name: str
    steps: tuple[Step, ...]
    verbatim: bool = False


def one(name: str, target: str, body: bytes | str = b"", kind: str | None = JSON, **more: Any) -> Case:
    """Make a case of one request."""
    data = body.encode() if isinstance(body, str) else body
    verbatim = more.pop("verbatim", False)
    return Case(name, (Step(target, data, kind, **more),), verbatim)


def query(name: str, text: str, params: str = "", **more: Any) -> Case:
    """Make a case of one DQL query."""
    return one(name, "/query" + params, text, DQL, **more)


def asked(name: str, value: Any, params: str = "", **more: Any) -> Case:
    """Make a case of one query in JSON."""
    return one(name, "/query" + params, json.dumps(value), JSON, **more)


def change(name: str, value: Any, params: str = "?commitNow=true", **more: Any) -> Case:
    """Make a case of one mutation in JSON."""
    return one(name, "/mutate" + params, json.dumps(value, ensure_ascii=False), JSON, **more)


def rdf(name: str, text: str, params: str = "?commitNow=true", **more: Any) -> Case:
    """Make a case of one mutation in RDF."""
    return one(name, "/mutate" + params, text, RDF, **more)
