"""The power of two choices: nearly as good as asking all who has least to do, and no stampede to that one."""

from collections.abc import Callable
from dataclasses import dataclass

Costs = Callable[[tuple[str, ...]], list[float]]
"""How long a further request is likely to take at each of some addresses, in their order."""

Chance = Callable[[], float]
"""Draws a number from 0 up to, and without, 1."""

Pool = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tiers:
    """Alphas from the fittest to the least fit: one of the head is chosen; no tier is empty."""

    head: Pool
    others: tuple[Pool, ...] = ()


def arranged(tiers: Tiers, costs_of: Costs, chance: Chance) -> tuple[str, ...]:
    """Return all of `tiers`: the better of two of the head, then the cheapest first in each tier.

    The two are different ones that are drawn by `chance`; when they cost the same it is the first drawn.
    """
    head = tiers.head
    size = len(head)
    if size > 1:
        costs = costs_of(head)
        first = int(chance() * size)
        # For two there is nothing left to draw.
        other = 1 - first if size == 2 else (first + 1 + int(chance() * (size - 1))) % size
        if costs[other] < costs[first]:
            first, other = other, first
        if size == 2:
            head = (head[first], head[other])
        elif size == 3:
            # As most clusters have it; the same as below, without a sort.
            last = 3 - first - other
            if (costs[last], last) < (costs[other], other):
                last, other = other, last
            head = (head[first], head[other], head[last])
        else:
            behind = sorted(range(size), key=costs.__getitem__)
            behind.remove(first)
            head = (head[first], *[head[at] for at in behind])
    for tier in tiers.others:
        head += _cheapest_first(tier, costs_of) if len(tier) > 1 else tier
    return head


def _cheapest_first(tier: Pool, costs_of: Costs) -> Pool:
    costs = costs_of(tier)
    return tuple([tier[at] for at in sorted(range(len(tier)), key=costs.__getitem__)])
