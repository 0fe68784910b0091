"""Groups without a leader, and who waits for them."""

from typing import Any

from twisted.internet.task import Clock

from otterd.config.live import Live
from otterd.config.schema import Config, Seconds
from otterd.core.balance import Ask
from otterd.core.judge import Verdict
from otterd.core.operation import Caller, Door, Entry, Operation, Purpose, Rpc
from otterd.errors import OtterError, Overloaded, Unavailable
from otterd.gateway.alarm import Alarm
from otterd.gateway.elections import FIRST_BATCH, Elections
from otterd.gateway.outages import HUNG, SOME
from tests.fakes.sight import FakeSight

NAME = frozenset({"0-name"})
OTHER = frozenset({"0-other"})


class Waiter:
    def __init__(self, caller: str = "") -> None:
        self.caller = caller
        self.freed = 0
        self.error: OtterError | None = None

    def released(self) -> None:
        self.freed += 1

    def refused(self, error: OtterError) -> None:
        assert self.error is None
        self.error = error


class Rig:
    """Group 1 of three alphas owns `name`, group 2 of one owns `other`."""

    def __init__(self, **keys: Any) -> None:
        self.clock = Clock()
        self.sight = FakeSight(("a", "b", "c", "d"))
        live = Live(Config(dgraph_endpoints=("a:1",), **keys))
        self.elections = Elections(live, self.sight, Alarm(self.clock, self.clock), self.clock)
        self.sight.chart({1: ("a", "b", "c"), 2: ("d",)}, {"0-name": 1, "0-other": 2})

    def lacking(self, reads: frozenset[str] | None = NAME, **fields: Any) -> frozenset[int]:
        entry = Entry(Door.HTTP, "/query", "id", 0.0)
        operation = Operation(Purpose.QUERY, Rpc("Query", b""), Caller(Door.HTTP, ""), entry, **fields)
        return self.elections.lacking(operation, Ask(Purpose.QUERY, reads, frozenset()))

    def answered(self, took: float, purpose: Purpose = Purpose.QUERY, **fields: Any) -> None:
        entry = Entry(Door.HTTP, "/query", "id", 0.0)
        operation = Operation(purpose, Rpc("Query", b""), Caller(Door.HTTP, ""), entry, **fields)
        self.elections.answered(operation, Ask(purpose, NAME, frozenset()), took)

    def hold(self, count: int = 1, deadline: float = 1e9) -> list[Waiter]:
        waiters = [Waiter() for _ in range(count)]
        for waiter in waiters:
            self.elections.hold(waiter, frozenset({1}), self.clock.seconds(), deadline)
        return waiters


def test_nothing_waits_while_all_is_well() -> None:
    assert not Rig().lacking()


def test_what_needs_a_group_whose_leader_is_silent_waits() -> None:
    rig = Rig()
    rig.sight.silence("a")
    assert rig.lacking() == {1}
    assert not rig.lacking(OTHER)
    assert not rig.lacking(None)


def test_best_effort_goes_on_without_a_leader_but_not_without_any_member() -> None:
    rig = Rig()
    rig.sight.silence("a")
    assert not rig.lacking(best_effort=True)
    rig.sight.silence("b", "c")
    assert rig.lacking(best_effort=True) == {1}


def test_a_silent_follower_holds_nobody() -> None:
    rig = Rig()
    rig.sight.silence("b", "c")
    assert not rig.lacking()


def test_a_draining_leader_still_leads() -> None:
    rig = Rig()
    rig.sight.usable -= {"a"}
    rig.sight.change()
    assert not rig.lacking()


def test_a_new_leader_lets_them_go_in_growing_batches() -> None:
    rig = Rig()
    rig.sight.silence("a")
    waiters = rig.hold(100)
    rig.sight.chart({1: ("a", "b", "c"), 2: ("d",)}, {"0-name": 1}, g1="b")
    assert sum(waiter.freed for waiter in waiters) == FIRST_BATCH
    assert [waiter.freed for waiter in waiters[:FIRST_BATCH]] == [1] * FIRST_BATCH
    rig.clock.pump([0.011] * 2)
    assert FIRST_BATCH < sum(waiter.freed for waiter in waiters) < 100
    rig.clock.pump([0.011] * 20)
    assert all(waiter.freed == 1 and waiter.error is None for waiter in waiters)
    assert len(rig.elections) == 0


