"""Which groups own most of what a request touches."""

from collections.abc import Iterable, Mapping
from typing import Final

from otterd.core.balance.ground import Groups

RESERVED: Final = "dgraph."
FIRST_GROUP: Final = 1
"""The group that owns the reserved predicates, also those that no map names yet."""


def owning_most(
    tablets: Iterable[str] | None, owners: Mapping[str, int], *, among: Groups | None = None
) -> Groups:
    """Return the groups that own most of `tablets`: several that own as many, () when none owns any.

    None stands for tablets that cannot be told. `among` leaves out all other groups.
    """
    if tablets is None:
        return ()
    weights: dict[int, int] = {}
    for tablet in tablets:
        group = owners.get(tablet)
        if group is None:
            if not _reserved(tablet):
                continue
            group = FIRST_GROUP
        weights[group] = weights.get(group, 0) + 1
    if among is not None:
        weights = {group: weight for group, weight in weights.items() if group in among}
    if len(weights) < 2:
        return tuple(weights)
    most = max(weights.values())
    return tuple(sorted(group for group, weight in weights.items() if weight == most))


def _reserved(tablet: str) -> bool:
    return tablet.partition("-")[2].startswith(RESERVED)
