"""Counters, gauges and histograms as plain lists of numbers, and their Prometheus text.

A hot path asks for its `cell` or `row` once, keeps it, and adds to it; nothing is looked
up by name while requests run.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

Labels = tuple[str, ...]

T = TypeVar("T", bound="Family")

SERIES = 4000
"""Most label combinations of one family; further ones are counted together as "other"."""


def _series(cells: dict[Labels, list[float]], labels: Labels, names: Labels, size: int) -> list[float]:
    """Return the numbers kept for `labels`, made when they are new."""
    found = cells.get(labels)
    if found is None:
        if len(labels) != len(names):
            raise ValueError(f"expected the labels {names}")
        if len(cells) >= SERIES:
            labels = ("other",) * len(names)
        found = cells.setdefault(labels, [0] * size)
    return found


def _shown(names: Labels, values: Labels, more: str = "") -> str:
    pairs = [f'{name}="{_escape(value)}"' for name, value in zip(names, values, strict=True)]
    if more:
        pairs.append(more)
    return "{" + ",".join(pairs) + "}" if pairs else ""


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


class Family:
    """One metric name and its series; `says` is its help sentence."""

    kind = ""

    def __init__(self, name: str, says: str, labels: Labels = ()) -> None:
        self.name = name
        self.says = says
        self.labels = labels
        self.cells: dict[Labels, list[float]] = {}

    def forget(self, label: str, gone: Callable[[str], bool]) -> None:
        """Drop the series whose value of `label` is `gone`."""
        if label in self.labels:
            at = self.labels.index(label)
            self.cells = {key: cell for key, cell in self.cells.items() if not gone(key[at])}

    def lines(self) -> Iterator[str]:
        """Yield the head and then each series, whole."""
        yield f"# HELP {self.name} {self.says}\n# TYPE {self.name} {self.kind}\n"
        for labels, cell in list(self.cells.items()):
            yield self.line(labels, cell)

    def line(self, labels: Labels, cell: list[float]) -> str:
        """Return the text of one series."""
        return f"{self.name}{_shown(self.labels, labels)} {cell[0]}\n"


class Counter(Family):
    """A number that only grows."""

    kind = "counter"

    def cell(self, *labels: str) -> list[float]:
        """Return the list whose one number is the count for `labels`."""
        return _series(self.cells, labels, self.labels, 1)

    def add(self, amount: float = 1, *labels: str) -> None:
        """Add `amount`."""
        self.cell(*labels)[0] += amount


class Gauge(Family):
    """A number that comes and goes; set, or read by a callback when it is shown."""

    kind = "gauge"

    def __init__(self, name: str, says: str, labels: Labels = ()) -> None:
        super().__init__(name, says, labels)
        self._readers: dict[Labels, Callable[[], float]] = {}
        self._source: Callable[[], Iterable[tuple[Labels, float]]] | None = None

    def set(self, value: float, *labels: str) -> None:
        """Set the number for `labels`."""
        _series(self.cells, labels, self.labels, 1)[0] = value

    def read(self, reader: Callable[[], float], *labels: str) -> None:
        """Ask `reader` for the number for `labels` each time it is shown."""
        self._readers[labels] = reader

    def read_all(self, source: Callable[[], Iterable[tuple[Labels, float]]]) -> None:
        """Ask `source` for all labels and numbers each time they are shown."""
        self._source = source

    def lines(self) -> Iterator[str]:
        """Read the callbacks one at a time, between the lines."""
        yield from super().lines()
        for labels, value in list(self._source() if self._source else ()):
            yield self.line(labels, [value])
        for labels, reader in list(self._readers.items()):
            yield self.line(labels, [reader()])


class Read(Gauge):
    """A growing number that is kept elsewhere and read when it is shown."""

    kind = "counter"


class Histogram(Family):
    """Counts of values by size. A row holds a count for each bound, one above, and the sum."""

    kind = "histogram"

    def __init__(self, name: str, says: str, bounds: Sequence[float], labels: Labels = ()) -> None:
        super().__init__(name, says, labels)
        self.bounds = tuple(bounds)

    def row(self, *labels: str) -> list[float]:
        """Return the row for `labels`; add to it by `observe_in`."""
        return _series(self.cells, labels, self.labels, len(self.bounds) + 2)

    def observe_in(self, row: list[float], value: float) -> None:
        """Count `value` in `row`."""
        row[bisect_left(self.bounds, value)] += 1
        row[-1] += value

    def observe(self, value: float, *labels: str) -> None:
        """Count `value`."""
        self.observe_in(self.row(*labels), value)

    def line(self, labels: Labels, cell: list[float]) -> str:
        """Return the buckets, sum and count of one series."""
        below: float = 0
        shown = []
        for bound, count in zip((*self.bounds, "+Inf"), cell, strict=False):
            below += count
            bucket = _shown(self.labels, labels, f'le="{bound}"')
            shown.append(f"{self.name}_bucket{bucket} {below}\n")
        own = _shown(self.labels, labels)
        shown.append(f"{self.name}_sum{own} {cell[-1]}\n{self.name}_count{own} {below}\n")
        return "".join(shown)


class Registry:
    """Every family, in the order in which it is shown."""

    def __init__(self) -> None:
        self.families: dict[str, Family] = {}

    def counter(self, name: str, says: str, labels: Labels = ()) -> Counter:
        """Add a counter; its name ends in `_total`."""
        return self._add(Counter(name, says, labels))

    def gauge(self, name: str, says: str, labels: Labels = ()) -> Gauge:
        """Add a gauge."""
        return self._add(Gauge(name, says, labels))

    def read(self, name: str, says: str, labels: Labels = ()) -> Read:
        """Add a counter that callbacks read."""
        return self._add(Read(name, says, labels))

    def histogram(self, name: str, says: str, bounds: Sequence[float], labels: Labels = ()) -> Histogram:
        """Add a histogram with these upper `bounds`."""
        return self._add(Histogram(name, says, bounds, labels))

    def pieces(self) -> Iterator[str]:
        """Yield the whole text in small pieces; numbers may move on between two of them."""
        for family in list(self.families.values()):
            yield from family.lines()

    def _add(self, family: T) -> T:
        if family.name in self.families:
            raise ValueError(f"{family.name} is there already")
        self.families[family.name] = family
        return family
