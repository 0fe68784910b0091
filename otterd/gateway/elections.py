"""Requests that wait for a group without a leader: held, not failed, and let go at a pace."""

from collections import deque
from dataclasses import dataclass
from math import inf
from typing import Protocol

from twisted.logger import Logger

from otterd.config.live import Live
from otterd.core.balance import Ask
from otterd.core.cluster import Group
from otterd.core.fair import Fair
from otterd.core.judge import Verdict
from otterd.core.operation import DATA, Operation, Purpose
from otterd.core.steady import Steady
from otterd.errors import OtterError, Overloaded, Unavailable
from otterd.gateway.alarm import Alarm
from otterd.gateway.seams import Sight

log = Logger()

PACE = 0.01
"""Seconds between two batches of requests that are let go."""
FIRST_BATCH = 8
"""Requests in the first batch; each next one is twice as large: a leader that just won is not overrun."""
DOUBT = 0.5
"""Seconds for which a group is taken to be away because one request said so."""
HUNG = 0.5
"""Seconds an alpha must have taken over a request for its answer to tell that an election is over."""

LONGEST = 8.0
"""Seconds within which most of a group elect a leader (6.6 were measured): one that still leads then
is alive, and only Otter cannot reach it."""

WRITES = frozenset((Purpose.MUTATION, Purpose.UPSERT))

CUT_OFF = frozenset((Verdict.CUT_OFF, Verdict.GROUP_AWAY))

SLOW = 0.25
"""Seconds beyond which a good answer was a slow one."""
LATELY = 0.5
"""Seconds for which a slow answer tells that its group is alive."""

SOME = 0
"""Stands for a group that nobody named; there is none with this number."""

NONE: frozenset[int] = frozenset()


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


