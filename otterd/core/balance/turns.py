"""A list of alphas that take turns: what every round robin is made of."""

from collections.abc import Sequence, Set

from otterd.core.balance.pinned import pin_first


class Turns:
    """Hands out the rotations of a list, one after the other.

    The turn moves along the list and past those that may not have it. So of two alphas that may have it
    all the time, neither is ever more than one turn ahead.
    """

    def __init__(self, members: Sequence[str]) -> None:
        unique = tuple(dict.fromkeys(members))
        if not unique:
            raise ValueError("a balancer needs at least one alpha")
        self.members = unique
        self._rotations = [unique[i:] + unique[:i] for i in range(len(unique))]
        self._after = {member: (i + 1) % len(unique) for i, member in enumerate(unique)}
        self._next = 0

    def take(
        self, usable: Set[str] | None = None, *, first: Set[str] | None = None, pin: str = ""
    ) -> tuple[str, ...]:
        """Return the members, beginning with the one whose turn it is.

        Only those in `usable` take part, unless that is None or none of them is; those in `first` come
        before the others. `pin` comes first of all, and that is nobody's turn.
        """
        order = self._rotations[self._next]
        if usable is not None:
            order = tuple(member for member in order if member in usable) or order
        if first:
            order = _parted(order, first)
        if pin and pin in order:
            return pin_first(order, pin)
        self._next = self._after[order[0]]
        return order


def _parted(order: tuple[str, ...], first: Set[str]) -> tuple[str, ...]:
    """Return `order` with those in `first` before the others."""
    before = tuple(member for member in order if member in first)
    return (*before, *(member for member in order if member not in first)) if before else order
