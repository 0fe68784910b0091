"""Predicates that no group owns yet: the group of the alpha that first writes one will own it."""

from collections.abc import Collection, Iterable

from otterd.core.cluster import UNCHARTED, Group, Map


class Newcomers:
    """Finds the group with least data for new predicates, and remembers it until a map can tell.

    What was placed counts as if the group had grown already, so that many new ones spread over the groups.
    A placement is forgotten when a map confirms it, or when the second one does not; `most` are held.
    """

    def __init__(self, most: int = 1_000) -> None:
        self._half = most // 2
        self._map: Map = UNCHARTED
        self._young: dict[str, int] = {}
        self._old: dict[str, int] = {}
        self._coming: dict[int, int] = {}
        """How many are placed in each group."""

    def find(self, tablets: Iterable[str], charted: Map, among: Iterable[int]) -> int:
        """Return the group of `among` that is to own `tablets`, which are new; 0 when there is none."""
        if charted is not self._map:
            self._map = charted
            self._age(
                {tablet: group for tablet, group in self._young.items() if tablet not in charted.owners}
            )
        choices = {group: charted.groups[group] for group in among if group in charted.groups}
        if not choices:
            return 0
        placed = [group for tablet in tablets if (group := self._placed(tablet)) in choices]
        if placed:
            return max(placed, key=lambda group: (placed.count(group), -group))
        groups = choices.values()
        mean = sum(group.size for group in groups) / max(1, sum(group.tablets for group in groups))
        return min(groups, key=lambda group: self._burden(group, mean)).id

    def place(self, tablets: Collection[str], group: int) -> None:
        """Remember that `tablets` are on their way to `group`."""
        if len(self._young) + len(tablets) > self._half:
            self._age(self._young)
        if len(tablets) > self._half:
            return
        for tablet in tablets:
            known = self._placed(tablet)
            self._old.pop(tablet, None)
            self._young[tablet] = group
            if known != group:
                self._coming[group] = self._coming.get(group, 0) + 1
            if known not in (0, group):
                self._coming[known] -= 1

    def _placed(self, tablet: str) -> int:
        return self._young.get(tablet) or self._old.get(tablet, 0)

    def _burden(self, group: Group, mean: float) -> tuple[float, int, int]:
        """Return what the group has and will have, in bytes and tablets; its number breaks ties."""
        coming = self._coming.get(group.id, 0)
        return group.size + coming * mean, group.tablets + coming, group.id

    def _age(self, kept: dict[str, int]) -> None:
        """Let `kept` be the old ones, and forget those that were."""
        self._old, self._young, self._coming = kept, {}, {}
        for group in kept.values():
            self._coming[group] = self._coming.get(group, 0) + 1
