"""How many requests each alpha carries at once, by lane, below Dgraph's own cliffs."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from otterd.core.operation import HttpCall, Operation, Purpose


class Lane(StrEnum):
    """What is counted together on one alpha."""

    READ = "read"
    WRITE = "write"
    COMMIT = "commit"
    ALTER = "alter"
    """One at a time in the whole cluster."""
    PASS = "passed through"  # noqa: S105 -- no password
    """Passed through to the HTTP port, each on a connection of its own."""


READ: Final = Lane.READ
ALTER: Final = Lane.ALTER

_LANES: Final = {
    Purpose.MUTATION: Lane.WRITE,
    Purpose.UPSERT: Lane.WRITE,
    Purpose.ALTER: Lane.ALTER,
    Purpose.COMMIT: Lane.COMMIT,
    Purpose.LOGIN: Lane.COMMIT,
}

LANES_SHED_FIRST: Final = (Lane.PASS, Lane.READ, Lane.WRITE)
"""The order in which waiting requests give way; a commit gives way to nobody."""


def lane_of(operation: Operation) -> Lane:
    """Return the lane that `operation` takes."""
    if isinstance(operation.request, HttpCall) and operation.purpose not in _LANES:
        return Lane.PASS
    return _LANES.get(operation.purpose, READ)


class Slots:
    """Counts what is under way on each alpha; `caps` is the most by lane."""

    def __init__(self, caps: Mapping[Lane, int]) -> None:
        self._caps = dict(caps)
        self._taken: dict[Lane, dict[str, int]] = {lane: {} for lane in Lane}

    def recap(self, caps: Mapping[Lane, int]) -> None:
        """Count against other caps from now on."""
        self._caps = dict(caps)

    def free(self, lane: Lane, address: str) -> bool:
        """Tell whether one more may go there."""
        return self._taken[lane].get(address, 0) < self._caps[lane]

    def take(self, lane: Lane, address: str) -> bool:
        """Count one more, if there is room; tell whether there was."""
        taken = self._taken[lane]
        under_way = taken.get(address, 0)
        if under_way >= self._caps[lane]:
            return False
        taken[address] = under_way + 1
        return True

    def give(self, lane: Lane, address: str) -> None:
        """Count one less."""
        taken = self._taken[lane]
        left = taken.get(address, 0) - 1
        if left > 0:
            taken[address] = left
        else:
            taken.pop(address, None)

    def taken(self, lane: Lane, address: str) -> int:
        """Return how many are under way there."""
        return self._taken[lane].get(address, 0)
