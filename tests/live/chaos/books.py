"""What became of every write and every read of a storm."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

UNKNOWN = "outcome unknown"
"""How the text begins with which Otter says that a write may or may not have been applied."""

SEPARATOR = "-"
"""Stands in a mark after the name of its storm."""


class Gauge:
    """A count that can be waited for."""

    def __init__(self) -> None:
        self.count = 0
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []

    def add(self) -> None:
        """Count one more."""
        self.count += 1
        while self._waiting and self._waiting[0][0] <= self.count:
            self._waiting.pop(0)[1].set_result(None)

    async def more(self, number: int) -> None:
        """Wait until `number` more have been counted."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((self.count + number, done))
        self._waiting.sort(key=lambda each: each[0])
        await done


@dataclass
class Reads:
    """The reads of one kind: those answered, those of them marked stale, and what failed."""

    fine: Gauge = field(default_factory=Gauge)
    stale: Gauge = field(default_factory=Gauge)
    refused: Gauge = field(default_factory=Gauge)
    failed: Counter[str] = field(default_factory=Counter)

    def record(self, error: str | None, *, stale: bool) -> None:
        """Note the end of one."""
        if error is None:
            self.fine.add()
        else:
            self.failed[error] += 1
            self.refused.add()
        if stale:
            self.stale.add()


@dataclass
class Books:
    """What became of each write, by its mark, and of the reads, by their kind."""

    acknowledged: set[str] = field(default_factory=set)
    unknown: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    unanswered: dict[str, str] = field(default_factory=dict)
    reads: dict[str, Reads] = field(default_factory=dict)
    writes: Gauge = field(default_factory=Gauge)
    acknowledgements: dict[str, Gauge] = field(default_factory=dict)
    """By predicate."""

    def wrote(self, predicate: str, mark: str, error: str | None) -> None:
        """Note the answer to one write."""
        if error is None:
            self.acknowledged.add(mark)
            self.acknowledged_in(predicate).add()
        elif error.startswith(UNKNOWN):
            self.unknown[mark] = error
        else:
            self.refused[mark] = error
        self.writes.add()

    def acknowledged_in(self, predicate: str) -> Gauge:
        """Return the count of acknowledged writes to one predicate."""
        return self.acknowledgements.setdefault(predicate, Gauge())

    def reads_of(self, kind: str) -> Reads:
        """Return the books of one kind of read."""
        return self.reads.setdefault(kind, Reads())

    def failed(self) -> dict[str, Counter[str]]:
        """Return what failed, by kind of read."""
        return {kind: reads.failed for kind, reads in self.reads.items() if reads.failed}

    def summary(self) -> str:
        """Return the counts in one line."""
        reads = sum(each.fine.count for each in self.reads.values())
        stale = sum(each.stale.count for each in self.reads.values())
        return (
            f"{self.writes.count} writes: {len(self.acknowledged)} acknowledged, {len(self.unknown)} unknown,"
            f" {len(self.refused)} refused; {reads} reads, {stale} stale"
        )

    def hold_against(self, found: Counter[str]) -> None:
        """Compare with the marks `found` in the database, where other storms left theirs.

        Raises AssertionError where a promise was broken.
        """
        mine = {mark.partition(SEPARATOR)[0] for mark in (*self.acknowledged, *self.unknown, *self.refused)}
        found = Counter({mark: n for mark, n in found.items() if mark.partition(SEPARATOR)[0] in mine})
        assert {mark: times for mark, times in found.items() if times > 1} == {}
        assert self.unanswered == {}
        lost = self.acknowledged - found.keys()
        assert lost == set(), f"{len(lost)} acknowledged writes are not there"
        applied = {mark: error for mark, error in self.refused.items() if mark in found}
        assert applied == {}, "writes of which was said that they failed are there"
        assert found.keys() <= self.acknowledged | self.unknown.keys()
