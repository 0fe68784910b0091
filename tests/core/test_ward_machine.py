"""The ward against a model of alphas that come, go, lag, hang, drain and fault while time passes."""

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from otterd.core.health import Bounds, Probed, Status, Ward
from otterd.core.judge import NODE_FAULTS, Verdict

NAMES = [f"alpha{number}:9080" for number in range(6)]
BOUNDS = Bounds()
ILLS = [
    Verdict.NOT_REACHED,
    Verdict.LOST,
    Verdict.TIMED_OUT,
    Verdict.DRAINING,
    Verdict.NOT_READY,
    Verdict.ERROR,
]
REFUSALS = (Verdict.DRAINING, Verdict.NOT_READY)
FAULTS = {Verdict.NOT_REACHED, Verdict.LOST, Verdict.THROTTLED}
COUNTED = NODE_FAULTS | {Verdict.THROTTLED, *REFUSALS, Verdict.FINE}
HARMLESS = sorted(set(Verdict) - COUNTED)


@dataclass
class Truth:
    """What an alpha is really like: `ill` is what its probes find, None when they find it well."""

    ill: Verdict | None = None
    lagging: bool = False
    applied: int = 0
    bads: int = 0
    goods: int = 0
    refused: Verdict | None = None
    well_once: bool = False


