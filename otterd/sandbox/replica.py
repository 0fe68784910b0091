"""One alpha as its cluster has it: whether it runs, how far it has applied, and what it knows by now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from otterd.sandbox.faults import Faults
from otterd.sandbox.schema import Schema
from otterd.sandbox.zero import Member

NOTICE = 2.0
"""Seconds without an echo after which the others call an alpha unhealthy."""

Schemas = Mapping[int, Schema]
"""By namespace."""


@dataclass(slots=True)
class Replica:
    """The alpha that zero knows as `member`.

    `applied`, `schemas` and `state` are what it had when they last stood still; None while it keeps up.
    `stopped_at` is since when it does nothing, in seconds of the cluster's clock.
    """

    member: Member
    faults: Faults = field(default_factory=Faults)
    applied: int | None = None
    schemas: Schemas | None = None
    state: dict[str, Any] | None = None
    stopped_at: float | None = None
    queries: int = 0
    proposals: int = 0

    @property
    def runs(self) -> bool:
        """Whether its process does anything."""
        return not self.faults.stopped

    @property
    def group(self) -> int:
        """The group that it is in."""
        return self.member.group

    def noticed(self, now: float) -> bool:
        """Tell whether the others know by `now` that it does nothing."""
        return self.stopped_at is not None and now - self.stopped_at >= NOTICE


def copied(schemas: Schemas) -> Schemas:
    """Return `schemas` as they are now."""
    return {
        namespace: replace(schema, predicates=dict(schema.predicates), types=dict(schema.types))
        for namespace, schema in schemas.items()
    }
