"""The `X-Otter-` fields of requests and answers."""

import json
from typing import Any

import pytest

from otterd.config.schema import Secret
from otterd.core.operation import Answer, Attempt, Decision, Door, Entry, Waited
from otterd.edges.http.exchange import Reply
from otterd.edges.http.otter_fields import MOST_NAMED, explanation
from otterd.errors import NotReached
from otterd.wire import api_pb2
from tests.edges.http.siterig import SiteRig, fields
from tests.fakes.memory import Delayed

QUERY = (
    b'{"query":"query q($a: string) { q(func: eq(name, $a)) @filter(eq(name, \\"the-literal\\")) { name } }",'
)
QUERY += b'"variables":{"$a":"the-variable"}}'
WRITE = b'{"set":[{"uid":"_:a","name":"the-value"}]}'
JSON = {"Content-Type": "application/json", "X-Otter-Explain": "1"}

EVERY_WAY = [
    ("/query", JSON, QUERY),
    ("/query?startTs=7&hash=the-hash", JSON, QUERY),
    ("/mutate?commitNow=true", JSON, WRITE),
    ("/mutate", JSON | {"Content-Type": "application/rdf"}, b'{ set { _:a <name> "the-value" . } }'),
    ("/commit?startTs=7&hash=the-hash", JSON, b'{"keys":["the-key"],"preds":["1-0-name"]}'),
    ("/login", JSON, b'{"userid":"the-user","password":"the-password"}'),
    ("/alter", JSON, b'{"schema":"name: string ."}'),
    ("/graphql", JSON, b'{"query":"{ the-query }"}'),
    ("/admin", JSON | {"X-Otter-Alpha": "a:9080"}, b'{"query":"{ state { counter } }"}'),
]
OF_THE_CALLER = (
    b"the-literal",
    b"the-variable",
    b"the-value",
    b"the-hash",
    b"the-key",
    b"the-user",
    b"the-password",
    b"the-query",
    b"own-token",
    b"admin-secret",
)


def told(reply: Reply) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(fields(reply)[b"x-otter-explain"])
    return found


@pytest.mark.parametrize(("target", "headers", "sent"), EVERY_WAY)
def test_the_decision_is_told_on_every_way(target: str, headers: dict[str, str], sent: bytes) -> None:
    rig = SiteRig()
    reply = rig.answer("POST", target, headers, sent)
    assert reply.status == 200
    found = told(reply)
    assert found["policy"] == "round-robin"
    assert found["verdict"] == "fine"
    assert found["purpose"]
    assert [attempt["alpha"] for attempt in found["attempts"]] == ["a:9080"]


@pytest.mark.parametrize(("target", "headers", "sent"), EVERY_WAY)
def test_only_who_has_the_admin_right_is_told(target: str, headers: dict[str, str], sent: bytes) -> None:
    rig = SiteRig(dev_mode=False, admin_token=Secret("admin-secret"))
    reply = rig.answer("POST", target, headers, sent)
    assert reply.status == 403
    assert b"x-otter-explain" not in fields(reply)
    assert not rig.called
    assert not rig.passed
    reply = rig.answer("POST", target, headers | {"X-Otter-Admin-Token": "admin-secret"}, sent)
    assert reply.status == 200
    assert told(reply)["verdict"] == "fine"


@pytest.mark.parametrize(("target", "headers", "sent"), EVERY_WAY)
def test_no_value_of_the_callers_is_told(target: str, headers: dict[str, str], sent: bytes) -> None:
    rig = SiteRig(admin_token=Secret("admin-secret"))
    shown = {"X-Dgraph-AccessToken": "own-token", "X-Otter-Admin-Token": "admin-secret"}
    text = fields(rig.answer("POST", target, headers | shown, sent))[b"x-otter-explain"]
    assert not [each for each in OF_THE_CALLER if each in text]


@pytest.mark.parametrize("value", ["", "0", "false"])
def test_nothing_is_told_unasked(value: str) -> None:
    rig = SiteRig(dev_mode=False)
    reply = rig.answer("POST", "/query", JSON | {"X-Otter-Explain": value}, QUERY)
    assert reply.status == 200
    assert b"x-otter-explain" not in fields(reply)


