"""Each usable alpha in turn that leads no group: leaders keep their strength for what only they can do."""

from collections.abc import Sequence

from otterd.core.balance.leaders import Leaders
from otterd.core.balance.pinned import pin_of
from otterd.core.balance.policy import Ask, View
from otterd.core.balance.turns import Turns
from otterd.core.operation import Purpose


class AvoidLeaders:
    """One list for every purpose; leaders are asked last, and in turn where there is nobody else."""

    def __init__(self, members: Sequence[str]) -> None:
        self._turns = Turns(members)
        self._all = frozenset(members)
        self._leaders = Leaders()

    def order(self, ask: Ask, view: View) -> tuple[str, ...]:
        """Return the usable alphas that lead no group, beginning with the next in turn, then leaders."""
        others = self._all - self._leaders.of(view.map)
        return self._turns.take(view.usable, first=others, pin=pin_of(ask))

    def members(self, purpose: Purpose) -> tuple[str, ...]:
        """Return all alphas: any may come to lead or cease to."""
        return self._turns.members

    def why(self, ask: Ask, view: View) -> str:
        """Say whom the turn passes over, and why."""
        if not view.map.known:
            return "each usable alpha in turn, for nobody has told who leads"
        if view.usable & self._all <= self._leaders.of(view.map):
            return "each usable alpha in turn, for all of them lead a group"
        return "each usable alpha that leads no group in turn"
