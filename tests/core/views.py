"""Clusters as a policy may see them, made by hand and by hypothesis."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from hypothesis import strategies as st

from otterd.core.balance import Ask
from otterd.core.cluster import UNCHARTED, Group, Map, Member
from otterd.core.operation import Purpose

NAMES = ("a:1", "b:1", "c:1", "d:1", "e:1", "f:1")
TABLETS = ("0-name", "0-age", "0-friend", "0-email", "1-name", "0-dgraph.type")


@dataclass
class Sight:
    """A view whose parts are given."""

    map: Map = UNCHARTED
    usable: frozenset[str] = frozenset(NAMES)
    costs: Mapping[str, float] = field(default_factory=dict)
    pending: Mapping[str, float] = field(default_factory=dict)

    def costs_of(self, addresses: tuple[str, ...]) -> list[float]:
        return [self.costs.get(address, 0.0) for address in addresses]

    def whole_costs_of(self, addresses: tuple[str, ...]) -> list[float]:
        return [self.costs.get(address, 0.0) + self.pending.get(address, 0.0) for address in addresses]


def group(
    number: int, members: str, *, leader: str = "", learners: str = "", tablets: int = 0, size: int = 0
) -> Group:
    """Make a group of the alphas with the letters `members` and, behind them, `learners`."""
    addresses = tuple(f"{letter}:1" for letter in members + learners)
    made = tuple(
        Member(f"i{at}", number, at, leader=at == f"{leader}:1", learner=at[0] in learners)
        for at in addresses
    )
    return Group(number, made, addresses, f"{leader}:1" if leader else "", tablets, size)


def chart(groups: Iterable[Group], owners: Mapping[str, int] | None = None) -> Map:
    """Make a map of `groups`."""
    groups = tuple(groups)
    return Map(
        MappingProxyType({each.id: each for each in groups}),
        MappingProxyType(dict(owners or {})),
        group_of=MappingProxyType({at: each.id for each in groups for at in each.addresses}),
        source="a:1",
    )


@st.composite
def charts(draw: st.DrawFn) -> Map:
    """Draw a map: groups without alphas and leaders, learners, tablets that nobody owns."""
    place = {name: draw(st.integers(0, 3)) for name in NAMES}
    groups = []
    for number in (1, 2, 3):
        letters = "".join(name[0] for name in NAMES if place[name] == number)
        split = draw(st.integers(0, len(letters)))
        leader = draw(st.sampled_from(["", *letters[:split]]))
        groups.append(
            group(
                number,
                letters[:split],
                leader=leader,
                learners=letters[split:],
                tablets=draw(st.integers(0, 3)),
                size=draw(st.integers(0, 100)),
            )
        )
    owners = draw(st.dictionaries(st.sampled_from(TABLETS), st.integers(1, 3)))
    return draw(st.sampled_from([chart(groups, owners), UNCHARTED]))


addresses = st.frozensets(st.sampled_from(NAMES))
costs = st.dictionaries(st.sampled_from(NAMES), st.sampled_from([0.0, 0.001, 1.0]))
sights = st.builds(Sight, charts(), addresses, costs)
tablets = st.none() | st.frozensets(st.sampled_from(TABLETS), max_size=4)
asks = st.builds(Ask, st.sampled_from(Purpose), tablets, tablets, st.sampled_from(["", *NAMES, "z:1"]))
chances = st.randoms(use_true_random=False)
lists = st.lists(st.sampled_from(NAMES), min_size=1, max_size=8)