def test_who_waits_too_long_is_told_that_nothing_was_done() -> None:
    rig = Rig(hold_timeout=Seconds(10.0))
    rig.sight.silence("a", "b")
    (waiter,) = rig.hold()
    rig.clock.pump([1.0] * 9)
    assert waiter.error is None
    rig.clock.pump([1.0] * 2)
    assert isinstance(waiter.error, Unavailable)
    assert "group 1" in waiter.error.message
    assert waiter.error.retry_after
    assert waiter.freed == 0


def test_nobody_waits_beyond_his_own_deadline() -> None:
    rig = Rig()
    rig.sight.silence("a")
    (waiter,) = rig.hold(deadline=2.0)
    rig.clock.pump([1.0] * 3)
    assert waiter.error is not None


def test_the_room_to_wait_is_bounded() -> None:
    rig = Rig(hold_limit=3)
    rig.sight.silence("a")
    *first, last = rig.hold(4)
    assert isinstance(last.error, Overloaded)
    assert all(waiter.error is None for waiter in first)
    assert rig.elections.turned_away == 1


def test_who_left_is_told_nothing() -> None:
    rig = Rig()
    rig.sight.silence("a")
    stays, leaves = rig.hold(2)
    rig.elections.leave(leaves)
    rig.sight.revive("a")
    rig.clock.pump([1.0] * 12)
    assert (stays.freed, leaves.freed) == (1, 0)
    assert leaves.error is None


def test_a_request_that_hung_and_came_back_ends_the_wait() -> None:
    rig = Rig()
    rig.sight.silence("a")
    (waiter,) = rig.hold()
    rig.clock.advance(3.0)
    rig.answered(HUNG / 2)
    assert waiter.freed == 0
    rig.answered(HUNG * 2)
    assert waiter.freed == 1
    # The map still names the dead leader, and will until another one is told of.
    rig.sight.change()
    assert not rig.lacking()


def test_a_heavy_request_that_was_begun_while_the_leader_lived_ends_no_wait() -> None:
    rig = Rig()
    rig.clock.advance(5.0)
    rig.sight.last["a"] = 5.0
    rig.sight.silence("a")
    (waiter,) = rig.hold()
    rig.clock.advance(3.0)
    rig.answered(3.1)
    assert waiter.freed == 0
    rig.answered(2.9)
    assert waiter.freed == 1


def test_what_is_answered_without_a_leader_ends_no_wait_however_long_it_took() -> None:
    rig = Rig()
    rig.sight.silence("a")
    (waiter,) = rig.hold()
    rig.clock.advance(3.0)
    rig.answered(HUNG * 2, best_effort=True)
    rig.answered(HUNG * 2, start_ts=5)
    rig.answered(HUNG * 2, Purpose.COMMIT, start_ts=5, writes=True)
    rig.answered(HUNG * 2, Purpose.GRAPHQL)
    assert waiter.freed == 0
    rig.answered(HUNG * 2, Purpose.MUTATION, writes=True)
    assert waiter.freed == 1


def test_a_group_that_another_alpha_cannot_reach_is_doubted_for_a_moment() -> None:
    rig = Rig()
    ask = Ask(Purpose.QUERY, OTHER | NAME, frozenset())
    assert rig.elections.suspects(ask, Verdict.CUT_OFF, "a") == {2}
    assert rig.lacking(OTHER) == {2}
    assert rig.lacking(OTHER, best_effort=True) == {2}
    rig.clock.pump([0.3] * 2)
    assert not rig.lacking(OTHER)


def test_a_group_that_nobody_named_holds_nobody_else() -> None:
    rig = Rig()
    ask = Ask(Purpose.MUTATION, frozenset(), NAME)
    groups = rig.elections.suspects(ask, Verdict.GROUP_AWAY, "a")
    waiter = Waiter()
    rig.elections.hold(waiter, groups, 0.0, 1e9)
    assert not rig.lacking()
    assert not rig.lacking(OTHER)
    rig.clock.pump([0.3] * 2)
    assert waiter.freed == 1


def test_nothing_is_suspected_without_a_map() -> None:
    rig = Rig()
    rig.sight.chart({}, {})
    assert not rig.elections.suspects(Ask(Purpose.QUERY, NAME, None), Verdict.LOST, "a")


def test_in_a_cluster_of_one_group_everything_needs_it() -> None:
    rig = Rig()
    rig.sight.chart({1: ("a", "b", "c")}, {})
    rig.sight.silence("a")
    assert rig.lacking(None) == {1}
    assert rig.lacking(frozenset()) == {1}


def test_a_silent_leader_that_outlasts_any_election_holds_nobody() -> None:
    rig = Rig(hold_timeout=Seconds(10.0))
    rig.sight.silence("a")
    rig.clock.advance(1.0)
    (waiter,) = rig.hold()
    rig.clock.pump([0.5] * 13)
    assert waiter.freed == 0
    rig.clock.pump([0.5] * 2)
    assert waiter.freed == 1
    assert not rig.lacking()
    rig.sight.revive("a")
    rig.sight.silence("a")
    assert rig.lacking() == {1}


