"""Requests that wait: for a leader, for room, for an old answer, for a second alpha."""

from dataclasses import replace
from typing import Any

import pytest
from twisted.internet.defer import CancelledError

from otterd.config.schema import Balancer, Seconds
from otterd.core import texts
from otterd.core.judge import Verdict
from otterd.core.operation import Answer, Decision, Purpose
from otterd.errors import AlphaFailed, Lost, NotReached, OutcomeUnknown, Overloaded, Unavailable
from otterd.gateway.legs import BEST_EFFORT
from otterd.wire import api_pb2 as api
from tests.fakes.memory import HANG, Delayed
from tests.gateway.rig import Heard, Rig, operation

A, B, C = "a:9080", "b:9080", "c:9080"
NAME = api.Request(query="{ q(func: eq(name, 1)) { name } }").SerializeToString()


def grouped(**keys: Any) -> Rig:
    """Return a rig whose alphas are one group, led by a, that owns `name`."""
    keys.setdefault("balancer_type", Balancer.STATE_BASED)
    rig = Rig(**keys)
    rig.sight.chart({1: (A, B, C)}, {"0-name": 1})
    return rig


def asked(rig: Rig) -> list[str]:
    """Return the alphas in the order in which they were called."""
    return [address for address, _ in rig.sight.log]


def test_what_needs_a_leaderless_group_waits_and_goes_to_the_new_leader() -> None:
    rig = grouped()
    rig.sight.silence(A)
    read, write = rig.perform(operation()), rig.perform(operation(Purpose.MUTATION))
    assert not any(alpha.channel.calls for alpha in rig.alphas.values())
    rig.clock.advance(3)
    rig.sight.chart({1: (A, B, C)}, {"0-name": 1}, g1=B)
    assert read.answer
    assert write.answer
    assert write.answer.alpha == B


def test_a_commit_does_not_wait_for_a_leader() -> None:
    rig = grouped()
    rig.sight.silence(A)
    assert rig.perform(operation(Purpose.COMMIT, start_ts=5)).answer


def test_a_wait_in_vain_says_that_nothing_was_done() -> None:
    rig = grouped(hold_timeout=Seconds(10.0))
    rig.sight.silence(A, B)
    heard = rig.perform(operation(Purpose.MUTATION))
    rig.clock.pump([0.5] * 22)
    assert isinstance(heard.error, Unavailable)
    assert not rig.a.channel.calls
    assert rig.gateway.in_flight == 0


def test_a_read_of_a_group_that_other_alphas_cannot_reach_is_held_and_then_refused() -> None:
    rig = Rig(balancer_type=Balancer.STATE_BASED, hold_timeout=Seconds(2.0))
    rig.sight.chart({1: (A,), 2: (B,), 3: (C,)}, {"0-name": 1})
    rig.a.channel.default = NotReached("refused")
    for alpha in (rig.b, rig.c):
        alpha.channel.default = Answer(2, message=f": {texts.CUT_OFF[0]}")
    heard = rig.perform(operation(request=rpc()))
    assert heard.answer is None
    assert heard.error is None
    rig.clock.pump([0.1] * 30)
    assert isinstance(heard.error, Unavailable)
    assert "group 1" in heard.error.message


def test_a_write_goes_through_a_survivor_of_the_group_that_is_away() -> None:
    rig = Rig(balancer_type=Balancer.STATE_BASED, max_attempts=2)
    rig.sight.chart({1: (A,), 2: ("gone:9080", C), 3: (B,)}, {"0-name": 1})
    rig.sight.mute.add("gone:9080")
    rig.sight.change()
    for alpha in (rig.a, rig.b):
        alpha.channel.default = Answer(
            2, message="cannot retrieve predicate information: No connection exists"
        )
    write = api.Request(mutations=[api.Mutation(set_nquads=b'_:a <name> "x" .')], commit_now=True)
    heard = rig.perform(operation(Purpose.MUTATION, request=rpc(write.SerializeToString())))
    assert heard.answer
    assert heard.answer.alpha == C


