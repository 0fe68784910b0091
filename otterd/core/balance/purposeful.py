"""A list of alphas for each purpose (`defined` and `purposeful`), each taken in turn."""

from collections.abc import Mapping, Sequence

from otterd.core.balance.policy import Ask, View
from otterd.core.balance.round_robin import Turns
from otterd.core.operation import Purpose

# Which lists serve a purpose, the first that the file has; () means any alpha.
LISTS: Mapping[Purpose, tuple[str, ...]] = {
    Purpose.QUERY: ("query",),
    Purpose.GRAPHQL: ("query",),
    Purpose.STATE: ("query",),
    Purpose.MUTATION: ("mutation", "upsert"),
    Purpose.ALTER: ("mutation", "upsert"),
    Purpose.ADMIN: ("mutation", "upsert"),
    Purpose.UPSERT: ("upsert", "mutation"),
    Purpose.COMMIT: (),
    Purpose.LOGIN: (),
}


class Purposeful:
    """Sends each purpose to its own list; a list that the file leaves out falls back as LISTS says."""

    def __init__(self, groups: Mapping[str, Sequence[str]]) -> None:
        lists = {name: Turns(members) for name, members in groups.items()}
        everyone = Turns([member for members in groups.values() for member in members])
        self._turns = {
            purpose: next((lists[name] for name in names if name in lists), everyone)
            for purpose, names in LISTS.items()
        }

    def order(self, ask: Ask, view: View) -> tuple[str, ...]:
        """Return the alphas of the purpose's list, beginning with the next in turn."""
        return self._turns[ask.purpose].take()

    def members(self, purpose: Purpose) -> tuple[str, ...]:
        """Return the alphas of the purpose's list."""
        return self._turns[purpose].members

    def why(self, ask: Ask, view: View) -> str:
        """Say that it is each one's turn in the purpose's list."""
        return f"each alpha of the list for {ask.purpose} in turn"
