"""A second call for a read that waits: best-effort for who is content with that, or a hedge."""

from typing import Final, Protocol

from otterd.core.balance import Ask
from otterd.core.judge import Kind
from otterd.core.operation import Door, Operation, Purpose, Rpc
from otterd.core.slots import Lane
from otterd.gateway.legs import Leg, Why
from otterd.gateway.shared import Shared

PATIENCE: Final = 0.25
"""Seconds that a read waits for a fresh answer before an old one is sought."""
NEXT: Final = 0.05
"""Seconds after which, without an answer, the next survivor is asked as well."""
MOST_STALE: Final = 3
"""Most best-effort calls of one request at a time."""
MOMENT: Final = 0.05
"""Seconds within which two alphas were heard of at the same time."""


class Waiting(Protocol):
    """The read that waits."""

    operation: Operation
    ask: Ask
    kind: Kind
    lane: Lane
    began: float
    deadline: float
    heard: bool

    @property
    def over(self) -> bool:
        """Whether the caller has been answered."""

    @property
    def legs(self) -> list[Leg]:
        """The calls under way."""

    @property
    def untried(self) -> tuple[str, ...]:
        """The alphas that it may still go to, the best first."""

    def call(self, address: str, why: Why, now: float, staleness: float = 0.0) -> None:
        """Call an alpha on which a slot was taken."""


def stale_bound(operation: Operation, most: float) -> float | None:
    """Return how many seconds old the answer to `operation` may be, None when it must be fresh.

    `most` is what the file allows without being asked, for `ro` and WebSocket queries only.
    """
    if operation.start_ts or operation.purpose is not Purpose.QUERY or operation.best_effort:
        return None
    if not isinstance(operation.request, Rpc) or operation.request.method != "Query" or operation.writes:
        return None
    if operation.max_stale is not None:
        return operation.max_stale or None
    if most and (operation.read_only or operation.caller.door is Door.WEBSOCKET):
        return most
    return None


def second_for(read: Waiting, shared: Shared) -> "Second | None":
    """Return what watches over `read`, None when it must have one fresh answer and no hedge."""
    config = shared.live.config
    if not (config.hedge or config.max_stale or read.operation.max_stale is not None):
        return None
    if read.kind is not Kind.READ or read.operation.target:
        return None
    bound = stale_bound(read.operation, config.max_stale)
    # A second alpha might miss what the transaction wrote at the first.
    if bound is None and (not config.hedge or read.operation.start_ts):
        return None
    return Second(read, shared, bound)


class Second:
    """Watches over one read. `bound` is how old an answer may be, in seconds, None when it must be fresh."""

    def __init__(self, read: Waiting, shared: Shared, bound: float | None) -> None:
        self._read, self._shared, self._bound = read, shared, bound
        self._asked: set[str] = set()
        if bound is not None:
            shared.alarm.at(read.began + PATIENCE, self._grow_impatient)
        if shared.live.config.hedge and shared.tally.slow is not None:
            shared.alarm.at(read.began + shared.tally.slow, self._hedge)

    def allows(self, age: float) -> bool:
        """Tell whether an answer may be `age` seconds old."""
        return self._bound is not None and age <= self._bound

    def look(self) -> None:
        """Ask the next survivor, if one knows enough."""
        read, shared = self._read, self._shared
        if read.over or not read.heard or self._bound is None:
            return
        now = shared.clock.seconds()
        if sum(leg.stale for leg in read.legs) >= MOST_STALE:
            return
        found = self._survivor(now)
        if found is None:
            return
        address, staleness = found
        if shared.elections.plods(read.ask) and not shared.budget.spend(now):
            # Nothing is wrong but that there is much to do.
            return
        if shared.lines.choose(read.lane, (address,)) is None:
            return
        self._asked.add(address)
        shared.tally.stale_asked += 1
        read.call(address, Why.STALE, now, staleness)

    def _grow_impatient(self) -> None:
        read, shared = self._read, self._shared
        if read.over or not read.heard:
            return
        self.look()
        if not read.over:
            shared.alarm.at(shared.clock.seconds() + NEXT, self._grow_impatient)

    def _survivor(self, now: float) -> tuple[str, float] | None:
        """Return the alpha to ask and how old its answer may be: one that was heard of last."""
        shared, sight, read = self._shared, self._shared.sight, self._read
        busy = {leg.address for leg in read.legs}
        groups = shared.elections.needed(read.ask)
        found: dict[str, float] = {}
        for address in shared.placing.policy.members(read.operation.purpose):
            if address in self._asked or sight.silent(address):
                continue
            staleness = sight.staleness(address)
            if staleness is not None and staleness <= (self._bound or 0.0):
                found[address] = staleness
        if not found:
            return None
        newest = max(map(sight.heard_at, found))
        costs = dict(zip(found, sight.costs_of(tuple(found)), strict=True))

        def rank(address: str) -> tuple[bool, bool, int, bool, float]:
            own = not groups or sight.map.group_of.get(address) in groups
            # Those of which was heard at the same time share what comes in a heap.
            late = int((newest - sight.heard_at(address)) / MOMENT)
            return address not in sight.usable, not own, late, address in busy, costs[address]

        best = min(found, key=rank)
        return best, found[best]

    def _hedge(self) -> None:
        read, shared = self._read, self._shared
        if read.over or not read.heard or len(read.legs) != 1 or not read.untried:
            return
        now = shared.clock.seconds()
        others = tuple(each for each in read.untried if each != read.legs[0].address)
        if not others or not shared.hedges.spend(now):
            return
        address = shared.lines.choose(read.lane, others)
        if address is not None:
            shared.tally.hedged += 1
            read.call(address, Why.HEDGE, now)
