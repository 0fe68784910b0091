"""What a key of the configuration is made of: its kinds of value, and what is said of it."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any, NewType

Seconds = NewType("Seconds", float)
"""A length of time; written "30s", "1m30s", "250ms" or a plain number of seconds."""

Bytes = NewType("Bytes", int)
"""A size; written "4MiB", "64KiB" or a plain number of bytes."""

Secret = NewType("Secret", str)
"""Text that is never shown; `<key>_file` names a file to read it from instead."""

Cidrs = NewType("Cidrs", tuple[str, ...])
"""Networks such as "10.0.0.0/8"; a bare address counts as one host."""

Groups = Mapping[str, tuple[str, ...]]


class Balancer(StrEnum):
    """How an alpha is chosen."""

    ROUND_ROBIN = "round-robin"
    ROUND_ROBIN_HEALTHY = "round-robin-healthy"
    READS_AND_WRITES = "round-robin-on-RW"
    AVOID_LEADERS = "round-robin-avoid-leaders"
    LEADERS_ONLY = "round-robin-leaders-only"
    STATE_BASED = "state-based"
    DEFINED = "defined"
    PURPOSEFUL = "purposeful"

    @property
    def by_groups(self) -> bool:
        """Whether it takes its alphas from `groups`, and not from `dgraph_endpoints`."""
        return self in (Balancer.DEFINED, Balancer.PURPOSEFUL, Balancer.READS_AND_WRITES)


class Lend(StrEnum):
    """Who is lent the gateway's own ACL account outside dev mode."""

    TRUSTED = "trusted"
    EVERYONE = "everyone"


class Engine(StrEnum):
    """What speaks gRPC to the alphas."""

    GRPCIO = "grpcio"
    H2 = "h2"


class LogLevel(StrEnum):
    """The least serious lines that are written."""

    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"


def key(
    default: Any,
    says: str,
    *,
    section: str = "",
    live: bool = True,
    least: float | None = None,
    most: float | None = None,
) -> Any:
    """Declare a key: `says` is its one sentence; `live` means that a reload may change it.

    `section` starts a new heading in the documents; later keys stay under it. `least` and
    `most` bound a number, a size in bytes or a time in seconds, where its type alone says too little.
    """
    meta = {"says": says, "section": section, "live": live, "least": least, "most": most}
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=meta)
    return field(default=default, metadata=meta)
