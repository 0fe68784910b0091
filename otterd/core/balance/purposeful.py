"""A list of alphas for each purpose (`defined` and `purposeful`), each usable one taken in turn."""

from collections.abc import Mapping, Sequence

from otterd.core.balance.lists import by_purpose
from otterd.core.balance.pinned import pin_of
from otterd.core.balance.policy import Ask, View
from otterd.core.operation import Purpose


class Purposeful:
    """Sends each purpose to its own list, also when all of that list look dead and others do not."""

    def __init__(self, groups: Mapping[str, Sequence[str]]) -> None:
        self._turns = by_purpose(groups)

    def order(self, ask: Ask, view: View) -> tuple[str, ...]:
        """Return the usable alphas of the purpose's list, beginning with the next in turn."""
        return self._turns[ask.purpose].take(view.usable, pin=pin_of(ask))

    def members(self, purpose: Purpose) -> tuple[str, ...]:
        """Return the alphas of the purpose's list."""
        return self._turns[purpose].members

    def why(self, ask: Ask, view: View) -> str:
        """Say that it is each usable one's turn in the purpose's list."""
        return f"each usable alpha of the list for {ask.purpose} in turn"