def test_without_most_of_its_members_a_group_is_waited_for() -> None:
    rig = Rig()
    rig.sight.silence("a", "b")
    rig.clock.pump([0.5] * 40)
    assert rig.lacking() == {1}


def test_what_names_no_group_waits_for_the_one_that_is_away() -> None:
    rig = Rig()
    ask = Ask(Purpose.QUERY, None, frozenset())
    assert rig.elections.suspects(ask, Verdict.CUT_OFF, "a") == {SOME}
    rig.sight.silence("d")
    assert 2 in rig.elections.suspects(ask, Verdict.CUT_OFF, "a")


def test_a_write_waits_for_every_group_that_is_away() -> None:
    rig = Rig()
    rig.sight.silence("d")
    entry = Entry(Door.HTTP, "/mutate", "id", 0.0)
    write = Operation(Purpose.MUTATION, Rpc("Query", b""), Caller(Door.HTTP, ""), entry, writes=True)
    assert rig.elections.lacking(write, Ask(Purpose.MUTATION, frozenset(), NAME)) == {2}
    assert not rig.lacking(NAME)


def test_an_alter_waits_for_every_group_that_is_away_or_has_no_leader() -> None:
    rig = Rig()
    entry = Entry(Door.HTTP, "/alter", "id", 0.0)
    alter = Operation(Purpose.ALTER, Rpc("Alter", b""), Caller(Door.HTTP, ""), entry, writes=True)
    ask = Ask(Purpose.ALTER)
    assert not rig.elections.lacking(alter, ask)
    rig.sight.silence("a")
    assert rig.elections.lacking(alter, ask) == {1}
    rig.sight.silence("d")
    assert rig.elections.lacking(alter, ask) == {1, 2}


def test_a_group_is_hopeless_once_it_was_out_for_as_long_as_anyone_waits() -> None:
    rig = Rig(hold_timeout=Seconds(10.0))
    late: list[float] = []
    rig.elections.when_late(lambda: late.append(rig.clock.seconds()))
    entry = Entry(Door.HTTP, "/query", "id", 0.0)
    read = Operation(Purpose.QUERY, Rpc("Query", b""), Caller(Door.HTTP, ""), entry)

    def hopeless(reads: frozenset[str] = NAME) -> frozenset[int]:
        return rig.elections.hopeless(read, Ask(Purpose.QUERY, reads, frozenset()))

    rig.sight.silence("a", "b")
    rig.clock.pump([1.0] * 9)
    assert (late, hopeless()) == ([], set())
    rig.clock.pump([1.0] * 2)
    assert late == [10.0]
    assert hopeless() == {1}
    assert not hopeless(OTHER)
    rig.sight.revive("a", "b")
    assert not hopeless()
    rig.sight.silence("a", "b")
    assert not hopeless()


def test_what_is_asked_best_effort_goes_on_when_one_member_is_back() -> None:
    rig = Rig()
    rig.sight.silence("a", "b", "c")
    patient, modest = Waiter(), Waiter()
    rig.elections.hold(patient, frozenset({1}), 0.0, 1e9)
    rig.elections.hold(modest, frozenset({1}), 0.0, 1e9, best_effort=True)
    rig.sight.revive("b")
    assert (patient.freed, modest.freed) == (0, 1)


def test_one_caller_cannot_take_all_the_room() -> None:
    rig = Rig(hold_limit=4)
    rig.sight.silence("a")
    greedy = [Waiter("greedy") for _ in range(4)]
    modest = [Waiter("modest") for _ in range(3)]
    for waiter in (*greedy, *modest):
        rig.elections.hold(waiter, frozenset({1}), 0.0, 1e9)
    assert [waiter.error is None for waiter in greedy] == [True, True, False, False]
    assert [waiter.error is None for waiter in modest] == [True, True, False]
    assert len(rig.elections) == 4


def test_a_group_that_answers_slowly_is_not_asked_twice_for_that() -> None:
    rig = Rig()
    ask = Ask(Purpose.QUERY, NAME, frozenset())
    assert not rig.elections.plods(ask)
    rig.clock.advance(1.0)
    rig.answered(1.0)
    assert rig.elections.plods(ask)
    rig.sight.silence("a")
    assert not rig.elections.plods(ask)
    rig.sight.revive("a")
    rig.clock.advance(1.0)
    assert not rig.elections.plods(ask)
