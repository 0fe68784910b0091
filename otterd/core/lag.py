"""How old what an alpha knows may be, told by the timestamps that the alphas have applied.

An alpha has caught up with a moment when it has applied at least as much as every alpha had when
it was asked at that moment or after.
"""

from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from math import inf

KEPT = 60.0
"""Seconds for which what an alpha told is kept; who is further behind is behind without measure."""

GONE = 15.0
"""Seconds after its last word for which a silent alpha still counts while most are heard: an election
is over by then, and what the silent one alone had told is known to the others. While most are silent they
may go on without those that are heard, which learn nothing any more."""


@dataclass(slots=True)
class _Told:
    """What one alpha told: (when it was asked, what it had applied), the oldest first."""

    words: deque[tuple[float, int]] = field(default_factory=deque)

    def add(self, asked: float, applied: int) -> None:
        words = self.words
        while words and words[0][0] < asked - KEPT:
            words.popleft()
        # Of equal ones only the last matters: the last moment at which it was no more.
        if words and words[-1][1] == applied:
            words.pop()
        words.append((asked, applied))

    def reached(self, applied: int) -> float:
        """Return the last moment at which it had told of no more than `applied`, -inf when unknown."""
        last = -inf
        for asked, had in self.words:
            if had > applied:
                break
            last = asked
        return last


class Lag:
    """Remembers what each alpha had applied when it was asked; times in seconds on one clock."""

    def __init__(self) -> None:
        self._told: dict[str, _Told] = {}
        self._watched = 0

    def told(self, address: str, asked: float, applied: int) -> None:
        """Take in that an alpha asked at `asked` had applied all up to the timestamp `applied`."""
        self._told.setdefault(address, _Told()).add(asked, applied)
        self._watched = max(self._watched, len(self._told))

    def keep(self, addresses: Collection[str]) -> None:
        """Forget all alphas but `addresses`, which are all there are."""
        self._watched = len(addresses)
        self._told = {address: told for address, told in self._told.items() if address in addresses}

    def staleness(self, address: str, now: float) -> float | None:
        """Return how many seconds old, at most, what this alpha knows is; None when it cannot be told."""
        heard = [other for other, told in self._told.items() if told.words[-1][0] >= now - GONE]
        peers = heard if 2 * len(heard) > self._watched else list(self._told)
        if address not in heard or 2 * len(peers) <= self._watched:
            return None
        moment = self._caught_up(address, peers)
        return None if moment == -inf else max(now - moment, 0.0)

    def behind(self, address: str, peers: Iterable[str]) -> float:
        """Return how many seconds this alpha is behind what it could know of `peers`; inf when too far."""
        known = [peer for peer in peers if peer in self._told]
        if address not in self._told:
            return 0.0
        newest = min((self._told[peer].words[-1][0] for peer in known), default=0.0)
        return max(newest - self._caught_up(address, known), 0.0)

    def _caught_up(self, address: str, peers: Iterable[str]) -> float:
        """Return the last moment up to which the alpha knows what each of `peers` had told."""
        asked, applied = self._told[address].words[-1]
        return min((self._told[peer].reached(applied) for peer in peers if peer != address), default=asked)
