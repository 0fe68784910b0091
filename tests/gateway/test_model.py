"""The corridor against alphas that come, go, lead, lag, hang, drain and break, while time passes."""

from dataclasses import replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from twisted.internet.defer import CancelledError
from twisted.internet.task import Clock
from twisted.logger import LogEvent, globalLogPublisher

from otterd.config.live import Live
from otterd.config.schema import Balancer, Config, Seconds
from otterd.core import texts
from otterd.core.balance import Ask, RoundRobin
from otterd.core.budget import Budget
from otterd.core.health import Status
from otterd.core.judge import Kind
from otterd.core.operation import Caller, Door, Entry, HttpCall, Operation, Purpose, Rpc
from otterd.core.pins import Pins
from otterd.core.slots import Lane
from otterd.errors import Lost, OtterError
from otterd.gateway import Gateway
from otterd.gateway.alarm import GRAIN
from otterd.gateway.legs import BEST_EFFORT
from otterd.gateway.lines import caps_of
from tests.gateway.callers import Asked, request_of
from tests.gateway.muster import Fleet, Seen
from tests.gateway.rig import FakeAccount, FakeGuard
from tests.gateway.world import ODD, Node, World, mark_of

ALL = A, B, C = "a:9080", "b:9080", "c:9080"
SHAPES: list[dict[int, tuple[str, ...]]] = [{1: ALL}, {1: (A,), 2: (B,), 3: (C,)}, {1: (A, B), 2: (C,)}]
WORDS = ("name", "other", "third", "new")
POLICIES = [
    Balancer.STATE_BASED,
    Balancer.STATE_BASED,
    Balancer.ROUND_ROBIN,
    Balancer.ROUND_ROBIN_HEALTHY,
    Balancer.AVOID_LEADERS,
    Balancer.LEADERS_ONLY,
]
STEP = 0.05
LATE = STEP + 2 * GRAIN
"""Seconds by which a moment may be missed here: a step of the clock and the grain of alarms."""
MOST_PINS, PIN_LIFE = 6, 20.0
SICK = {
    "refuse": {"refusing": texts.DRAINING},
    "unready": {"refusing": texts.NOT_READY},
    "throttle": {"refusing": texts.THROTTLED},
    "break before": {"breaks": "before"},
    "break after": {"breaks": "after"},
    "slow": {"slow": 1.5},
}


KINDS = ["read", "read", "best effort", "whole", "whole", "part", "commit", "alter", "graphql", "state"]


