"""The lines in front of the alphas: what finds every alpha full waits its turn, fairly and not for ever."""

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from otterd.config.live import Live
from otterd.config.schema import Config
from otterd.core.fair import Fair
from otterd.core.slots import ALTER, LANES_SHED_FIRST, Lane, Slots
from otterd.core.steady import Steady
from otterd.errors import OtterError, Overloaded
from otterd.gateway.alarm import Alarm

EVERYWHERE: Final = "*"
"""Stands for all alphas in a lane of which the cluster takes one at a time."""


class Queued(Protocol):
    """A request that waits in a line."""

    lane: Lane

    def released(self) -> None:
        """Be told that there is room."""

    def refused(self, error: OtterError) -> None:
        """Be told that there was none; nothing was done."""

    def fits(self, address: str) -> bool:
        """Tell whether it may go there."""


def caps_of(config: Config) -> dict[Lane, int]:
    """Return how many requests of each lane one alpha carries at once."""
    return {
        Lane.READ: config.max_alpha_reads,
        Lane.WRITE: config.max_alpha_writes,
        Lane.COMMIT: config.max_alpha_commits,
        Lane.PASS: config.max_alpha_passed,
        # Two alters at once make Dgraph refuse one of them.
        Lane.ALTER: 1,
    }


class Lines:
    """One fair line for each lane."""

    def __init__(self, live: Live, alarm: Alarm, clock: Steady) -> None:
        self._live, self._alarm, self._clock = live, alarm, clock
        self._slots = Slots(caps_of(live.config))
        self._lines: dict[Lane, Fair[Queued]] = {lane: Fair() for lane in Lane}
        self._until: dict[Queued, float] = {}
        self.turned_away = dict.fromkeys(Lane, 0)
        live.watch(lambda old, new: self._slots.recap(caps_of(new)))

    def __len__(self) -> int:
        return len(self._until)

    def waiting(self, lane: Lane) -> int:
        """Return how many wait in `lane`."""
        return len(self._lines[lane])

    def oldest(self, lane: Lane) -> float | None:
        """Return since when the first in `lane` has waited, in seconds on the steady clock."""
        return self._lines[lane].oldest()

    def taken(self, lane: Lane, address: str) -> int:
        """Return how many of `lane` are under way on an alpha."""
        return self._slots.taken(lane, EVERYWHERE if lane is ALTER else address)

    def choose(self, lane: Lane, order: Sequence[str]) -> str | None:
        """Take a slot on the first alpha of `order` that has one; None when all are full."""
        slots = self._slots
        for address in order:
            if slots.take(lane, EVERYWHERE if lane is ALTER else address):
                return address
        return None

    def give(self, lane: Lane, address: str) -> None:
        """Give a slot back; the next in line that may use it is told, and those after it until one does."""
        self._slots.give(lane, EVERYWHERE if lane is ALTER else address)
        if self._until:
            self._offer(lane, address)

    def look(self, addresses: Iterable[str]) -> None:
        """Tell those in line that may go to one of `addresses`, where there may be more room than before."""
        for address in addresses:
            for lane, line in self._lines.items():
                if line:
                    self._offer(lane, address)

    def _offer(self, lane: Lane, address: str) -> None:
        slots, line = self._slots, self._lines[lane]
        key = EVERYWHERE if lane is ALTER else address
        # One that is told may go elsewhere, or wait for a leader instead; or come back, so there is a bound.
        for _ in range(len(line)):
            if not slots.free(lane, key):
                return
            queued = line.pop(lambda each: lane is ALTER or each.fits(address))
            if queued is None:
                return
            del self._until[queued]
            queued.released()

    def enter(self, queued: Queued, caller: str, deadline: float) -> None:
        """Put `queued` in line; it is told in any case, at the latest at `deadline`."""
        config, now = self._live.config, self._clock.seconds()
        if len(self._until) >= config.queue_limit and not self._make_room(queued.lane, caller):
            self.turned_away[queued.lane] += 1
            queued.refused(
                Overloaded("every alpha is busy, and so is the line in front of them", retry_after=1)
            )
            return
        self._lines[queued.lane].push(caller, queued, now)
        until = self._until[queued] = min(now + config.queue_timeout, deadline)
        self._alarm.at(until, lambda: self._late(queued, caller, until))

    def leave(self, queued: Queued, caller: str) -> None:
        """Take `queued` out of its line, if it is there."""
        if self._until.pop(queued, None) is not None:
            self._lines[queued.lane].remove(caller, queued)

    def _make_room(self, lane: Lane, caller: str) -> bool:
        """Turn away one that is worth less than what `caller` asks in `lane`; tell whether there was one."""
        for lesser in LANES_SHED_FIRST:
            if lesser is lane:
                # Who fills the line by asking much keeps nobody else out of it.
                why = "every alpha is busy, and requests of others wait"
                return self._lines[lane].exceeds(caller) and self._shed(lane, why)
            if self._shed(lesser, "every alpha is busy, and more urgent requests wait"):
                return True
        return False

    def _shed(self, lane: Lane, why: str) -> bool:
        shed = self._lines[lane].shed()
        if shed is None:
            return False
        del self._until[shed]
        self.turned_away[lane] += 1
        shed.refused(Overloaded(why, retry_after=1))
        return True

    def _late(self, queued: Queued, caller: str, until: float) -> None:
        # One that left, or came back since, is told elsewhere.
        if self._until.get(queued) == until:
            self.leave(queued, caller)
            self.turned_away[queued.lane] += 1
            queued.refused(Overloaded("every alpha was busy for too long", retry_after=1))
