"""What is written down of a request's way, for `X-Otter-Explain`."""

from typing import Any

from otterd.config.schema import Balancer, Config, Seconds
from otterd.core.balance import policy_for
from otterd.core.operation import Decision, Operation, Purpose, Rpc, Waited
from otterd.errors import Overloaded, Unavailable
from otterd.wire import api_pb2 as api
from tests.fakes.memory import HANG, Delayed
from tests.gateway.rig import FINE, Rig, operation

A, B, C = "a:9080", "b:9080", "c:9080"
NAME = Rpc("Query", api.Request(query="{ q(func: eq(name, 1)) { name } }").SerializeToString())


def asked(purpose: Purpose = Purpose.QUERY, **fields: Any) -> tuple[Operation, Decision]:
    """Return a request whose way is to be told, and where that will stand."""
    sent = operation(purpose, **fields)
    sent.entry.decision = Decision()
    return sent, sent.entry.decision


def test_nothing_is_written_down_unasked() -> None:
    rig = Rig()
    sent = operation()
    assert rig.perform(sent).answer
    assert sent.entry.decision is None


def test_the_policy_goes_by_its_name_in_the_configuration() -> None:
    rig = Rig(balancer_type=Balancer.STATE_BASED)
    rig.sight.chart({1: (A, B), 2: (C,)}, {"0-name": 2})
    sent, told = asked(request=NAME)
    rig.perform(sent)
    assert told.policy == "state-based"
    assert "group 2" in told.why
    assert told.predicates == ("0-name",)
    assert told.candidates[0] == C


def test_each_alpha_that_was_no_candidate_is_told_with_its_reason() -> None:
    rig = Rig(balancer_type=Balancer.ROUND_ROBIN_HEALTHY)
    rig.sight.silence(B)
    sent, told = asked()
    rig.perform(sent)
    assert set(told.candidates) == {A, C}
    assert told.excluded == {B: "it is not usable"}


def test_alphas_of_another_purpose_and_discovered_ones_are_told_of() -> None:
    groups = {"query": (A, B), "mutation": (C,)}
    rig = Rig(balancer_type=Balancer.DEFINED, groups=groups)
    rig.sight.discovered = frozenset({"new:9080"})
    sent, told = asked()
    rig.perform(sent)
    assert told.excluded == {
        C: "it is not among the alphas for query",
        "new:9080": "it is not among the alphas for query",
    }


def test_who_leads_no_group_is_told_so() -> None:
    rig = Rig(balancer_type=Balancer.LEADERS_ONLY)
    rig.sight.chart({1: (A, B), 2: (C,)}, {})
    sent, told = asked()
    rig.perform(sent)
    assert told.excluded == {B: "it leads no group"}


def test_who_is_usable_and_yet_passed_over_is_told() -> None:
    rig = Rig(balancer_type=Balancer.ROUND_ROBIN_HEALTHY)
    rig.gateway.shared.placing.policy = policy_for(
        Config(balancer_type=Balancer.LEADERS_ONLY, dgraph_endpoints=(A, B, C)), lambda: 0.0
    )
    rig.sight.chart({1: (A, B, C)}, {})
    sent, told = asked()
    rig.perform(sent)
    assert told.excluded == dict.fromkeys((B, C), "the policy passes over it")


def test_a_request_that_names_its_alpha_has_no_other() -> None:
    rig = Rig()
    sent, told = asked(Purpose.ADMIN, target=B)
    rig.perform(sent)
    assert told.why == "the alpha that the request names"
    assert told.candidates == (B,)
    assert told.excluded == dict.fromkeys((A, C), "the request names another alpha")


def test_a_wait_for_a_group_is_told_and_the_choice_after_it() -> None:
    rig = Rig(balancer_type=Balancer.STATE_BASED)
    rig.sight.chart({1: (A, B, C)}, {"0-name": 1})
    rig.sight.silence(A)
    sent, told = asked(Purpose.MUTATION)
    heard = rig.perform(sent)
    assert told.waits == [Waited("group 1", 0.0)]
    assert A in told.excluded
    rig.clock.advance(3)
    rig.sight.chart({1: (A, B, C)}, {"0-name": 1}, g1=A)
    rig.sight.revive(A)
    assert heard.answer
    assert told.waits == [Waited("group 1", 0.0, 3.0)]
    assert told.excluded == {}
    assert [attempt.begun for attempt in told.attempts] == [3.0]


def test_a_wait_in_line_is_told() -> None:
    rig = Rig(max_alpha_reads=1)
    for alpha in rig.alphas.values():
        alpha.channel.on("Query", Delayed(2.0, FINE))
    for _ in range(3):
        rig.perform(operation())
    sent, told = asked()
    heard = rig.perform(sent)
    rig.clock.advance(2)
    rig.clock.advance(2)
    assert heard.answer
    assert told.waits == [Waited("an alpha with room (read)", 0.0, 2.0)]


def test_a_wait_that_ends_in_a_refusal_is_told_whole() -> None:
    rig = Rig(balancer_type=Balancer.STATE_BASED, hold_timeout=Seconds(5.0))
    rig.sight.chart({1: (A, B, C)}, {"0-name": 1})
    rig.sight.silence(A)
    sent, told = asked(Purpose.MUTATION)
    heard = rig.perform(sent)
    rig.clock.pump([0.5] * 11)
    assert isinstance(heard.error, Unavailable)
    assert [wait.took for wait in told.waits] == [5.0]
    assert told.attempts == []


def test_a_request_for_which_there_is_no_room_is_told_so() -> None:
    rig = Rig(max_alpha_reads=1, queue_limit=0)
    for alpha in rig.alphas.values():
        alpha.channel.default = HANG
    for _ in range(3):
        rig.perform(operation())
    sent, told = asked()
    assert isinstance(rig.perform(sent).error, Overloaded)
    assert told.waits == [Waited("an alpha with room (read)", 0.0)]


def test_a_wait_ends_when_the_caller_goes_away() -> None:
    rig = Rig(balancer_type=Balancer.STATE_BASED)
    rig.sight.chart({1: (A, B, C)}, {"0-name": 1})
    rig.sight.silence(A)
    sent, told = asked(Purpose.MUTATION)
    heard = rig.perform(sent)
    rig.clock.advance(1)
    heard.deferred.cancel()
    assert [wait.took for wait in told.waits] == [1.0]
