"""Which groups are away or without a leader, and what cannot be served meanwhile."""

from collections.abc import Callable
from math import inf
from typing import Final

from twisted.logger import Logger

from otterd.config.live import Live
from otterd.core.balance import Ask
from otterd.core.cluster import Group
from otterd.core.judge import Verdict
from otterd.core.operation import DATA, Operation, Purpose
from otterd.core.steady import Steady
from otterd.errors import Unavailable
from otterd.gateway.alarm import Alarm
from otterd.gateway.seams import Sight

log = Logger(__name__)

DOUBT: Final = 0.5
"""Seconds for which a group is taken to be away because one request said so."""
HUNG: Final = 0.5
"""Seconds an alpha must have taken over a request for its answer to tell that an election is over."""

LONGEST: Final = 8.0
"""Seconds within which most of a group elect a leader (6.6 were measured): one that still leads then
is alive, and only Otter cannot reach it."""

WRITES: Final = frozenset((Purpose.MUTATION, Purpose.UPSERT))

HELD: Final = DATA | {Purpose.ALTER}
"""Purposes that are held while what they need is out."""

CUT_OFF: Final = frozenset((Verdict.CUT_OFF, Verdict.GROUP_AWAY))

SLOW_ANSWER: Final = 0.25
"""Seconds beyond which a good answer was a slow one."""
LATELY: Final = 0.5
"""Seconds for which a slow answer tells that its group is alive."""

SOME: Final = 0
"""Stands for a group that nobody named; there is none with this number."""

NONE: frozenset[int] = frozenset()


class Outages:
    """Knows which groups are out: away, without a leader, or doubted for a moment."""

    def __init__(self, live: Live, sight: Sight, alarm: Alarm, clock: Steady) -> None:
        self._live, self._sight, self._alarm, self._clock = live, sight, alarm, clock
        self._away: frozenset[int] = NONE
        self._leaderless: frozenset[int] = NONE
        self._doubted: dict[int, tuple[float, bool]] = {}
        self.troubled: frozenset[int] = NONE
        """The groups that requests are held for."""
        self._since: dict[int, float] = {}
        self._back: dict[int, str] = {}
        self._lost: dict[int, tuple[str, float]] = {}
        self._plodding: dict[int, float] = {}
        self._late: Callable[[], None] = lambda: None
        sight.watch(self.look)

    def when_late(self, call: Callable[[], None]) -> None:
        """Call `call` when a group has been out for as long as anyone waits for it."""
        self._late = call

    def lacking(self, operation: Operation, ask: Ask) -> frozenset[int]:
        """Return the groups that `operation` needs and that cannot serve it now."""
        if not self.troubled or ask.purpose not in HELD:
            return NONE
        if ask.purpose is Purpose.ALTER:
            # It asks the leader of each group, and its types go to all of them.
            return self._away | self._leaderless
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
        if ask.purpose not in HELD:
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
        elif not groups and self._sight.map.known:
            # What it needs is not told: a moment later another alpha may have it.
            groups = frozenset((SOME,))
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
        self.troubled |= frozenset(self._doubted)
        self._alarm.at(until, self.look)

    def answered(self, operation: Operation, ask: Ask, took: float) -> None:
        """Be told of a good answer: one that hung and came back ends the wait for its groups."""
        if took <= SLOW_ANSWER or ask.purpose not in DATA:
            return
        now = self._clock.seconds()
        for group in self.needed(ask):
            self._plodding[group] = now
        if took < HUNG or not self._leaderless:
            return
        if operation.best_effort or (operation.start_ts and not operation.writes):
            # Without a leader, too, these are answered, and some take their time.
            return
        began, sight = self._clock.seconds() - took, self._sight
        for group in self.needed(ask) & self._leaderless:
            leader = sight.map.leader_of(group)
            # What was begun while it lived may be a heavy query that had its timestamp before.
            if began >= sight.alive_at(leader):
                self._back[group] = leader
        self.look()

    def plods(self, ask: Ask) -> bool:
        """Tell whether all that `ask` needs answers, only slowly: second calls would add to the load."""
        needed, since = self.needed(ask), self._clock.seconds() - LATELY
        if not needed or needed & self.troubled:
            return False
        return all(self._plodding.get(group, -inf) > since for group in needed)

    def hopeless(self, operation: Operation, ask: Ask) -> frozenset[int]:
        """Return the groups that `operation` needs and that nobody waits for any longer."""
        if not self._since or ask.purpose not in DATA:
            return NONE
        now, most = self._clock.seconds(), self._live.config.hold_timeout
        late = {group for group, since in self._since.items() if since + most <= now}
        return self.needed(ask) & self._out(best_effort=operation.best_effort) & late

    def look(self) -> None:
        """See anew which groups are out."""
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
        self.troubled = self._away | self._leaderless | frozenset(self._doubted)
        self._count(now)
        after = self.troubled
        if after - before:
            log.warn("waiting for {groups}", groups=named(after - before))
        if before - after:
            log.info("no longer waiting for {groups}", groups=named(before - after))

    def _count(self, now: float) -> None:
        """Note since when each group is out."""
        before, self._since = self._since, {}
        for group in self._away | self._leaderless:
            self._since[group] = before.get(group, now)
            if group not in before:
                self._alarm.at(now + self._live.config.hold_timeout, self._late)

    def _outlasts(self, group: Group, now: float) -> bool:
        """Tell whether the group's silent leader has led for longer than a dead one could."""
        leader, since = self._lost.get(group.id, ("", now))
        if leader != group.leader:
            self._lost[group.id] = group.leader, now
            self._alarm.at(now + LONGEST, self.look)
            return False
        heard = sum(not self._sight.silent(each) for each in group.addresses)
        return now >= since + LONGEST and 2 * heard > len(group.members)


def named(groups: frozenset[int]) -> str:
    """Return `groups` for people."""
    if groups == {SOME}:
        return "a group"
    numbers = ", ".join(map(str, sorted(groups)))
    return f"group{'s' if len(groups) != 1 else ''} {numbers}"


def gone(groups: frozenset[int]) -> Unavailable:
    """Return what is told to who waited for `groups` in vain."""
    return Unavailable(
        f"{named(groups)} of the cluster did not come back in time; nothing was done", retry_after=1
    )
