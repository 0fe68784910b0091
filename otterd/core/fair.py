"""A bounded line in which callers take turns, so that one that asks much keeps nobody else waiting."""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Fair(Generic[T]):
    """First come first served among one caller's items; the callers in turn."""

    def __init__(self) -> None:
        self._lines: OrderedDict[str, deque[tuple[float, T]]] = OrderedDict()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def push(self, caller: str, item: T, now: float) -> None:
        """Put `item` at the end of the caller's line; `now` is in seconds."""
        line = self._lines.get(caller)
        if line is None:
            line = self._lines[caller] = deque()
        line.append((now, item))
        self._length += 1

    def pop(self, fits: Callable[[T], bool] = lambda item: True) -> T | None:
        """Take the first item of the next caller whose first one `fits`; None when none does.

        Who is passed over keeps its place, lest those who fit everywhere go before it for ever.
        """
        for caller, line in self._lines.items():
            if fits(line[0][1]):
                return self._take(caller, 0)
        return None

    def shed(self) -> T | None:
        """Take the youngest item of the caller with the longest line; None when all is empty."""
        if not self._lines:
            return None
        longest = max(self._lines, key=lambda caller: len(self._lines[caller]))
        return self._take(longest, -1)

    def exceeds(self, caller: str) -> bool:
        """Tell whether someone has a line that stays the longer one when `caller` takes a place of it."""
        own = len(self._lines.get(caller, ()))
        if self._length - len(self._lines) <= own:
            # Not even if all others had a single place each.
            return False
        return max(map(len, self._lines.values()), default=0) > own + 1

    def remove(self, caller: str, item: T) -> bool:
        """Take `item` out; tell whether it was there."""
        line = self._lines.get(caller, ())
        for at, (_, waiting) in enumerate(line):
            if waiting is item:
                self._take(caller, at)
                return True
        return False

    def oldest(self) -> float | None:
        """Return since when, in seconds, the first of all has waited; None when nobody waits."""
        return min((line[0][0] for line in self._lines.values()), default=None)

    def __iter__(self) -> Iterator[T]:
        for line in list(self._lines.values()):
            for _, item in list(line):
                yield item

    def _take(self, caller: str, at: int) -> T:
        line = self._lines[caller]
        _, item = line[at]
        del line[at]
        self._length -= 1
        if line:
            self._lines.move_to_end(caller)
        else:
            del self._lines[caller]
        return item
