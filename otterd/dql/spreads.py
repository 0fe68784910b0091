"""Fragments put in the place of their `...name`: which come where, how often, and how deep they nest."""

from collections.abc import Mapping

from otterd.dql.cursor import deepest
from otterd.dql.errors import DqlError, Unlike
from otterd.dql.scope import Scope

LARGEST = 100_000
"""How many selections a document may have with its fragments put in; an alpha has no limit."""


class Spreads:
    """Goes through the blocks of a document one after the other, as an alpha does."""

    def __init__(self, fragments: Mapping[str, Scope]) -> None:
        self._fragments = fragments
        self._entered: set[str] = set()
        self._depths: dict[str, int] = {}
        self._sizes: dict[str, int] = {}
        self._times: dict[str, int] = {}
        """How often the blocks name each; each stands behind those that it uses itself."""
        self._total = 0

    def enter(self, block: Scope) -> list[Scope]:
        """Return the fragments that no block before this one uses; raise for cycles and missing ones."""
        found = self._ordered(block)
        for name in found:
            scope = self._fragments[name]
            self._depths[name] = deepest(self._depth(scope))
            self._sizes[name] = scope.size + sum(self._sizes[inner] for inner, _ in scope.spreads)
            self._times[name] = 0
        block.depth = deepest(self._depth(block))
        for inner, _ in block.spreads:
            self._times[inner] += 1
            self._total += self._sizes[inner]
        if self._total > LARGEST:
            raise Unlike(f"more than {LARGEST} selections in one query", expected="fewer fragments")
        return [self._fragments[name] for name in found]

    def counts(self) -> list[tuple[Scope, int]]:
        """Return how often each fragment comes to stand in the blocks entered."""
        times = dict(self._times)
        for name in reversed(times):
            for inner, _ in self._fragments[name].spreads:
                times[inner] += times[name]
        return [(self._fragments[name], count) for name, count in times.items()]

    def _depth(self, scope: Scope) -> int:
        return max([scope.depth, *(at - 1 + self._depths[inner] for inner, at in scope.spreads)])

    def _ordered(self, block: Scope) -> list[str]:
        """Return the fragments first used by `block`, each behind those that it uses itself."""
        order: list[str] = []
        pending = [(name, False) for name, _ in reversed(block.spreads)]
        left = set(self._times)
        while pending:
            name, done = pending.pop()
            if done:
                left.add(name)
                order.append(name)
            elif name in left:
                continue
            elif name in self._entered:
                raise DqlError(f"Cycle detected: {name}", expected="fragments without a cycle")
            elif name not in self._fragments:
                raise DqlError(f"Missing fragment: {name}", expected="a fragment of that name")
            else:
                self._entered.add(name)
                pending.append((name, True))
                pending.extend((inner, False) for inner, _ in reversed(self._fragments[name].spreads))
        return order
