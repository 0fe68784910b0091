"""Which list of the file serves a purpose."""

from collections.abc import Mapping, Sequence

from otterd.core.balance.turns import Turns
from otterd.core.operation import Purpose

# The lists that serve a purpose, the first that the file has; () means any alpha.
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


def by_purpose(groups: Mapping[str, Sequence[str]]) -> dict[Purpose, Turns]:
    """Return whose turn it is for each purpose; a list that the file leaves out falls back as LISTS says."""
    lists = {name: Turns(members) for name, members in groups.items()}
    everyone = Turns([member for members in groups.values() for member in members])
    return {
        purpose: next((lists[name] for name in names if name in lists), everyone)
        for purpose, names in LISTS.items()
    }
