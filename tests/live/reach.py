"""Which cluster the live tests may use, and why there is none."""

import os
from dataclasses import dataclass

from tests.cluster import Address, binary

WHY_NOT = "no `dgraph` on the PATH and OTTER_TEST_ALPHAS is not set"


@dataclass(frozen=True, slots=True)
class Named:
    """A cluster that is not ours: never killed, never emptied, never reconfigured."""

    addresses: tuple[Address, ...]
    ours: bool = False


def named() -> Named | None:
    """Return the cluster that OTTER_TEST_ALPHAS names as `grpc=http,grpc=http`, or None."""
    text = os.environ.get("OTTER_TEST_ALPHAS", "").strip()
    if not text:
        return None
    pairs = [part.strip().split("=") for part in text.split(",")]
    return Named(tuple(Address(grpc, http) for grpc, http in pairs))


def reachable() -> bool:
    """Return whether live tests can run at all."""
    return binary() is not None or named() is not None
