"""The power of two choices: nearly as good as asking all who has least to do, and no stampede to that one."""

from collections.abc import Callable
from dataclasses import dataclass

Cost = Callable[[str], float]
"""How long a further request is likely to take at an address."""

Chance = Callable[[], float]
"""Draws a number from 0 up to, and without, 1."""

Pool = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tiers:
    """Alphas from the fittest to the least fit: one of the head is chosen; no tier is empty."""

    head: Pool
    others: tuple[Pool, ...] = ()


def arranged(tiers: Tiers, cost: Cost, chance: Chance) -> tuple[str, ...]:
    """Return all of `tiers`: the better of two of the head, then the cheapest first in each tier."""
    head, others = tiers.head, tiers.others
    if len(head) == 1:
        if not others:
            return head
        order = [*head]
    else:
        costs = {address: cost(address) for address in head}
        first = better_of_two(head, costs.__getitem__, chance)
        del costs[first]
        order = [first, *(sorted(costs, key=costs.__getitem__) if len(costs) > 1 else costs)]
    for tier in others:
        order += sorted(tier, key=cost) if len(tier) > 1 else tier
    return tuple(order)


def better_of_two(pool: Pool, cost: Cost, chance: Chance) -> str:
    """Return the cheaper of two different members of `pool` drawn by `chance`; the first drawn when equal."""
    size = len(pool)
    one = int(chance() * size)
    # For two there is nothing left to draw.
    other = 1 - one if size == 2 else (one + 1 + int(chance() * (size - 1))) % size
    first, second = pool[one], pool[other]
    return first if cost(first) <= cost(second) else second