def rpc(payload: bytes = NAME) -> Any:
    from otterd.core.operation import Rpc

    return Rpc("Query", payload)


def test_a_caller_who_leaves_while_waiting_leaves_nothing_behind() -> None:
    rig = grouped()
    rig.sight.silence(A)
    heard = rig.perform(operation(Purpose.MUTATION))
    heard.deferred.cancel()
    assert isinstance(heard.error, CancelledError)
    assert rig.gateway.in_flight == 0
    rig.sight.revive(A)
    assert not rig.a.channel.calls


def test_room_is_waited_for_and_a_full_line_turns_away() -> None:
    rig = Rig(max_alpha_reads=1, queue_limit=1)
    for alpha in rig.alphas.values():
        alpha.channel.default = HANG
    first = [rig.perform(operation()) for _ in range(3)]
    waiting, refused = rig.perform(operation()), rig.perform(operation())
    assert isinstance(refused.error, Overloaded)
    assert refused.error.retry_after
    rig.b.channel.settle(rig.b.channel.calls[0], Answer(0, b"payload"))
    assert first[1].answer
    assert len(rig.b.channel.calls) == 2
    rig.b.channel.settle(rig.b.channel.calls[1], Answer(0, b"payload"))
    assert waiting.answer


def test_a_lost_read_is_asked_once_more_and_not_for_ever() -> None:
    rig = grouped(max_attempts=10)
    for alpha in rig.alphas.values():
        alpha.channel.default = Lost("reset")
    heard = rig.perform(operation())
    assert isinstance(heard.error, AlphaFailed)
    assert len(asked(rig)) == 2


def test_a_lost_read_that_the_budget_denies_is_tried_again_in_a_moment() -> None:
    rig = Rig()
    rig.a.channel.on("Query", Lost("reset"), Answer(0, b"payload"))
    while rig.gateway.shared.budget.spend(0.0):
        pass
    heard, other = rig.perform(operation()), rig.perform(operation())
    assert other.answer
    assert heard.answer is None
    assert heard.error is None
    assert rig.gateway.shared.tally.retries_denied == 1
    rig.clock.pump([0.1] * 7)
    assert heard.answer


def test_a_write_that_was_lost_waits_for_no_second_try() -> None:
    rig = Rig()
    rig.a.channel.on("Query", Lost("reset"), Answer(0, b"payload"))
    while rig.gateway.shared.budget.spend(0.0):
        pass
    heard = rig.perform(operation(Purpose.MUTATION, commit_now=True))
    assert isinstance(heard.error, OutcomeUnknown)
    rig.clock.pump([0.1] * 7)
    assert len(rig.a.channel.calls) == 1


def test_a_whole_write_that_found_no_leader_goes_on_to_another_alpha() -> None:
    rig = Rig()
    rig.a.channel.default = Answer(2, message=texts.DROPPED)
    whole = rig.perform(operation(Purpose.MUTATION, commit_now=True))
    assert whole.answer
    assert whole.answer.alpha == B
    rig.gateway.shared.placing.policy.order(whole_ask(), rig.sight)
    rig.gateway.shared.placing.policy.order(whole_ask(), rig.sight)
    part = rig.perform(operation(Purpose.MUTATION, start_ts=5))
    assert part.answer
    assert part.answer.message == texts.DROPPED


def whole_ask() -> Any:
    from otterd.core.balance import Ask

    return Ask(Purpose.MUTATION)


def test_a_write_that_an_alpha_lost_on_its_way_has_an_unknown_outcome() -> None:
    rig = Rig()
    rig.a.channel.default = Answer(14, message="transport is closing")
    heard = rig.perform(operation(Purpose.COMMIT, start_ts=4711))
    assert isinstance(heard.error, OutcomeUnknown)
    assert "4711" in heard.error.message
    assert not rig.b.channel.calls


