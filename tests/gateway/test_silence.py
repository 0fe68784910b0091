"""Reads whose calls hang since a group went silent, and alters while one is away."""

import json
from typing import Any

import pytest

from otterd.config.schema import Balancer, Seconds
from otterd.core.operation import Answer, HttpCall, Purpose, Rpc
from otterd.errors import Lost, NotReached, OutcomeUnknown, Unavailable
from otterd.gateway.legs import BEST_EFFORT
from otterd.wire import api_pb2 as api
from tests.fakes.memory import HANG, FakeBody
from tests.gateway.rig import Heard, Rig, operation

A, B, C = "a:9080", "b:9080", "c:9080"
AWAY = "cannot retrieve predicate information: No connection exists"


def three_groups(**keys: Any) -> Rig:
    """Return a rig whose alphas are a group each; `name` is a's, `other` is b's."""
    keys.setdefault("hold_timeout", Seconds(10.0))
    rig = Rig(balancer_type=Balancer.STATE_BASED, **keys)
    rig.sight.chart({1: (A,), 2: (B,), 3: (C,)}, {"0-name": 1, "0-other": 2})
    return rig


def read(predicate: str, **fields: Any) -> Any:
    query = api.Request(query=f"{{ q(func: has({predicate})) {{ uid }} }}")
    return operation(request=Rpc("Query", query.SerializeToString()), **fields)


def hanging(rig: Rig) -> None:
    for alpha in rig.alphas.values():
        alpha.channel.default = HANG


class TestAReadThatHangs:
    def frozen(self, rig: Rig, predicate: str = "other", **fields: Any) -> Heard:
        """Ask, let group 2 freeze a second later, and let two more pass until it is seen to be silent."""
        hanging(rig)
        heard = rig.perform(read(predicate, **fields))
        rig.clock.pump([0.5] * 4)
        rig.sight.silence(B)
        return heard

    def test_is_answered_when_nobody_waits_for_its_group_any_longer(self) -> None:
        rig = three_groups()
        heard = self.frozen(rig)
        held = rig.perform(read("other"))
        # The silent one first, then another that asks it in vain.
        assert [len(each.channel.calls) for each in (rig.a, rig.b, rig.c)] in ([1, 1, 0], [0, 1, 1])
        rig.clock.pump([0.5] * 19)
        assert heard.error is None
        rig.clock.pump([0.5] * 2)
        for each in (heard, held):
            assert isinstance(each.error, Unavailable)
            assert "group 2" in each.error.message
            assert each.error.retry_after
        assert rig.gateway.in_flight == 0
        assert not any(alpha.channel.waiting for alpha in rig.alphas.values())
        assert rig.gateway.shared.tally.given_up == 1

    def test_goes_on_when_its_group_comes_back(self) -> None:
        rig = three_groups()
        heard = self.frozen(rig)
        rig.clock.pump([0.5] * 10)
        rig.sight.revive(B)
        rig.clock.pump([0.5] * 20)
        assert heard.error is None
        rig.b.channel.settle(rig.b.channel.calls[0], Answer(0, b"late"))
        assert heard.answer

    def test_goes_on_when_another_group_is_silent(self) -> None:
        rig = three_groups()
        heard = self.frozen(rig, "name")
        rig.clock.pump([0.5] * 30)
        assert heard.error is None
        rig.a.channel.settle(rig.a.channel.calls[0], Answer(0, b"late"))
        assert heard.answer

    def test_that_is_best_effort_waits_for_no_leader(self) -> None:
        rig = three_groups()
        rig.sight.chart({1: (A, B, C)}, {"0-name": 1}, g1=A)
        hanging(rig)
        modest, plain = rig.perform(read("name", best_effort=True)), rig.perform(read("name"))
        rig.sight.silence(A)
        rig.clock.pump([0.5] * 15)
        # A leader that outlasts any election is alive: a second one must have gone, too.
        rig.sight.silence(B)
        rig.clock.pump([0.5] * 8)
        assert isinstance(plain.error, Unavailable)
        assert modest.error is None

    def test_gives_an_old_answer_a_moment_and_no_more(self) -> None:
        rig = three_groups()
        heard = self.frozen(rig, max_stale=60.0)
        best_effort = [
            call
            for alpha in rig.alphas.values()
            for call in alpha.channel.waiting
            if call.request.payload.endswith(BEST_EFFORT)
        ]
        assert best_effort
        rig.clock.pump([0.25] * 41)
        assert heard.error is None
        rig.clock.pump([0.25] * 2)
        assert isinstance(heard.error, Unavailable)
        assert not any(alpha.channel.waiting for alpha in rig.alphas.values())

    def test_takes_an_old_answer_in_that_moment(self) -> None:
        rig = three_groups()
        heard = self.frozen(rig, max_stale=60.0)
        rig.clock.pump([0.25] * 41)
        alpha = next(each for each in rig.alphas.values() if each.channel.waiting)
        (call,) = alpha.channel.waiting[:1]
        alpha.channel.settle(call, Answer(0, b"old"))
        assert heard.answer
        assert heard.answer.stale is not None
        rig.clock.pump([0.25] * 8)
        assert rig.gateway.in_flight == 0