class Machine(RuleBasedStateMachine):
    """Plays probes and requests into a Ward and holds it against what was told."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.ts = 1
        self.ward = Ward(BOUNDS)
        self.truth: dict[str, Truth] = {}
        self.weights: dict[str, tuple[float, float]] = {}

    def known(self, number: int) -> str:
        names = list(self.truth)
        return names[number % len(names)]

    @initialize(count=st.integers(1, 6))
    def begin(self, count: int) -> None:
        """Begin with some alphas, all of them well."""
        self.muster(NAMES[:count])
        self.probe(1, 1.0)

    @rule(names=st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    def reload(self, names: list[str]) -> None:
        self.muster(names)

    def muster(self, names: list[str]) -> None:
        self.truth = {name: self.truth.get(name) or Truth() for name in names}
        self.weights.clear()
        self.ward.muster(names, self.now)

    @rule(seconds=st.floats(0.0, 30.0))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.ward.tick(self.now)

    @rule(number=st.integers(0, 5), ill=st.sampled_from([None, *ILLS]), lagging=st.booleans())
    def turn(self, number: int, ill: Verdict | None, lagging: bool) -> None:
        truth = self.truth[self.known(number)]
        truth.ill, truth.lagging = ill, lagging

    @rule(times=st.integers(1, 4), seconds=st.floats(0.0, 2.0))
    def probe(self, times: int, seconds: float) -> None:
        for _ in range(times):
            self.now += seconds
            self.ts += 1
            for address in self.truth:
                self._probe(address)

    def _probe(self, address: str) -> None:
        truth = self.truth[address]
        if truth.ill is not None:
            truth.goods, truth.bads = 0, truth.bads + 1
            truth.refused = truth.ill if truth.ill in REFUSALS else truth.refused
            self.ward.probed(address, self.now, Probed(truth.ill, f"it is {truth.ill}"))
            return
        truth.bads, truth.goods = 0, truth.goods + 1
        if truth.goods >= BOUNDS.rise or not truth.well_once:
            truth.refused, truth.well_once = None, True
        if not truth.lagging:
            truth.applied = self.ts
        self.ward.probed(address, self.now, Probed(max_assigned=truth.applied, group=1))

    @rule(numbers=st.lists(st.integers(0, 5), min_size=1), verdict=st.sampled_from(sorted(FAULTS)))
    def break_down(self, numbers: list[int], verdict: Verdict) -> None:
        """Let all requests to some alphas fail."""
        for number in numbers:
            self.ask(number, BOUNDS.faults, verdict)

    @rule(number=st.integers(0, 5), times=st.integers(1, 12), verdict=st.sampled_from(sorted(COUNTED)))
    def ask(self, number: int, times: int, verdict: Verdict) -> None:
        address = self.known(number)
        if verdict in REFUSALS:
            self.truth[address].refused, self.truth[address].goods = verdict, 0
        before = self.ward.states()
        for _ in range(times):
            self.now += 0.01
            self.ward.heard(address, self.now, verdict, 0.05)
        for name, standing in self.ward.states().items():
            if name != address:
                # What one did may bring others back, never take them out.
                assert standing == before[name] or standing.usable

    @rule(number=st.integers(0, 5), seconds=st.floats(1.0, 60.0), others=st.booleans())
    def hang(self, number: int, seconds: float, others: bool) -> None:
        address = self.known(number)
        self.now += seconds
        if others:
            for other in self.truth:
                if other != address:
                    self.ward.heard(other, self.now, Verdict.FINE, 0.01)
        self.ward.heard(address, self.now, Verdict.TIMED_OUT, seconds)

    @rule(number=st.integers(0, 5), verdict=st.sampled_from(HARMLESS), seconds=st.floats(0.0, 100.0))
    def err(self, number: int, verdict: Verdict, seconds: float) -> None:
        """Let a caller make mistakes, while all others are answered quickly."""
        address = self.known(number)
        for _ in range(10):
            self.now += seconds
            self.ward.tick(self.now)
            for other in self.truth:
                if other != address:
                    self.ward.heard(other, self.now, Verdict.FINE, 0.01)
            before, usable = repr(self.ward._patients), self.ward.usable
            self.ward.heard(address, self.now, verdict, seconds)
            assert repr(self.ward._patients) == before
            assert self.ward.usable is usable

    def teardown(self) -> None:
        """End every fault: after the longest ejection and a few probes all are back, with a full share."""
        for truth in self.truth.values():
            truth.ill, truth.lagging = None, False
        self.now += BOUNDS.ejection_most
        self.ward.tick(self.now)
        self.probe(4, 0.5)
        assert self.ward.usable == set(self.truth)
        self.now += BOUNDS.slow_start
        assert all(self.ward.weight(address, self.now) == 1.0 for address in self.truth)

    @invariant()
    def no_more_than_half_are_left_out(self) -> None:
        statuses = [standing.status for standing in self.ward.states().values()]
        out = statuses.count(Status.EJECTED) + statuses.count(Status.HANGING)
        assert out * 2 <= len(statuses)

    @invariant()
    def somebody_is_usable_while_somebody_is_well(self) -> None:
        statuses = {standing.status for standing in self.ward.states().values()}
        if statuses & {Status.EJECTED, Status.HANGING, Status.LAGGING}:
            assert Status.USABLE in statuses
        well = [
            name for name, truth in self.truth.items() if truth.goods and not truth.refused and not truth.ill
        ]
        if any(self.truth[name].goods >= BOUNDS.rise for name in well):
            assert self.ward.usable

    @invariant()
    def ejections_are_within_their_bounds(self) -> None:
        for standing in self.ward.states().values():
            if standing.status is Status.EJECTED:
                assert standing.ejected_until is not None
                length = standing.ejected_until - standing.since
                assert BOUNDS.ejection - 1e-6 <= length <= BOUNDS.ejection_most + 1e-6

    @invariant()
    def who_refuses_or_is_gone_is_not_usable(self) -> None:
        for address in self.ward.usable:
            truth = self.truth[address]
            assert truth.refused is None
            assert truth.bads < BOUNDS.fall

    @invariant()
    def usable_and_states_and_reasons_agree(self) -> None:
        states = self.ward.states()
        assert self.ward.usable == {address for address, standing in states.items() if standing.usable}
        for address, standing in states.items():
            assert bool(self.ward.why(address, self.now)) != standing.usable
            assert bool(standing.reason) != standing.usable

    @invariant()
    def shares_grow_while_an_alpha_stays(self) -> None:
        states, grown = self.ward.states(), {}
        for address, standing in states.items():
            weight = self.ward.weight(address, self.now)
            assert 0.0 < weight <= 1.0
            if standing.usable:
                since, before = self.weights.get(address, (standing.since, 0.0))
                assert weight >= before or since != standing.since
                grown[address] = (standing.since, weight)
        self.weights = grown


TestWard = Machine.TestCase
TestWard.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