class TestAnOldAnswer:
    """Stale reads by consent."""

    def hung(self, rig: Rig, **fields: Any) -> tuple[Heard, Any]:
        for alpha in rig.alphas.values():
            alpha.channel.default = FINE_AT
        sent = operation(request=rpc(), **fields)
        return rig.perform(sent), sent

    def test_comes_from_a_survivor_after_a_quarter_of_a_second(self) -> None:
        rig = grouped()
        rig.sight.ages = {A: 0.2, B: 0.5, C: 99.0}
        heard, _ = self.hung(rig, max_stale=10.0)
        rig.clock.pump([0.05] * 4)
        assert heard.answer is None
        rig.clock.pump([0.05] * 2)
        assert heard.answer is not None
        assert heard.answer.stale is not None
        assert heard.answer.alpha in (A, B)
        assert heard.answer.stale >= rig.sight.ages[heard.answer.alpha]
        assert rig.gateway.in_flight == 0
        assert rig.sight.busy == dict.fromkeys(rig.sight.busy, 0)

    def test_is_given_to_nobody_who_did_not_ask(self) -> None:
        rig = grouped()
        heard, _ = self.hung(rig)
        rig.clock.pump([0.1] * 20)
        assert heard.answer is None
        assert rig.gateway.shared.tally.stale_asked == 0

    @pytest.mark.parametrize("fields", [{"start_ts": 5}, {"best_effort": True}])
    def test_is_never_given_within_a_transaction_nor_twice(self, fields: dict[str, Any]) -> None:
        rig = grouped()
        self.hung(rig, max_stale=10.0, **fields)
        rig.clock.pump([0.1] * 10)
        assert rig.gateway.shared.tally.stale_asked == 0

    def test_the_file_allows_it_for_read_only_queries_alone(self) -> None:
        rig = grouped(max_stale=Seconds(10.0))
        plain, _ = self.hung(rig)
        read_only, _ = self.hung(rig, read_only=True)
        strict, _ = self.hung(rig, read_only=True, max_stale=0.0)
        rig.clock.pump([0.1] * 10)
        assert (plain.answer, strict.answer) == (None, None)
        assert read_only.answer is not None
        assert read_only.answer.stale is not None

    def test_must_be_young_enough(self) -> None:
        rig = grouped()
        rig.sight.ages = dict.fromkeys((A, B, C), 3.0)
        heard, _ = self.hung(rig, max_stale=2.0)
        rig.clock.pump([0.1] * 10)
        assert heard.answer is None
        rig.sight.ages[C] = 1.0
        rig.clock.pump([0.1] * 2)
        assert heard.answer is not None
        assert heard.answer.alpha == C

    def test_goes_to_the_next_survivor_when_the_first_hangs(self) -> None:
        rig = grouped()
        rig.sight.last = {A: 9.0}
        heard, _ = self.hung(rig, max_stale=10.0)
        rig.a.channel.default = HANG
        rig.clock.pump([0.05] * 8)
        assert heard.answer is not None
        assert heard.answer.alpha != A

    def test_is_asked_of_survivors_in_turn_that_were_heard_of_at_the_same_time(self) -> None:
        rig = grouped()
        rig.sight.last = {A: 9.0, B: 9.974, C: 9.976}
        for alpha in rig.alphas.values():
            alpha.channel.default = HANG
        rig.sight.cost = lambda address: float(rig.sight.busy.get(address, 0))  # type: ignore[method-assign]
        for _ in range(20):
            rig.perform(operation(request=rpc(), max_stale=10.0))
        rig.clock.pump([0.05] * 5 + [0.02])
        stale = {
            alpha.address: sum(call.request.payload.endswith(BEST_EFFORT) for call in alpha.channel.calls)
            for alpha in rig.alphas.values()
        }
        assert stale[A] == 0
        assert stale[B] + stale[C] == 20
        assert min(stale[B], stale[C]) >= 5

    def test_a_fresh_answer_that_comes_first_wins(self) -> None:
        rig = grouped()
        for alpha in rig.alphas.values():
            alpha.channel.default = Delayed(0.3, Answer(0, b"payload"))
        heard = rig.perform(operation(request=rpc(), max_stale=10.0))
        rig.clock.pump([0.05] * 7)
        assert heard.answer is not None
        assert heard.answer.stale is None
        rig.clock.pump([0.5] * 4)
        assert rig.gateway.in_flight == 0

    def test_comes_even_while_the_request_is_held(self) -> None:
        rig = grouped()
        rig.sight.silence(A)
        heard, _ = self.hung(rig, max_stale=10.0)
        assert not rig.sight.log
        rig.clock.pump([0.05] * 6)
        assert heard.answer is not None
        assert heard.answer.stale is not None
        assert len(rig.gateway.shared.elections) == 0

    def test_saves_a_read_whose_last_alpha_broke(self) -> None:
        rig = grouped(max_attempts=1)
        for alpha in rig.alphas.values():
            alpha.channel.default = lambda rpc: (
                Delayed(0.1, Answer(0, b"payload"))
                if rpc.payload.endswith(BEST_EFFORT)
                else Delayed(0.3, Lost("reset"))
            )
        heard = rig.perform(operation(request=rpc(), max_stale=10.0))
        rig.clock.pump([0.05] * 6)
        assert heard.error is None
        rig.clock.pump([0.05] * 3)
        assert heard.answer is not None
        assert heard.answer.stale is not None

    def test_is_asked_best_effort_and_read_only(self) -> None:
        message = api.Request.FromString(NAME + BEST_EFFORT)
        assert message.read_only
        assert message.best_effort
        again = api.Request(query="q", read_only=False, commit_now=True).SerializeToString() + BEST_EFFORT
        assert api.Request.FromString(again).best_effort


