"""Each alpha in turn, blind to health: what was refused goes to the next."""

from collections.abc import Sequence

from otterd.core.balance.pinned import pin_of
from otterd.core.balance.policy import Ask, View
from otterd.core.balance.turns import Turns
from otterd.core.operation import Purpose


class RoundRobin:
    """One list for every purpose."""

    def __init__(self, members: Sequence[str]) -> None:
        self._turns = Turns(members)

    def order(self, ask: Ask, view: View) -> tuple[str, ...]:
        """Return all alphas, beginning with the next in turn."""
        return self._turns.take(pin=pin_of(ask))

    def members(self, purpose: Purpose) -> tuple[str, ...]:
        """Return all alphas."""
        return self._turns.members

    def why(self, ask: Ask, view: View) -> str:
        """Say that it is each one's turn."""
        return "each alpha in turn, whatever its health"