def test_a_write_that_hangs_runs_to_its_end() -> None:
    rig = three_groups()
    hanging(rig)
    heard = rig.perform(operation(Purpose.MUTATION))
    rig.clock.advance(1.0)
    rig.sight.silence(A, B)
    rig.clock.pump([0.5] * 40)
    assert heard.error is None
    (alpha,) = [each for each in rig.alphas.values() if each.channel.waiting]
    alpha.channel.settle(alpha.channel.calls[0], Lost("reset"))
    assert isinstance(heard.error, OutcomeUnknown)


def altering(body: bytes, *, grpc: bool = False) -> Any:
    """Return the alter that `body` is for the HTTP door, or the same for the gRPC door."""
    if not grpc:
        return operation(Purpose.ALTER, request=HttpCall(b"POST", b"/alter", (), body))
    said = json.loads(body) if body.startswith(b"{") else {"schema": body.decode()}
    return operation(Purpose.ALTER, request=Rpc("Alter", api.Operation(**said).SerializeToString()))


def says(rig: Rig, code: int, text: str, body: bytes) -> None:
    """Let every alpha answer alters so, over gRPC and over HTTP."""
    length = ((b"Content-Length", b"%d" % len(body)),)
    for alpha in rig.alphas.values():
        alpha.channel.on("Alter", lambda request: Answer(code, message=text))
        alpha.http.on("/alter", lambda request: Answer(200, FakeBody(body), length))


def says_that_a_group_is_away(rig: Rig, text: str = AWAY) -> None:
    error = {"errors": [{"message": text, "extensions": {"code": "Error"}}]}
    says(rig, 2, text, json.dumps(error).encode())


def sent(rig: Rig) -> int:
    return sum(len(alpha.channel.calls) + len(alpha.http.calls) for alpha in rig.alphas.values())


@pytest.fixture(params=[False, True], ids=["http", "grpc"])
def grpc(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


SCHEMA = b"name: string @index(exact) ."


class TestAnAlter:
    @pytest.mark.parametrize("body", [SCHEMA, b'{"schema": "name: string ."}', b'{"drop_attr": "name"}'])
    def test_is_not_sent_while_a_group_is_away(self, grpc: bool, body: bytes) -> None:
        rig = three_groups()
        rig.sight.silence(B)
        heard = rig.perform(altering(body, grpc=grpc))
        assert sent(rig) == 0
        rig.sight.revive(B)
        assert heard.answer
        assert sent(rig) == 1

    def test_waits_no_longer_than_a_write(self, grpc: bool) -> None:
        rig = three_groups()
        rig.sight.silence(B)
        heard = rig.perform(altering(SCHEMA, grpc=grpc))
        rig.clock.pump([0.5] * 21)
        assert isinstance(heard.error, Unavailable)
        assert "group 2" in heard.error.message
        assert sent(rig) == 0

    def test_waits_for_a_leader(self, grpc: bool) -> None:
        rig = three_groups()
        rig.sight.chart({1: (A, B, C)}, {}, g1=A)
        rig.sight.silence(A)
        heard = rig.perform(altering(SCHEMA, grpc=grpc))
        assert sent(rig) == 0
        rig.sight.chart({1: (A, B, C)}, {}, g1=B)
        assert heard.answer

    def test_that_was_not_begun_is_sent_again_in_a_moment(self, grpc: bool) -> None:
        rig = three_groups()
        says_that_a_group_is_away(rig)
        heard = rig.perform(altering(SCHEMA, grpc=grpc))
        assert (heard.answer, heard.error) == (None, None)
        says(rig, 0, "", b'{"data":{"code":"Success","message":"Done"}}')
        rig.clock.pump([0.1] * 8)
        assert heard.answer
        assert rig.gateway.in_flight == 0

    def test_that_was_never_begun_is_refused_in_the_end(self, grpc: bool) -> None:
        rig = three_groups(hold_timeout=Seconds(2.0))
        says_that_a_group_is_away(rig)
        heard = rig.perform(altering(SCHEMA, grpc=grpc))
        rig.clock.pump([0.1] * 30)
        assert isinstance(heard.error, Unavailable)

    @pytest.mark.parametrize("costs", [{}, {B: 9.0}, {A: 9.0}, {C: 9.0}])
    def test_waits_also_when_the_dead_alpha_itself_is_asked(
        self, grpc: bool, costs: dict[str, float]
    ) -> None:
        rig = three_groups()
        rig.sight.costs = costs
        says_that_a_group_is_away(rig)
        rig.b.channel.on("Alter", NotReached("refused"))
        rig.b.http.on("/alter", NotReached("refused"))
        heard = rig.perform(altering(SCHEMA, grpc=grpc))
        rig.clock.pump([0.1] * 50)
        assert (heard.answer, heard.error) == (None, None)
        rig.clock.pump([0.1] * 55)
        assert isinstance(heard.error, Unavailable)
        assert "did not come back" in heard.error.message

    def test_that_drops_is_never_sent_again(self, grpc: bool) -> None:
        """A drop is noted down by a write of its own: what that hears may be told after the drop."""
        rig = three_groups()
        says_that_a_group_is_away(rig)
        heard = rig.perform(altering(b'{"drop_attr": "name"}', grpc=grpc))
        assert heard.answer
        assert sent(rig) == 1

    def test_that_quotes_such_an_error_is_answered(self, grpc: bool) -> None:
        rig = three_groups()
        says_that_a_group_is_away(rig, f"line 1 column 2: {AWAY}")
        heard = rig.perform(altering(SCHEMA, grpc=grpc))
        assert heard.answer
        assert sent(rig) == 1