def FINE_AT(request: Any) -> Any:
    """Hang, but for what is asked best-effort."""
    return Answer(0, b"old") if request.payload.endswith(BEST_EFFORT) else HANG


def test_a_read_is_rescued_from_an_alpha_that_gives_no_sign_of_life() -> None:
    rig = Rig(balancer_type=Balancer.STATE_BASED)
    rig.sight.chart({1: (A, B, C)}, {"0-name": 1}, g1=C)
    for alpha in rig.alphas.values():
        alpha.channel.default = HANG
    heard = rig.perform(operation())
    (first,) = [alpha for alpha in rig.alphas.values() if alpha.channel.calls]
    for alpha in rig.alphas.values():
        alpha.channel.default = Answer(0, b"payload")
    rig.sight.silence(first.address)
    assert heard.answer is not None
    assert heard.answer.alpha != first.address
    assert first.channel.calls[0].cancelled
    assert rig.gateway.shared.tally.rescued == 1


def test_a_write_is_not_rescued() -> None:
    rig = Rig()
    rig.a.channel.default = HANG
    heard = rig.perform(operation(Purpose.MUTATION))
    rig.sight.silence(A)
    assert heard.answer is None
    assert not rig.b.channel.calls
    rig.a.channel.settle(rig.a.channel.calls[0], Lost("reset"))
    assert isinstance(heard.error, OutcomeUnknown)


def test_a_slow_read_is_hedged_only_when_the_file_says_so() -> None:
    for hedge in (False, True):
        rig = Rig(hedge=hedge)
        for alpha in rig.alphas.values():
            alpha.channel.default = Delayed(0.01, Answer(0, b"payload"))
        for _ in range(200):
            rig.perform(operation())
            rig.clock.advance(0.02)
        rig.a.channel.default = rig.b.channel.default = rig.c.channel.default = HANG
        heard = rig.perform(operation())
        rig.clock.pump([0.02] * 4)
        assert sum(len(alpha.channel.waiting) for alpha in rig.alphas.values()) == 1 + hedge
        slow = next(alpha for alpha in rig.alphas.values() if alpha.channel.waiting)
        slow.channel.settle(slow.channel.waiting[0], Answer(0, b"payload"))
        assert heard.answer
        assert sum(len(alpha.channel.waiting) for alpha in rig.alphas.values()) == 0


