"""Waiting for an altered schema."""

import json
from typing import Any

import pytest
from twisted.internet.task import Clock

from otterd.alphas.schema_watch import SchemaWatch
from otterd.config.live import Live
from otterd.config.schema import Config, Seconds
from otterd.core.operation import Answer, Caller, Door, Entry, HttpCall, Operation, Purpose, Rpc
from otterd.errors import Lost
from otterd.wire import api_pb2 as api
from tests.fakes.memory import HANG, Delayed, FakeChannel

OLD: list[dict[str, Any]] = [{"predicate": "name", "type": "string"}]
NEW = [{"predicate": "name", "type": "string", "index": True, "tokenizer": ["exact", "term"]}]
NEW_OTHERWISE = [{"type": "string", "tokenizer": ["term", "exact"], "index": True, "predicate": "name"}]
DONE = b'{"data":{"code":"Success","message":"Done"}}'


def schema(predicates: list[dict[str, Any]]) -> Answer:
    return Answer(0, api.Response(json=json.dumps({"schema": predicates}).encode()).SerializeToString())


class Rig:
    """Three alphas; `a` took the alter and shows the new schema, the others the old one."""

    def __init__(self, **keys: Any) -> None:
        self.clock = Clock()
        live = Live(Config(dgraph_endpoints=("a:1",), **keys))
        self.a, self.b, self.c = (FakeChannel(name, self.clock) for name in "abc")
        self.shown = [Alpha(channel) for channel in (self.a, self.b, self.c)]
        self.show(self.a, NEW)
        self.show(self.b, OLD)
        self.show(self.c, OLD)
        self.watch = SchemaWatch(live, self.clock, self.clock, lambda: self.shown)
        self.behind: list[tuple[str, ...]] = []

    def show(self, channel: FakeChannel, predicates: list[dict[str, Any]]) -> None:
        channel.default = lambda rpc: schema(predicates)

    def settle(self, body: bytes = DONE, headers: Any = ()) -> None:
        entry = Entry(Door.HTTP, "/alter", "id", 0.0)
        call = HttpCall(b"POST", b"/alter", headers)
        operation = Operation(Purpose.ALTER, call, Caller(Door.HTTP, ""), entry, writes=True)
        self.watch.settled(operation, Answer(200, body, alpha="a")).addCallback(self.behind.append)


class Alpha:
    def __init__(self, channel: FakeChannel) -> None:
        self.channel = channel
        self.address = channel.address


def test_waits_until_every_alpha_shows_the_new_schema() -> None:
    rig = Rig()
    rig.settle()
    rig.clock.pump([0.1] * 5)
    rig.show(rig.b, NEW_OTHERWISE)
    rig.clock.pump([0.1] * 5)
    assert rig.behind == []
    rig.show(rig.c, NEW)
    rig.clock.pump([0.1] * 5)
    assert rig.behind == [()]
    assert not rig.clock.getDelayedCalls()


def test_names_those_that_are_behind_when_the_time_is_over() -> None:
    rig = Rig(alter_settle_timeout=Seconds(10.0))
    rig.show(rig.b, NEW)
    rig.settle()
    rig.clock.pump([0.25] * 39)
    assert rig.behind == []
    rig.clock.pump([0.25] * 3)
    assert rig.behind == [("c",)]


def test_another_alter_meanwhile_changes_what_is_waited_for() -> None:
    rig = Rig()
    rig.settle()
    for channel in (rig.a, rig.b, rig.c):
        rig.show(channel, [*NEW, {"predicate": "age", "type": "int"}])
    rig.clock.pump([0.1] * 3)
    assert rig.behind == [()]


def test_an_alpha_that_falls_out_meanwhile_is_not_waited_for() -> None:
    rig = Rig()
    rig.show(rig.b, NEW)
    rig.settle()
    rig.shown = rig.shown[:2]
    rig.clock.pump([0.1] * 3)
    assert rig.behind == [()]


@pytest.mark.parametrize("outcome", [HANG, Lost("reset"), Answer(2, message="no")])
def test_an_alpha_that_does_not_answer_is_behind(outcome: Any) -> None:
    rig = Rig(alter_settle_timeout=Seconds(1.0))
    rig.show(rig.b, NEW)
    rig.c.default = outcome
    rig.settle()
    rig.clock.pump([0.1] * 15)
    assert rig.behind == [("c",)]


def test_who_answers_slowly_is_given_the_time_at_the_last_look_too() -> None:
    rig = Rig(alter_settle_timeout=Seconds(1.0))
    for channel, predicates in ((rig.a, NEW), (rig.b, NEW), (rig.c, OLD)):
        channel.default = Delayed(0.1, schema(predicates))
    rig.settle()
    rig.clock.pump([0.05] * 40)
    assert rig.behind == [("c",)]


def test_what_the_caller_may_not_see_is_not_waited_for() -> None:
    rig = Rig()
    rig.a.default = Answer(16, message="no accessJwt available")
    rig.settle()
    assert rig.behind == [()]


def test_asks_under_the_callers_own_token() -> None:
    rig = Rig()
    rig.settle(headers=((b"X-Dgraph-AccessToken", b"jwt"),))
    assert rig.b.calls[0].request.metadata == (("accessjwt", "jwt"),)
    rig.shown = []
    rig.clock.pump([0.1])


@pytest.mark.parametrize("body", [b'{"errors":[{"message":"no"}]}', b""])
def test_an_alter_that_failed_is_answered_at_once(body: bytes) -> None:
    rig = Rig()
    rig.settle(body)
    assert rig.behind == [()]
    assert not rig.a.calls


def test_the_wait_can_be_turned_off() -> None:
    rig = Rig(alter_settle_timeout=Seconds(0.0))
    rig.settle()
    assert rig.behind == [()]
    assert not rig.a.calls


@pytest.mark.parametrize(("status", "waits"), [(0, True), (2, False)])
def test_an_alter_over_grpc_is_waited_for_with_the_caller_s_token(status: int, waits: bool) -> None:
    rig = Rig()
    rpc = Rpc("Alter", b"", (("accessjwt", "mine"), ("debug", "true")))
    entry = Entry(Door.GRPC, "grpc Alter", "id", 0.0)
    operation = Operation(Purpose.ALTER, rpc, Caller(Door.GRPC, ""), entry, writes=True)
    rig.watch.settled(operation, Answer(status, b"", alpha="a")).addCallback(rig.behind.append)
    assert rig.behind == ([] if waits else [()])
    assert {call.request.metadata for call in rig.b.calls} == ({(("accessjwt", "mine"),)} if waits else set())
    rig.show(rig.b, NEW)
    rig.show(rig.c, NEW)
    rig.clock.pump([0.1] * 3)
    assert rig.behind == [()]
