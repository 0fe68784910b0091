"""A token bucket for each client, in a bounded table."""

import math
from collections import OrderedDict
from itertools import islice
from typing import Final

MOST_BUCKETS: Final = 65536
LOOKED_AT: Final = 8
SLACK: Final = 1e-9


class Rates:
    """Counts requests by key; a bucket is kept as the one moment when it will be full again.

    `rps` is requests a second, 0 for no limit; `burst` is how many may come at once, 0 for
    as many as `rps`. At most `most` buckets are kept: of the few least recently used one that
    is full goes first, for forgetting it changes nothing, else the eldest.
    """

    def __init__(self, rps: float, burst: int, most: int = MOST_BUCKETS) -> None:
        self._most = most
        self._full_at: OrderedDict[str, float] = OrderedDict()
        self._gap = 1 / rps if rps > 0 else 0.0
        self.limited = rps > 0
        self._room = self._gap * ((burst or max(1, math.ceil(rps))) - 1)

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, key: str, now: float) -> float:
        """Take one token at `now` and return 0.0, or the seconds until there is one."""
        if not self._gap:
            return 0.0
        known = self._full_at.get(key)
        # No bucket is ever emptier than empty, even when the clock was set back.
        full_at = now if known is None else min(max(known, now), now + self._room + self._gap)
        wait = full_at - now - self._room
        if wait > SLACK:
            self._full_at[key] = full_at
            return wait
        if known is None and len(self._full_at) >= self._most:
            self._evict(now)
        self._full_at[key] = full_at + self._gap
        self._full_at.move_to_end(key)
        return 0.0

    def _evict(self, now: float) -> None:
        oldest = list(islice(self._full_at.items(), LOOKED_AT))
        full = (key for key, full_at in oldest if full_at <= now)
        del self._full_at[next(full, oldest[0][0])]