def test_a_transaction_stays_with_the_alpha_that_began_it() -> None:
    rig = Rig(balancer_type=Balancer.STATE_BASED)
    begun = Answer(0, api.Response(json=b"{}", txn=api.TxnContext(start_ts=77)).SerializeToString())
    for alpha in rig.alphas.values():
        alpha.channel.default = lambda rpc: Answer(0, begun.body)
    first = rig.perform(operation())
    assert first.answer
    home = first.answer.alpha
    for _ in range(10):
        heard = rig.perform(operation(start_ts=77))
        assert heard.answer
        assert heard.answer.alpha == home
    rig.sight.silence(home)
    heard = rig.perform(operation(Purpose.MUTATION, start_ts=77))
    assert heard.answer
    assert heard.answer.alpha != home


ABORTED = "Transaction has been aborted. Please retry"


def aborted(rig: Rig, *preds: str, start_ts: int = 5) -> str:
    """Return the verdict on the aborted commit of a transaction that touched `preds`."""
    for alpha in rig.alphas.values():
        alpha.channel.default = Answer(10, message=ABORTED)
    payload = api.TxnContext(start_ts=start_ts, preds=preds).SerializeToString()
    commit = operation(Purpose.COMMIT, start_ts=start_ts, request=rpc(payload))
    heard = rig.perform(commit)
    assert heard.answer
    assert (heard.answer.status, heard.answer.message) == (10, ABORTED)
    return commit.entry.verdict


def test_an_abort_without_a_move_is_a_conflict() -> None:
    rig = grouped()
    assert aborted(rig, "1-0-name") == Verdict.ABORTED
    assert (rig.gateway.shared.tally.conflicts, rig.gateway.shared.tally.moved) == (1, 0)


def test_an_abort_while_the_owner_moves_a_tablet_is_told_as_that() -> None:
    rig = grouped()
    rig.sight.movers = {B}
    assert aborted(rig, "1-0-name") == Verdict.MOVED
    assert rig.gateway.shared.tally.moved == 1


def test_an_abort_after_a_move_is_told_as_that() -> None:
    rig = grouped()
    assert aborted(rig, "2-0-name") == Verdict.MOVED
    rig.sight.map = replace(rig.sight.map, moved={"0-name": 9})
    assert aborted(rig, "1-0-name") == Verdict.MOVED
    assert aborted(rig, "1-0-name", start_ts=10) == Verdict.ABORTED


def test_a_decision_tells_who_was_asked_and_why() -> None:
    rig = Rig()
    rig.a.channel.default = NotReached("refused")
    sent = operation()
    sent.entry.decision = Decision()
    rig.perform(sent)
    told = sent.entry.decision
    assert told.candidates == (A, B, C)
    assert [(attempt.alpha, attempt.reason, attempt.verdict) for attempt in told.attempts] == [
        (A, "first", "not reached"),
        (B, "again", "fine"),
    ]
    assert told.why


def test_an_alpha_that_comes_back_takes_what_waits_in_line() -> None:
    rig = grouped(max_alpha_reads=1)
    rig.sight.silence(B, C)
    rig.a.channel.default = HANG
    rig.perform(operation())
    waits = rig.perform(operation())
    assert waits.answer is None
    rig.sight.revive(B)
    assert waits.answer
    assert waits.answer.alpha == B


def test_more_room_by_a_reload_is_used_at_once() -> None:
    rig = grouped(max_alpha_reads=1)
    for alpha in rig.alphas.values():
        alpha.channel.default = HANG
    for _ in range(4):
        rig.perform(operation())
    assert sum(len(alpha.channel.calls) for alpha in rig.alphas.values()) == 3
    rig.live.replace(replace(rig.live.config, max_alpha_reads=2))
    assert sum(len(alpha.channel.calls) for alpha in rig.alphas.values()) == 4