def test_a_guess_at_the_admin_token_counts_against_the_rate() -> None:
    rig = SiteRig(dev_mode=False, admin_token=Secret("admin-secret"), rate_limit_rps=1, rate_limit_burst=2)
    guess = JSON | {"X-Otter-Admin-Token": "wrong"}
    assert [rig.status("POST", "/query", guess, QUERY) for _ in range(3)] == [403, 403, 429]


def test_predicates_are_told_by_name_and_namespace() -> None:
    assert told(SiteRig().answer("POST", "/query", JSON, QUERY))["predicates"] == ["0-name"]


def test_a_refusal_of_otters_own_is_told_with_what_was_tried() -> None:
    rig = SiteRig()
    for alpha in rig.alphas.values():
        alpha.channel.default = NotReached("refused")
    reply = rig.answer("POST", "/query", JSON, QUERY)
    assert reply.status == 503
    found = told(reply)
    assert found["verdict"] == "not reached"
    assert [(each["alpha"], each["verdict"]) for each in found["attempts"]] == [
        ("a:9080", "not reached"),
        ("b:9080", "not reached"),
    ]


def test_a_refusal_before_any_choice_is_told_as_that() -> None:
    rig = SiteRig()
    found = told(rig.answer("POST", "/query", JSON | {"X-Otter-Max-Stale": "soon"}, QUERY))
    assert (found["verdict"], found["candidates"], found["attempts"]) == ("ErrorBadRequest", [], [])


def test_an_error_of_the_alphas_is_told_with_its_verdict() -> None:
    rig = SiteRig()
    rig.alphas["a:9080"].channel.on("Query", Answer(2, message="line 1 column 1: the-literal is wrong"))
    text = fields(rig.answer("POST", "/query", JSON, QUERY))[b"x-otter-explain"]
    assert json.loads(text)["verdict"] == "error"
    assert b"the-literal" not in text


def test_the_time_in_dgraph_and_in_otter_is_told_apart() -> None:
    rig = SiteRig()
    body = api_pb2.Response(json=b'{"q":[]}').SerializeToString()
    rig.alphas["a:9080"].channel.on("Query", Delayed(0.25, Answer(0, body)))
    rig.ask("POST", "/query", JSON, QUERY)
    heard: list[Reply] = []
    assert rig.waiting is not None
    rig.waiting.addCallback(heard.append)
    rig.clock.advance(0.25)
    found = told(heard[0])
    assert (found["in_queue"], found["in_otter"], found["in_dgraph"]) == (0, 0, 0.25)
    assert found["attempts"] == [
        {"alpha": "a:9080", "reason": "first", "begun": 0.0, "took": 0.25, "verdict": "fine"}
    ]


def entry(**more: Any) -> Entry:
    return Entry(Door.HTTP, "/query", "id", 10.0, **more)


def test_times_are_told_to_the_microsecond() -> None:
    decision = Decision(
        attempts=[Attempt("a:9080", "first", 0.12345678, 0.5000004, "fine")],
        waits=[Waited("group 1", 0.0, 0.1234567)],
    )
    _, text = explanation(entry(upstream=0.5000004), decision, 11.0)
    found = json.loads(text)
    assert (found["attempts"][0]["begun"], found["attempts"][0]["took"]) == (0.123457, 0.5)
    assert found["waits"] == [{"reason": "group 1", "begun": 0.0, "took": 0.123457}]
    assert (found["in_queue"], found["in_otter"], found["in_dgraph"]) == (0.123457, 0.376543, 0.5)


def test_a_name_cannot_break_out_of_the_field() -> None:
    decision = Decision(predicates=("0-a\r\nX-Evil: 1", "0-\x7f\x00", "0-näme"))
    _, text = explanation(entry(), decision, 10.0)
    assert all(0x20 <= byte < 0x7F for byte in text)
    assert json.loads(text)["predicates"] == list(decision.predicates or ())


def test_so_many_predicates_are_named_and_no_more() -> None:
    names = tuple(f"0-p{number}" for number in range(MOST_NAMED + 5))
    found = json.loads(explanation(entry(), Decision(predicates=names), 10.0)[1])
    assert (len(found["predicates"]), found["predicates_left_out"]) == (MOST_NAMED, 5)
    found = json.loads(explanation(entry(), Decision(), 10.0)[1])
    assert (found["predicates"], found["predicates_left_out"]) == (None, 0)