class Elections:
    """Knows which groups are away or without a leader, and holds what needs them."""

    def __init__(self, live: Live, sight: Sight, alarm: Alarm, clock: Steady) -> None:
        self._live, self._sight, self._alarm, self._clock = live, sight, alarm, clock
        self._away: frozenset[int] = NONE
        self._leaderless: frozenset[int] = NONE
        self._doubted: dict[int, tuple[float, bool]] = {}
        self._back: dict[int, str] = {}
        self._lost: dict[int, tuple[str, float]] = {}
        self._plodding: dict[int, float] = {}
        self._waiting: dict[Held, _Wait] = {}
        self._room: Fair[Held] = Fair()
        self._ready: deque[_Wait] = deque()
        self._batch = FIRST_BATCH
        self._pumping = False
        self.held = self.released = self.expired = self.turned_away = 0
        sight.watch(self.look)

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

    @property
    def troubled(self) -> frozenset[int]:
        """The groups that requests are held for."""
        return self._away | self._leaderless | frozenset(self._doubted)

    def lacking(self, operation: Operation, ask: Ask) -> frozenset[int]:
        """Return the groups that `operation` needs and that cannot serve it now."""
        if not (self._away or self._leaderless or self._doubted) or ask.purpose not in DATA:
            return NONE
        found = self.needed(ask) & self._out(best_effort=operation.best_effort)
        # Before any write an alpha asks each other group for its schema: one that is away holds up all.
        return found | self._away if ask.purpose in WRITES else found

    def _out(self, *, best_effort: bool) -> frozenset[int]:
        """Return the groups that are out of reach for what is asked so."""
        if not best_effort:
            return self.troubled
        # What is asked best-effort goes on without a leader, as long as a member lives.
        return self._away | {group for group, (_, cut_off) in self._doubted.items() if cut_off}

    def needed(self, ask: Ask) -> frozenset[int]:
        """Return the groups that own what is asked for; all there is when there is only one."""
        groups = self._sight.map.groups
        if len(groups) == 1:
            return frozenset(groups)
        owners = self._sight.map.owners
        found: set[int] = set()
        for tablets in (ask.reads, ask.writes):
            for each in tablets or ():
                group = owners.get(each)
                if group is not None:
                    found.add(group)
        return frozenset(found)

    def suspects(self, ask: Ask, verdict: Verdict, address: str) -> frozenset[int]:
        """Return the groups to wait for after `address` failed in the end, and doubt them from now on."""
        if ask.purpose not in DATA:
            return NONE
        groups = self.needed(ask)
        if verdict is Verdict.GROUP_AWAY:
            # Which group it was the alpha does not say.
            groups = self.troubled or frozenset((SOME,))
        elif verdict is Verdict.CUT_OFF:
            # What an alpha says of a link blames the group behind it.
            groups = groups - {self._sight.map.group_of.get(address, 0)} or groups
            # What asks for all there is (`schema {}`) names no group.
            groups = groups or self.troubled or frozenset((SOME,))
        self.doubt(groups, cut_off=verdict in CUT_OFF)
        return groups

    def pause(self) -> frozenset[int]:
        """Return what one request waits for that is to be tried again in a moment; no other waits for it."""
        groups = frozenset((SOME,))
        self.doubt(groups, cut_off=False)
        return groups

    def doubt(self, groups: frozenset[int], *, cut_off: bool) -> None:
        """Take `groups` to be away for a moment, since a request to them failed.

        `cut_off` when an alpha of another group could not reach them.
        """
        until = self._clock.seconds() + DOUBT
        for group in groups:
            self._doubted[group] = (until, cut_off)
        self._alarm.at(until, self.look)

    def answered(self, operation: Operation, ask: Ask, took: float) -> None:
        """Be told of a good answer: one that hung and came back ends the wait for its groups."""
        if took > SLOW and ask.purpose in DATA:
            now = self._clock.seconds()
            for group in self.needed(ask):
                self._plodding[group] = now
        if took < HUNG or not self._leaderless or ask.purpose not in DATA:
            return
        if operation.best_effort or (operation.start_ts and not operation.writes):
            # Without a leader, too, these are answered, and some take their time.
            return
        for group in self.needed(ask) & self._leaderless:
            self._back[group] = self._sight.map.leader_of(group)
        self.look()

    def plods(self, ask: Ask) -> bool:
        """Tell whether all that `ask` needs answers, only slowly: second calls would add to the load."""
        needed, since = self.needed(ask), self._clock.seconds() - LATELY
        if not needed or needed & self.troubled:
            return False
        return all(self._plodding.get(group, -inf) > since for group in needed)

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
        """See anew which groups are away, and let go what need not wait any more."""
        before, now, sight = self.troubled, self._clock.seconds(), self._sight
        away, leaderless = set(), set()
        for number, group in sight.map.groups.items():
            if not group.addresses:
                continue
            if all(map(sight.silent, group.addresses)):
                away.add(number)
            elif group.leader and sight.silent(group.leader):
                if self._back.get(number) != group.leader and not self._outlasts(group, now):
                    leaderless.add(number)
            else:
                self._back.pop(number, None)
                self._lost.pop(number, None)
        self._away, self._leaderless = frozenset(away), frozenset(leaderless)
        self._doubted = {group: doubt for group, doubt in self._doubted.items() if doubt[0] > now}
        after = self.troubled
        if after - before:
            log.warn("waiting for {groups}", groups=named(after - before))
        if before - after:
            log.info("no longer waiting for {groups}", groups=named(before - after))
        self._free()

    def _outlasts(self, group: Group, now: float) -> bool:
        """Tell whether the group's silent leader has led for longer than a dead one could."""
        leader, since = self._lost.get(group.id, ("", now))
        if leader != group.leader:
            self._lost[group.id] = group.leader, now
            self._alarm.at(now + LONGEST, self.look)
            return False
        heard = sum(not self._sight.silent(each) for each in group.addresses)
        return now >= since + LONGEST and 2 * heard > len(group.members)

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
        held.refused(
            Unavailable(
                f"{named(groups)} of the cluster did not come back in time; nothing was done", retry_after=1
            )
        )


def named(groups: frozenset[int]) -> str:
    if groups == {SOME}:
        return "a group"
    numbers = ", ".join(map(str, sorted(groups)))
    return f"group{'s' if len(groups) != 1 else ''} {numbers}"
