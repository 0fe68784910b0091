"""A request on its way while the alphas change under it."""

from typing import Any

from twisted.internet.defer import Deferred

from otterd.config.schema import Balancer
from otterd.core.operation import Answer, Purpose, Rpc
from otterd.errors import Lost, NotReached
from otterd.gateway.legs import BEST_EFFORT
from otterd.wire import api_pb2 as api
from tests.fakes.memory import HANG, Delayed
from tests.gateway.rig import FINE, FakeAlpha, Rig, operation

A, B, C = "a:9080", "b:9080", "c:9080"
AWAY = "cannot retrieve predicate information: No connection exists"
QUERY = Rpc("Query", api.Request(query="{ q(func: has(name)) { name } }").SerializeToString())


def waiting_at(rig: Rig) -> list[str]:
    """Return the alphas that work on something."""
    return [address for address, alpha in rig.alphas.items() if alpha.channel.waiting]


def test_who_is_asked_next_is_decided_when_it_is_asked() -> None:
    rig = Rig(balancer_type=Balancer.ROUND_ROBIN_HEALTHY)
    rig.a.channel.default = HANG
    heard = rig.perform(operation())
    rig.sight.usable -= {B}
    rig.sight.change()
    rig.a.channel.settle(rig.a.channel.calls[0], Lost("reset"))
    assert heard.answer
    assert heard.answer.alpha == C
    assert not rig.b.channel.calls


def test_a_hedge_goes_to_another_alpha() -> None:
    rig = Rig(hedge=True)
    for alpha in rig.alphas.values():
        alpha.channel.default = Delayed(0.01, FINE)
    for _ in range(200):
        rig.perform(operation())
        rig.clock.advance(0.02)
    for alpha in rig.alphas.values():
        alpha.channel.default = HANG
    rig.perform(operation())
    rig.clock.pump([0.02] * 4)
    assert len(waiting_at(rig)) == 2


def test_one_of_twenty_reads_is_hedged_at_the_most_and_writes_buy_no_hedge() -> None:
    rig = Rig(hedge=True)
    for alpha in rig.alphas.values():
        alpha.channel.default = Delayed(0.01, FINE)
    for _ in range(200):
        rig.perform(operation())
        rig.perform(operation(Purpose.MUTATION))
        rig.clock.advance(0.02)
    for alpha in rig.alphas.values():
        alpha.channel.default = HANG
    for _ in range(200):
        rig.perform(operation())
    rig.clock.pump([0.02] * 4)
    assert rig.gateway.shared.tally.hedged == (200 + 200) // 20


def test_a_rescue_in_vain_is_followed_by_another() -> None:
    rig = Rig(balancer_type=Balancer.ROUND_ROBIN_HEALTHY)
    rig.a.channel.default = HANG
    rig.b.channel.default = Lost("reset")
    heard = rig.perform(operation())
    rig.sight.silence(A)
    assert heard.answer is None
    assert rig.b.channel.calls
    rig.sight.change()
    assert heard.answer
    assert heard.answer.alpha == C


def test_a_caller_who_leaves_a_line_leaves_it_though_a_login_is_under_way() -> None:
    rig = Rig(balancer_type=Balancer.STATE_BASED)
    rig.sight.chart({1: (A, B, C)}, {})
    rig.sight.silence(A)
    rig.account.login = Deferred()
    heard = rig.perform(operation(Purpose.MUTATION))
    heard.deferred.cancel()
    assert rig.gateway.in_flight == 0
    rig.sight.revive(A)
    assert not any(alpha.channel.calls for alpha in rig.alphas.values())


def test_room_that_the_next_in_line_does_not_take_is_for_the_one_after() -> None:
    rig = Rig(balancer_type=Balancer.STATE_BASED, max_alpha_reads=1)
    rig.sight.chart({1: (A,), 2: (B,), 3: (C,)}, {"0-name": 1, "0-other": 2})
    for alpha in rig.alphas.values():
        alpha.channel.default = HANG
    for word in ("name", "other", "third"):
        rig.perform(read(word))
    needs_a, needs_none = rig.perform(read("name")), rig.perform(read("new", client="192.0.2.9"))
    rig.sight.mute.add(A)
    rig.sight.change()
    rig.b.channel.default = FINE
    rig.b.channel.settle(rig.b.channel.calls[0], FINE)
    assert needs_a.answer is None
    assert needs_none.answer


