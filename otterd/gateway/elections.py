"""Requests that wait for a group without a leader: held, not failed, and let go at a pace."""

from collections import deque
from dataclasses import dataclass
from typing import Protocol

from otterd.config.live import Live
from otterd.core.fair import Fair
from otterd.core.steady import Steady
from otterd.errors import OtterError, Overloaded
from otterd.gateway.alarm import Alarm
from otterd.gateway.outages import Outages, gone
from otterd.gateway.seams import Sight

PACE = 0.01
"""Seconds between two batches of requests that are let go."""
FIRST_BATCH = 8
"""Requests in the first batch; each next one is twice as large: a leader that just won is not overrun."""


class Held(Protocol):
    """A request that waits here."""

    @property
    def caller(self) -> str:
        """Return who asks: callers share the room."""

    def released(self) -> None:
        """Be told to try again."""

    def refused(self, error: OtterError) -> None:
        """Be told that the wait was in vain; nothing was done."""


@dataclass(slots=True, eq=False)
class _Wait:
    held: Held
    groups: frozenset[int]
    until: float
    best_effort: bool


class Elections(Outages):
    """Holds what needs a group that is out."""

    def __init__(self, live: Live, sight: Sight, alarm: Alarm, clock: Steady) -> None:
        super().__init__(live, sight, alarm, clock)
        self._waiting: dict[Held, _Wait] = {}
        self._room: Fair[Held] = Fair()
        self._ready: deque[_Wait] = deque()
        self._batch = FIRST_BATCH
        self._pumping = False
        self.held = self.released = self.expired = self.turned_away = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def oldest(self) -> float | None:
        """Return since when, in seconds on the steady clock, the first has waited; None when nobody does."""
        return self._room.oldest()

    def waiting(self) -> dict[int, int]:
        """Return how many wait for each group; one that needs several counts for each."""
        found = dict[int, int]()
        for wait in self._waiting.values():
            for group in wait.groups:
                found[group] = found.get(group, 0) + 1
        return found

    def hold(
        self, held: Held, groups: frozenset[int], since: float, deadline: float, *, best_effort: bool = False
    ) -> None:
        """Keep `held`, which first waited at `since`, until `groups` are back; it is told in any case."""
        config, now = self._live.config, self._clock.seconds()
        until = min(since + config.hold_timeout, deadline)
        if len(self._waiting) >= config.hold_limit and not self._make_room(held):
            self.turned_away += 1
            held.refused(Overloaded("too many requests wait for an election already", retry_after=1))
            return
        if until <= now:
            self._expire(held, groups)
            return
        self.held += 1
        wait = self._waiting[held] = _Wait(held, groups, until, best_effort)
        self._room.push(held.caller, held, now)
        self._alarm.at(until, lambda: self._over(wait))

    def _make_room(self, held: Held) -> bool:
        """Turn away the youngest request of the caller with most of them; tell whether there was one."""
        youngest = self._room.shed() if self._room.exceeds(held.caller) else None
        if youngest is None:
            return False
        del self._waiting[youngest]
        self.turned_away += 1
        youngest.refused(Overloaded("too many requests of this caller wait already", retry_after=1))
        return True

    def leave(self, held: Held) -> None:
        """Forget `held`: nobody waits for it any more."""
        if self._waiting.pop(held, None) is not None:
            self._room.remove(held.caller, held)

    def _take(self, wait: _Wait) -> bool:
        """Take `wait` out; tell whether it was there, and not another one of the same request."""
        if self._waiting.get(wait.held) is not wait:
            return False
        self.leave(wait.held)
        return True

    def look(self) -> None:
        """See anew which groups are out, and let go what need not wait any more."""
        super().look()
        self._free()

    def _free(self) -> None:
        out = {asked: self._out(best_effort=asked) for asked in (False, True)}
        ready = [wait for wait in self._waiting.values() if not wait.groups & out[wait.best_effort]]
        if not ready:
            return
        known = set(map(id, self._ready))
        self._ready.extend(wait for wait in ready if id(wait) not in known)
        if not self._pumping:
            self._pumping, self._batch = True, FIRST_BATCH
            self._pump()

    def _pump(self) -> None:
        left = self._batch
        while left and self._ready:
            wait = self._ready.popleft()
            if self._take(wait):
                left -= 1
                self.released += 1
                wait.held.released()
        self._batch *= 2
        self._pumping = bool(self._ready)
        if self._pumping:
            self._alarm.at(self._clock.seconds() + PACE, self._pump)

    def _over(self, wait: _Wait) -> None:
        if self._take(wait):
            self._expire(wait.held, wait.groups)

    def _expire(self, held: Held, groups: frozenset[int]) -> None:
        self.expired += 1
        held.refused(gone(groups))
