"""What the corridor sees of the alphas, set by hand."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from otterd.core.cluster import UNCHARTED, Group, Map, Member
from otterd.core.judge import Verdict
from otterd.core.operation import Purpose


class FakeSight:
    """Every alpha is usable, fresh and idle until a test says otherwise."""

    def __init__(self, addresses: Iterable[str] = ()) -> None:
        self.map: Map = UNCHARTED
        self.usable = frozenset(addresses)
        self.discovered: frozenset[str] = frozenset()
        self.movers: set[str] = set()
        self.mute: set[str] = set()
        self.ages: dict[str, float | None] = {}
        self.costs: dict[str, float] = {}
        self.last: dict[str, float] = {}
        self.hints: list[str] = []
        self.log: list[tuple[str, Verdict | None]] = []
        self.busy: dict[str, int] = {}
        self._watchers: list[Callable[[], None]] = []

    def cost(self, address: str) -> float:
        return self.costs.get(address, 0.0)

    def costs_of(self, addresses: tuple[str, ...]) -> list[float]:
        return [self.cost(address) for address in addresses]

    def whole_costs_of(self, addresses: tuple[str, ...]) -> list[float]:
        return self.costs_of(addresses)

    def silent(self, address: str) -> bool:
        return address in self.mute

    def moves_tablets(self, address: str) -> bool:
        return address in self.movers

    def why_not(self, address: str) -> str:
        return "" if address in self.usable else "it is not usable"

    def heard_at(self, address: str) -> float:
        return self.last.get(address, 0.0)

    def alive_at(self, address: str) -> float:
        return self.last.get(address, 0.0)

    def staleness(self, address: str) -> float | None:
        return self.ages.get(address, 0.0)

    def begun(self, address: str, purpose: Purpose) -> None:
        self.busy[address] = self.busy.get(address, 0) + 1

    def ended(self, address: str, purpose: Purpose, verdict: Verdict | None, seconds: float) -> None:
        self.busy[address] -= 1
        self.log.append((address, verdict))

    def hint(self, why: str) -> None:
        self.hints.append(why)

    def watch(self, changed: Callable[[], None]) -> None:
        self._watchers.append(changed)

    def change(self) -> None:
        """Tell those who watch."""
        for changed in self._watchers:
            changed()

    def silence(self, *addresses: str) -> None:
        """Let these alphas give no sign of life any more."""
        self.mute |= set(addresses)
        self.usable -= set(addresses)
        self.change()

    def revive(self, *addresses: str) -> None:
        """Let these alphas live again."""
        self.mute -= set(addresses)
        self.usable |= set(addresses)
        self.change()

    def chart(self, groups: Mapping[int, tuple[str, ...]], owners: Mapping[str, int], **leaders: str) -> None:
        """Draw a map: the members of each group, the first of which leads unless `g1="…"` says who does."""
        drawn = {}
        for number, addresses in groups.items():
            leader = leaders.get(f"g{number}", addresses[0])
            members = tuple(
                Member(f"{a}-internal", number, a, at, leader=a == leader)
                for at, a in enumerate(addresses, 1)
            )
            drawn[number] = Group(number, members, addresses, leader)
        group_of = {a: number for number, addresses in groups.items() for a in addresses}
        self.map = Map(
            MappingProxyType(drawn),
            MappingProxyType(dict(owners)),
            group_of=MappingProxyType(group_of),
            counter=self.map.counter + 1,
            source="test",
        )
        self.change()