def read(word: str, client: str = "192.0.2.1") -> Any:
    """Return a query of one predicate."""
    payload = api.Request(query=f"{{ q(func: has({word})) {{ {word} }} }}").SerializeToString()
    asked = operation(request=Rpc("Query", payload))
    asked.entry.client = client
    return asked


def write(word: str, client: str = "192.0.2.1") -> Any:
    """Return a whole write of one predicate."""
    mutation = api.Mutation(set_nquads=f'_:a <{word}> "x" .'.encode())
    payload = api.Request(mutations=[mutation], commit_now=True).SerializeToString()
    sent = operation(Purpose.MUTATION, request=Rpc("Query", payload), commit_now=True)
    sent.entry.client = client
    return sent


def test_an_answer_that_grew_too_old_on_its_way_is_none() -> None:
    rig = Rig()
    for alpha in rig.alphas.values():
        alpha.channel.default = old_answer
    rig.sight.ages = {A: 0.9, B: 99.0, C: 99.0}
    heard = rig.perform(operation(request=QUERY, max_stale=1.0))
    rig.clock.pump([0.05] * 12)
    assert rig.gateway.shared.tally.stale_asked == 1
    assert heard.answer is None
    rig.a.channel.settle(rig.a.channel.calls[0], FINE)
    assert heard.answer
    assert heard.answer.stale is None


def old_answer(request: Any) -> Any:
    """Hang, but tell what is asked best-effort after 200 ms."""
    return Delayed(0.2, Answer(0, b"old")) if request.payload.endswith(BEST_EFFORT) else HANG


def test_what_waits_for_a_group_needs_no_budget() -> None:
    rig = Rig(balancer_type=Balancer.STATE_BASED)
    rig.sight.chart({1: (A,), 2: (B,), 3: (C,)}, {"0-name": 1})
    for alpha in rig.alphas.values():
        alpha.channel.default = Answer(2, message=AWAY)
    while rig.gateway.shared.budget.spend(0.0):
        pass
    heard = rig.perform(write("name"))
    assert heard.answer is None
    for alpha in rig.alphas.values():
        alpha.channel.default = FINE
    rig.clock.pump([0.3] * 2)
    assert heard.answer
    assert not heard.answer.message


def begun(ts: int) -> Answer:
    return Answer(0, api.Response(txn=api.TxnContext(start_ts=ts)).SerializeToString())


def transaction(rig: Rig) -> FakeAlpha:
    """Begin transaction 7 with a write, and return the alpha that has it."""
    for alpha in rig.alphas.values():
        alpha.channel.default = begun(7)
    heard = rig.perform(operation(Purpose.MUTATION, request=QUERY))
    assert heard.answer
    return rig.alphas[heard.answer.alpha]


def test_a_transaction_with_writes_waits_for_its_alpha_while_that_is_full() -> None:
    rig = Rig(balancer_type=Balancer.ROUND_ROBIN_HEALTHY, max_alpha_reads=1)
    alpha = transaction(rig)
    alpha.channel.default = HANG
    rig.perform(operation(request=QUERY, start_ts=7))
    waits = rig.perform(operation(request=QUERY, start_ts=7))
    assert waits.answer is None
    alpha.channel.default = FINE
    alpha.channel.settle(alpha.channel.calls[-1], FINE)
    assert waits.answer
    assert waits.answer.alpha == alpha.address


def test_a_transaction_that_goes_past_its_writes_is_counted_once() -> None:
    rig = Rig(balancer_type=Balancer.ROUND_ROBIN_HEALTHY)
    transaction(rig).channel.default = NotReached("refused")
    heard = rig.perform(operation(request=QUERY, start_ts=7))
    assert heard.answer
    assert rig.gateway.shared.placing.orphans == 1


def test_a_read_of_a_transaction_is_not_hedged() -> None:
    rig = Rig(hedge=True)
    for alpha in rig.alphas.values():
        alpha.channel.default = Delayed(0.01, FINE)
    for _ in range(200):
        rig.perform(operation())
        rig.clock.advance(0.02)
    for alpha in rig.alphas.values():
        alpha.channel.default = HANG
    rig.perform(operation(start_ts=7))
    rig.clock.pump([0.02] * 4)
    assert len(waiting_at(rig)) == 1


def test_a_write_whose_caller_left_is_not_begun_anew() -> None:
    rig = Rig()
    rig.a.channel.default = HANG
    heard = rig.perform(operation(Purpose.MUTATION))
    heard.deferred.cancel()
    rig.a.channel.settle(rig.a.channel.calls[0], NotReached("refused"))
    assert not rig.b.channel.calls
    assert rig.gateway.in_flight == 0
