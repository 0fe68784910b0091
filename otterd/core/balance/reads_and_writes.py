"""Reads and writes apart (`round-robin-on-RW`), each usable alpha of either list taken in turn."""

from collections.abc import Mapping, Sequence

from otterd.core.balance.lists import by_purpose
from otterd.core.balance.pinned import pin_of
from otterd.core.balance.policy import Ask, View
from otterd.core.operation import Purpose


class ReadsAndWrites:
    """Sends reads to the list `query` and all that writes, upserts too, to the list `mutation`."""

    def __init__(self, groups: Mapping[str, Sequence[str]]) -> None:
        self._turns = by_purpose({name: groups[name] for name in ("query", "mutation")})

    def order(self, ask: Ask, view: View) -> tuple[str, ...]:
        """Return the usable alphas of the list, beginning with the next in turn."""
        return self._turns[ask.purpose].take(view.usable, pin=pin_of(ask))

    def members(self, purpose: Purpose) -> tuple[str, ...]:
        """Return the alphas of the list."""
        return self._turns[purpose].members

    def why(self, ask: Ask, view: View) -> str:
        """Say which list the turn is taken from."""
        return f"each usable alpha in turn of the list that serves {ask.purpose}"
