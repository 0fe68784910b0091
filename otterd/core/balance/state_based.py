"""Each request where the graph is: by health, load, leaders, and which group owns what it touches."""

from collections.abc import Sequence
from typing import Final

from otterd.core.balance.choice import Chance, Tiers, arranged
from otterd.core.balance.ground import NOWHERE, Ground, Groups
from otterd.core.balance.newcomers import Newcomers
from otterd.core.balance.owning import FIRST_GROUP, owning_most
from otterd.core.balance.pinned import pin_first, pin_of
from otterd.core.balance.policy import Ask, View
from otterd.core.operation import GRAPHQL, QUERY, Purpose

WRITES: Final = frozenset((Purpose.MUTATION, Purpose.UPSERT, Purpose.ALTER, Purpose.ADMIN))

ANY: Final = "any alpha may serve it"
UNTOLD: Final = "nothing tells which group owns what it touches"
NEW: Final = "what it may make new will live there, where least data is"


class StateBased:
    """Sends reads to members of the group that owns most of what they read, and writes to its leader.

    Of two alphas that will do, drawn by `chance`, the one with less to do is taken. Every alpha may serve
    every purpose, for it asks others for what it does not have.
    """

    def __init__(self, members: Sequence[str], chance: Chance) -> None:
        self._members = tuple(dict.fromkeys(members))
        if not self._members:
            raise ValueError("a balancer needs at least one alpha")
        self._chance = chance
        self._ground = NOWHERE
        self._newcomers = Newcomers()

    def order(self, ask: Ask, view: View) -> tuple[str, ...]:
        """Return the usable alphas, the fittest first."""
        charted, usable = view.map, view.usable
        ground = self._ground
        if ground.map is not charted or ground.usable is not usable or ground is NOWHERE:
            ground = self._ground = Ground(self._members, charted, usable)
        purpose = ask.purpose
        if purpose is QUERY:
            tiers = ground.known.get(ask.reads) or self._for_read(ask.reads, ground)
        elif purpose in WRITES:
            tiers = self._for_write(ask, ground)
        else:
            tiers = ground.reading(())
        # One GraphQL request may be many queries: what the alpha itself says of its load counts.
        costs_of = view.whole_costs_of if purpose is GRAPHQL else view.costs_of
        order = arranged(tiers, costs_of, self._chance)
        return pin_first(order, pin_of(ask)) if ask.pin else order

    def members(self, purpose: Purpose) -> tuple[str, ...]:
        """Return all alphas."""
        return self._members

    def why(self, ask: Ask, view: View) -> str:
        """Say which alphas are preferred, and why."""
        ground = Ground(self._members, view.map, view.usable)
        if pin_of(ask) in ground.standing:
            return "the alpha that began the transaction"
        if not view.map.known:
            return "the less busy of two usable alphas, for nobody has told of the cluster"
        groups: Groups = ()
        reason, preferred = ANY, "usable alphas"
        if ask.purpose is QUERY:
            groups = owning_most(ask.reads, view.map.owners)
            reason = "most of what it reads is there" if groups else UNTOLD
        elif ask.purpose in WRITES:
            groups, reason = self._written(ask, ground)
            preferred = "usable leaders"
        if groups:
            preferred = f"usable {'leaders' if ask.purpose in WRITES else 'members'} of {_named(groups)}"
        return f"the less busy of two {preferred}, for {reason}"

    def _for_read(self, reads: frozenset[str] | None, ground: Ground) -> Tiers:
        tiers = ground.reading(owning_most(reads, ground.map.owners))
        ground.remember(reads, tiers, reads)
        return tiers

    def _for_write(self, ask: Ask, ground: Ground) -> Tiers:
        key = (ask.purpose, ask.writes, ask.reads)
        found = ground.known.get(key)
        if found is not None:
            return found
        groups, why = self._written(ask, ground)
        tiers = ground.writing(groups)
        if why == NEW:
            # What is placed moves the next new ones elsewhere.
            self._newcomers.place(ask.writes or (), groups[0])
        else:
            ground.remember(key, tiers, ask.writes, ask.reads)
        return tiers

    def _written(self, ask: Ask, ground: Ground) -> tuple[Groups, str]:
        """Return the groups whose leaders are to have a write, () for any, and why."""
        charted = ground.map
        if ask.purpose is Purpose.ADMIN:
            return (FIRST_GROUP,), "its leader answers for the schema of GraphQL"
        if not ask.writes:
            groups = owning_most(ask.reads, charted.owners)
            if groups:
                return groups, "most of what it reads is there, and what it writes cannot be told"
            if ask.purpose is not Purpose.ALTER:
                return (), UNTOLD
        groups = owning_most(ask.writes, charted.owners)
        if groups:
            tied = owning_most(ask.reads, charted.owners, among=groups) if len(groups) > 1 else ()
            return tied or groups, "most of what it writes is there"
        # An alter, too, makes the group of the alpha that has it the owner of what is new.
        group = self._newcomers.find(ask.writes or (), charted, ground.writable())
        return ((group,), NEW) if group else ((), UNTOLD)


def _named(groups: Groups) -> str:
    """Return the groups' numbers, for people."""
    return f"group{'s' if len(groups) > 1 else ''} {', '.join(map(str, groups))}"
