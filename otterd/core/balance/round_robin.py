"""Each alpha in turn, blind to health: what was refused goes to the next."""

from collections.abc import Sequence

from otterd.core.balance.policy import Ask, View
from otterd.core.operation import Purpose


class Turns:
    """Hands out the rotations of a list, one after the other."""

    def __init__(self, members: Sequence[str]) -> None:
        unique = tuple(dict.fromkeys(members))
        if not unique:
            raise ValueError("a balancer needs at least one alpha")
        self.members = unique
        self._rotations = [unique[i:] + unique[:i] for i in range(len(unique))]
        self._next = 0

    def take(self) -> tuple[str, ...]:
        """Return the members, beginning with the one whose turn it is."""
        turn = self._next
        self._next = turn + 1 if turn + 1 < len(self._rotations) else 0
        return self._rotations[turn]


class RoundRobin:
    """One list for every purpose."""

    def __init__(self, members: Sequence[str]) -> None:
        self._turns = Turns(members)

    def order(self, ask: Ask, view: View) -> tuple[str, ...]:
        """Return all alphas, beginning with the next in turn."""
        return self._turns.take()

    def members(self, purpose: Purpose) -> tuple[str, ...]:
        """Return all alphas."""
        return self._turns.members

    def why(self, ask: Ask, view: View) -> str:
        """Say that it is each one's turn."""
        return "each alpha in turn, whatever its health"
