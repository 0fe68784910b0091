"""The seam between an alpha and its query engine: what is asked of a view, and what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from otterd.sandbox.schema import Schema
from otterd.sandbox.store import View
from otterd.sandbox.values import Value


@dataclass(slots=True, frozen=True)
class Question:
    """A query document and its variables; `needed` are the query variables that a mutation uses."""

    text: str
    variables: Mapping[str, str] = field(default_factory=dict)
    needed: frozenset[str] = frozenset()
    debug: bool = False
    rdf: bool = False


@dataclass(slots=True, frozen=True)
class Result:
    """What a query found: its `json` or `rdf`, the `needed` variables, and `num_uids` by predicate.

    A uid variable is in `uids` (empty when it found nothing), a value variable in `values` by node; an
    aggregate's is under node 0. `num_uids` includes `_total`.
    """

    json: bytes = b""
    rdf: bytes = b""
    uids: Mapping[str, list[int]] = field(default_factory=dict)
    values: Mapping[str, Mapping[int, Value]] = field(default_factory=dict)
    num_uids: Mapping[str, int] = field(default_factory=dict)


class Engine(Protocol):
    """Whoever answers questions; raises Failed with Dgraph's words, or `unsupported`."""

    def __call__(self, view: View, schema: Schema, question: Question) -> Result:
        """Answer `question` from `view`."""