class Machine(RuleBasedStateMachine):
    """Asks, breaks and mends, and holds what comes of it against what must never be."""

    @initialize(
        shape=st.sampled_from(SHAPES),
        balancer=st.sampled_from(POLICIES),
        hedge=st.booleans(),
        max_stale=st.sampled_from([0.0, 5.0]),
        queue_limit=st.integers(0, 6),
        hold_limit=st.integers(1, 8),
    )
    def begin(self, shape: dict[int, tuple[str, ...]], **drawn: Any) -> None:
        self.clock = Clock()
        self.clock.advance(1_000)
        drawn["max_stale"] = Seconds(drawn["max_stale"])
        self.config = Config(
            dgraph_endpoints=ALL,
            balancer_type=drawn.pop("balancer"),
            max_alpha_reads=2,
            max_alpha_writes=2,
            max_alpha_commits=1,
            max_alpha_passed=1,
            answer_timeout=Seconds(8.0),
            slow_answer_timeout=Seconds(9.0),
            queue_timeout=Seconds(2.0),
            hold_timeout=Seconds(4.0),
            max_in_flight=16,
            **drawn,
        )
        self.live = Live(self.config)
        self.world = World(self.clock, shape)
        self.fleet = Fleet(self.world, self.clock, self.config)
        self.seen = Seen(self.fleet, self.clock)
        self.sight = self.seen.sight
        self.gateway = Gateway(
            self.live, self.clock, self.clock, FakeGuard(), self.fleet, FakeAccount(), self.sight,
            chance=lambda: 0.3,
        )  # fmt: skip
        self.shared = self.gateway.shared
        self.shared.hedges = Budget(0.5, 1)
        self.shared.placing.pins = Pins(MOST_PINS, PIN_LIFE)
        self.world.watch = self.is_the_choice_right
        self.seen.draw(self.world)
        self.fleet.probe()
        for _ in range(200):
            self.shared.tally.reads.add(0.01)
        self.asked: list[Asked] = []
        self.next_probe = self.next_mark = 0.0
        self.broken: list[str] = []
        globalLogPublisher.addObserver(self.observe)

    def observe(self, event: LogEvent) -> None:
        if event.get("log_failure") is not None:
            self.broken.append(event["log_failure"].getTraceback())

    # What happens in the world.

    @rule(number=st.integers(0, 2), how=st.sampled_from(sorted(SICK)))
    def fall_ill(self, number: int, how: str) -> None:
        for name, value in SICK[how].items():
            setattr(self.node(number), name, value)

    @rule(number=st.integers(0, 2), odd=st.sampled_from(sorted(ODD)))
    def say_something_odd(self, number: int, odd: str) -> None:
        self.node(number).odd = odd

    @rule(number=st.integers(0, 2), how=st.sampled_from(["dead", "frozen"]), drops=st.booleans())
    def stop_one(self, number: int, how: str, drops: bool) -> None:
        node = self.node(number)
        setattr(node, how, True)
        if drops:
            self.world.drops.add(node.group)
        self.world.look()
        if node.dead:
            for wire in (node.channel, node.http):
                for call in wire.waiting:
                    wire.settle(call, Lost("killed"))

    @rule(number=st.integers(0, 2))
    def fall_behind(self, number: int) -> None:
        node = self.node(number)
        node.behind_since = node.behind_since or self.clock.seconds()

    @rule()
    def mend_all(self) -> None:
        for number in range(3):
            self.mend(number)

    @rule(number=st.integers(0, 2))
    def mend(self, number: int) -> None:
        node = self.node(number)
        node.dead = node.frozen = False
        node.refusing = node.breaks = node.odd = ""
        node.slow, node.behind_since = 0.01, None
        self.world.drops.discard(node.group)
        self.world.look()

    @rule(group=st.integers(1, 3), number=st.integers(0, 2), told=st.booleans())
    def elect(self, group: int, number: int, told: bool) -> None:
        """Let another one lead; `told` when the map says so at once."""
        members = [a for a in self.world.groups.get(group, ()) if not self.world.nodes[a].stopped]
        if not members:
            return
        self.world.leaders[group] = members[number % len(members)]
        self.world.drops.discard(group)
        self.world.look()
        if told:
            self.seen.draw(self.world)

    @rule(
        group=st.sampled_from([1, 1, 2]),
        how=st.sampled_from(["dead", "frozen"]),
        drops=st.booleans(),
        kinds=st.lists(st.sampled_from(["read", "read", "whole", "part", "best effort"]), max_size=3),
        consent=st.sampled_from([None, 1.2, 9.0]),
        slow=st.sampled_from([0.01, 0.5]),
        seconds=st.sampled_from([0.3, 1.0, 3.0, 6.0]),
    )
    def go_through_an_election(
        self, group: int, how: str, drops: bool, kinds: list[str], consent: float | None, slow: float,
        seconds: float,
    ) -> None:  # fmt: skip
        """Lose a leader with requests before, meanwhile and after; then another one leads."""
        before = {"known": False, "timeout": None, "consent": consent, "socket": False, "named": ""}
        leader = ALL.index(self.world.leaders.get(group, A))
        self.mend_all()
        self.wait(3.0)
        for number in range(3):
            self.node(number).slow = slow
        for at, kind in enumerate(kinds):
            self.perform(kind, WORDS[group - 1], client=f"192.0.2.{at}", **before)
        self.stop_one(leader, how, drops)
        for at, kind in enumerate(kinds):
            self.perform(kind, WORDS[group - 1], client=f"192.0.2.{at}", **before)
        self.wait(seconds)
        for at, kind in enumerate(kinds):
            self.perform(kind, WORDS[group - 1], client=f"192.0.2.{at}", **before)
        self.wait(0.3)
        self.elect(group, 0, told=True)

    @rule(gone=st.integers(0, 5))
    def reload(self, gone: int) -> None:
        addresses = tuple(a for number, a in enumerate(ALL) if number != gone)
        self.live.replace(replace(self.live.config, dgraph_endpoints=addresses))
        self.fleet.muster(addresses)

    @rule(seconds=st.sampled_from([0.01, 0.3, 0.3, 1.0, 3.0, 12.0]))
    def wait(self, seconds: float) -> None:
        end = self.clock.seconds() + seconds
        while self.clock.seconds() < end:
            self.clock.advance(min(STEP, end - self.clock.seconds() + 1e-9))
            now = self.clock.seconds()
            self.fleet.ward.tick(now)
            if now >= self.next_probe:
                self.next_probe = now + 1.0
                self.fleet.probe()
                self.seen.draw(self.world)
            self.nobody_waits_too_long()

    # What callers do.

    @rule(
        kind=st.sampled_from(KINDS),
        word=st.sampled_from(WORDS),
        times=st.integers(1, 4),
        known=st.booleans(),
        timeout=st.sampled_from([None, None, 0.2, 3.0]),
        consent=st.sampled_from([None, None, 0.0, 0.5, 9.0]),
        socket=st.booleans(),
        named=st.sampled_from(["", "", "", A]),
    )
    def ask(self, kind: str, word: str, times: int, **said: Any) -> None:
        for at in range(times):
            self.perform(kind, word, client=f"192.0.2.{at % 2}", **said)

    def perform(
        self,
        kind: str,
        word: str,
        *,
        client: str,
        known: bool,
        timeout: float | None,
        consent: float | None,
        socket: bool,
        named: str,
    ) -> None:
        now = self.clock.seconds()
        self.next_mark += 1
        start_ts = self.world.stamp if known or kind == "commit" else 0
        start_ts = 0 if kind == "whole" else start_ts
        mark = f"{'r' if kind in ('read', 'best effort', 'state') else 'w'}{self.next_mark:.0f}m"
        purpose, request, writes = request_of(kind, mark, word, start_ts)
        door = Door.WEBSOCKET if socket else Door.HTTP
        operation = Operation(
            purpose,
            request,
            Caller(door, client),
            Entry(door, "/query", "id", now, client=client),
            writes=writes,
            timeout=timeout,
            start_ts=start_ts,
            best_effort=kind == "best effort",
            read_only=kind == "best effort",
            commit_now=kind == "whole",
            max_stale=consent,
            target=named if kind == "state" else "",
        )
        config = self.config
        limit = timeout or (config.slow_answer_timeout if kind == "alter" else config.answer_timeout)
        asked = Asked(operation, mark.encode(), now + limit)
        self.asked.append(asked)
        asked.done = self.gateway.perform(operation)
        asked.done.addCallbacks(asked.answered, asked.failed)

    @rule(number=st.integers(0, 20))
    def leave(self, number: int) -> None:
        """Let a caller go away, or not."""
        waiting = [each for each in self.asked if not each.told]
        if number < len(waiting):
            asked = waiting[number]
            asked.left = True
            assert asked.done is not None
            asked.done.cancel()

    # What must never be.

    def is_the_choice_right(self, node: Node, request: Rpc | HttpCall) -> None:
        """Look at a call that is just made."""
        mark = mark_of(request)
        asked = next(each for each in self.asked if each.mark == mark)
        assert self.clock.seconds() <= asked.deadline + LATE
        policy, ward = self.gateway.policy, self.fleet.ward
        old = isinstance(request, Rpc) and request.payload.endswith(BEST_EFFORT)
        if asked.operation.target:
            assert node.address == asked.operation.target
        elif old and not asked.operation.best_effort:
            assert not self.sight.silent(node.address)
        elif not isinstance(policy, RoundRobin) and node.address not in ward.usable:
            members = set(policy.members(asked.operation.purpose))
            assert not members & ward.usable, f"{node.address} is not usable, {ward.usable} are"

    def nobody_waits_too_long(self) -> None:
        now = self.clock.seconds()
        for asked in self.asked:
            assert asked.told or now <= asked.deadline + LATE, f"{asked.mark!r} was forgotten"
        for wait in self.shared.elections._waiting.values():
            assert now <= wait.until + LATE
        for until in self.shared.lines._until.values():
            assert now <= until + LATE
        for passage in self.gateway._passages:
            if passage.kind is Kind.READ and not all(leg.stale for leg in passage.legs):
                self.is_there_hope_for(passage.operation, passage.ask, now)

    def is_there_hope_for(self, operation: Operation, ask: Ask, now: float) -> None:
        """Look at a read whose call is under way: its group may not be out for too long."""
        elections = self.shared.elections
        for group in elections.hopeless(operation, ask):
            assert now <= elections._since[group] + self.live.config.hold_timeout + LATE

    @invariant()
    def nothing_broke(self) -> None:
        assert not self.broken, self.broken[0]

    @invariant()
    def bounds_are_kept(self) -> None:
        config, lines = self.live.config, self.shared.lines
        assert len(lines) == sum(lines.waiting(lane) for lane in Lane) <= config.queue_limit
        assert len(self.shared.elections) <= config.hold_limit
        assert self.gateway.in_flight <= config.max_in_flight
        for lane, most in caps_of(config).items():
            assert all(lines.taken(lane, address) <= most for address in ALL)
        for node in self.world.nodes.values():
            under_way = node.channel.open + node.http.open
            assert node.in_flight == under_way == self.fleet.load.in_flight(node.address)

    @invariant()
    def ejections_are_bounded(self) -> None:
        states = self.fleet.ward.states()
        out = [each for each in states.values() if each.status in (Status.EJECTED, Status.HANGING)]
        assert len(out) * 2 <= len(states)
        for each in out:
            longest = self.config.ejection_most
            assert each.ejected_until is None or each.ejected_until - each.since <= longest + 1e-6

    @invariant()
    def pins_are_bounded(self) -> None:
        assert len(self.shared.placing.pins) <= MOST_PINS

    @invariant()
    def each_is_answered_once_and_applied_at_most_once(self) -> None:
        for asked in self.asked:
            assert asked.told <= 1
            assert self.world.applied[asked.mark] <= 1
            if asked.told:
                self.is_the_answer_right(asked)
        self.asked = [each for each in self.asked if not each.told or self.world.under_way[each.mark]]

    def is_the_answer_right(self, asked: Asked) -> None:
        answer, operation = asked.answer, asked.operation
        assert answer is not None or isinstance(asked.error, OtterError) or asked.left
        assert asked.left or not isinstance(asked.error, CancelledError)
        if answer is None or answer.stale is None:
            return
        assert operation.purpose is Purpose.QUERY
        assert not operation.start_ts
        bound = operation.max_stale
        if bound is None:
            assert operation.caller.door is Door.WEBSOCKET
            bound = self.live.config.max_stale
        assert answer.stale <= bound
        assert answer.stale >= float(answer.trailers[0][1])

    def node(self, number: int) -> Node:
        return self.world.nodes[ALL[number]]

    def teardown(self) -> None:
        """Mend everything: all that waits is answered, and nothing stays behind."""
        if not hasattr(self, "asked"):
            return
        self.reload(5)
        for number in range(3):
            self.mend(number)
        self.wait(30.0)
        globalLogPublisher.removeObserver(self.observe)
        self.nothing_broke()
        self.bounds_are_kept()
        self.each_is_answered_once_and_applied_at_most_once()
        assert not self.asked
        assert self.gateway.in_flight == len(self.shared.lines) == len(self.shared.elections) == 0
        assert not any(self.shared.lines.taken(lane, address) for lane in Lane for address in ALL)
        assert not any(node.in_flight for node in self.world.nodes.values())
        assert not self.clock.getDelayedCalls()
        assert self.shared.placing.pins.find(self.world.stamp, self.clock.seconds()) is None


TestCorridor = Machine.TestCase
TestCorridor.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
