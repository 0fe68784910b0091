"""Each usable alpha in turn that leads a group: no write takes the way round over a follower."""

from collections.abc import Sequence

from otterd.core.balance.leaders import Leaders
from otterd.core.balance.pinned import pin_of
from otterd.core.balance.policy import Ask, View
from otterd.core.balance.turns import Turns
from otterd.core.operation import Purpose


class LeadersOnly:
    """One list for every purpose; who leads no group is asked only while no leader is usable."""

    def __init__(self, members: Sequence[str]) -> None:
        self._turns = Turns(members)
        self._all = frozenset(members)
        self._leaders = Leaders()

    def order(self, ask: Ask, view: View) -> tuple[str, ...]:
        """Return the usable leaders, beginning with the next in turn."""
        leaders = self._leaders.of(view.map) & self._all
        if leaders & view.usable:
            return self._turns.take(leaders & view.usable, pin=pin_of(ask))
        return self._turns.take(view.usable, first=leaders, pin=pin_of(ask))

    def members(self, purpose: Purpose) -> tuple[str, ...]:
        """Return all alphas: any may come to lead."""
        return self._turns.members

    def why(self, ask: Ask, view: View) -> str:
        """Say who takes turns, and why."""
        if self._leaders.of(view.map) & view.usable & self._all:
            return "each usable leader in turn"
        return "each usable alpha in turn, for no leader is known and usable"
