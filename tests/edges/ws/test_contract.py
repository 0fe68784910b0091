"""Every row of the WebSocket contract, as bytes over the wire."""

import json
from typing import Any

import pytest

from otterd.core.operation import Answer
from otterd.errors import OutcomeUnknown, RateLimited, Unavailable
from otterd.wire import api_pb2
from tests.edges.ws.fakes import TOKEN, House, frame, response

LATENCY = api_pb2.Latency(parsing_ns=1, total_ns=42)
WRITTEN: dict[str, Any] = {
    "txn": api_pb2.TxnContext(start_ts=5, commit_ts=7, preds=["1-0-name", "1-0-age"]),
    "uids": {"b": "0x2", "a<": "0x1"},
    "latency": LATENCY,
}

WITHOUT_AUTH = [
    ("nope", '{"error":"invalid JSON: malformed at byte 4"}'),
    ("", '{"error":"invalid JSON: unexpected end"}'),
    ('{"type":"ping"', '{"error":"invalid JSON: unexpected end"}'),
    ("[1]", '{"error":"invalid JSON: expected an object"}'),
    ("null", '{"error":"invalid JSON: expected an object"}'),
    ('{"type":5}', '{"error":"invalid JSON: type must be a string"}'),
    ("{}", '{"error":"missing type field"}'),
    ('{"type":""}', '{"error":"missing type field"}'),
    ('{"type":null}', '{"error":"missing type field"}'),
    ('{"type":"dance"}', '{"error":"unknown type field"}'),
    ('{"type":"auth"}', '{"error":"missing token field"}'),
    ('{"type":"auth","token":""}', '{"error":"missing token field"}'),
    ('{"type":"auth","token":"wrong"}', '{"error":"invalid token"}'),
    ('{"type":"auth","token":"the-token"}', '{"status":"authenticated"}'),
    ('{"type":"login"}', '{"error":"missing token field"}'),
    ('{"type":"login","token":"the-token"}', '{"error":"unsupported type"}'),
    ('{"type":"logout"}', '{"error":"unsupported type"}'),
    ('{"type":"state"}', '{"error":"unsupported type"}'),
    ('{"type":"ping"}', '{"status":"pong"}'),
    ('{"type":"query"}', '{"error":"missing query field"}'),
    ('{"type":"query","query":""}', '{"error":"missing query field"}'),
    ('{"type":"mutation"}', '{"error":"missing mutation field"}'),
    ('{"type":"mutation","query":"{q}","mutations":[{}]}', '{"error":"missing mutation field"}'),
    ('{"type":"upsert"}', '{"error":"missing query or mutation field"}'),
    ('{"type":"upsert","query":"{q}"}', '{"error":"missing query or mutation field"}'),
    ('{"type":"upsert","mutation":"x"}', '{"error":"missing query or mutation field"}'),
    ('{"type":"query","query":"{q}"}', '{"error":"papers please!"}'),
    ('{"type":"query","query":"{q}","token":"the-token"}', '{"error":"papers please!"}'),
    ('{"type":"mutation","mutation":"x"}', '{"error":"papers please!"}'),
    ('{"type":"mutation","set":{"a":1},"commitNow":true}', '{"error":"papers please!"}'),
    ('{"type":"upsert","query":"{q}","mutation":"x"}', '{"error":"papers please!"}'),
]


@pytest.mark.parametrize(("said", "heard"), WITHOUT_AUTH)
def test_answers_in_exactly_these_words(house: House, said: str, heard: str) -> None:
    client = house.client().open()
    client.send(frame(1, said.encode()))
    assert client.texts == [heard.encode()]
    assert not house.gateway.operations
    client.hang_up()


@pytest.mark.parametrize(("said", "heard"), WITHOUT_AUTH)
def test_gives_a_string_id_back_as_the_first_member(house: House, said: str, heard: str) -> None:
    if not said.startswith("{") or not said.endswith("}"):
        return
    client = house.client().open()
    client.send(frame(1, ('{"id":"<7>",' + said[1:]).replace(",}", "}").encode()))
    assert client.texts == [('{"id":"\\u003c7\\u003e",' + heard[1:]).encode()]
    client.hang_up()


QUERY = {"type": "query", "query": "{q}"}
MUTATION = {"type": "mutation", "mutation": '_:a <name> "x" .', "commitNow": True}
UPSERT = {"type": "upsert", "query": "{q}", "mutation": 'uid(v) <name> "x" .', "commitNow": True}
NO_COMMIT = '{"error":"commitNow is required: without it nothing is stored"}'

AFTER_AUTH: list[tuple[dict[str, Any], Answer | Exception | None, str]] = [
    (QUERY, response(b'{"q":[ {"n":18446744073709551615} ]}'), '{"q":[ {"n":18446744073709551615} ]}'),
    (QUERY | {"verbose": True}, response(b'{"q":[]}', latency=LATENCY), '{"data":{"q":[]},"latencyNs":42}'),
    (QUERY | {"verbose": True}, response(b'{"q":[]}', **WRITTEN), '{"data":{"q":[]},"latencyNs":42}'),
    (MUTATION | {"commitNow": False}, None, NO_COMMIT),
    ({"type": "mutation", "delete": [{"uid": "0x1"}]}, None, NO_COMMIT),
    ({"type": "upsert", "query": "{q}", "set": {"a": 1}, "commitNow": None}, None, NO_COMMIT),
    (MUTATION, response(**WRITTEN), "{}"),
    (MUTATION, response(b'{"q":[]}', **WRITTEN), '{"q":[]}'),
    (
        MUTATION | {"verbose": True},
        response(**WRITTEN),
        '{"uids":{"a\\u003c":"0x1","b":"0x2"},"commitTs":7,"predicates":["1-0-name","1-0-age"],"latencyNs":42}',
    ),
    (MUTATION | {"verbose": True}, response(), "{}"),
    (UPSERT, response(), "{}"),
    (
        UPSERT,
        response(b'{"q":[]}', **WRITTEN),
        '{"data":{"q":[]},"uids":{"a\\u003c":"0x1","b":"0x2"},"commitTs":7,'
        '"predicates":["1-0-name","1-0-age"],"latencyNs":42}',
    ),
    (UPSERT, response(b'{"q":[]}', latency=LATENCY), '{"data":{"q":[]},"latencyNs":42}'),
    (QUERY, Answer(2, message='line 1: <"bad">\n'), '{"error":"line 1: \\u003c\\"bad\\"\\u003e\\n"}'),
    (UPSERT, Answer(10, message="Transaction has been aborted. Please retry"),
     '{"error":"Transaction has been aborted. Please retry"}'),
    (QUERY, RateLimited("rate limit exceeded", retry_after=1), '{"error":"rate limit exceeded"}'),
    (QUERY, Unavailable("no alpha answered"), '{"error":"no alpha answered"}'),
    (MUTATION, OutcomeUnknown("outcome unknown: the alpha broke off"),
     '{"error":"outcome unknown: the alpha broke off"}'),
]  # fmt: skip


@pytest.mark.parametrize(("said", "answer", "heard"), AFTER_AUTH)
def test_answers_what_the_alpha_says(
    house: House, said: dict[str, Any], answer: Answer | Exception | None, heard: str
) -> None:
    client = house.client().open().authenticate()
    if answer is not None:
        house.gateway.answers = [answer, answer]
    client.say(**said)
    client.say(**said, id="i")
    raw = said["type"] != "upsert" and not said.get("verbose") and '"error"' not in heard
    members = f'"result":{heard}' if raw else heard[1:-1]
    assert client.texts == [heard.encode(), ('{"id":"i"' + (members and "," + members) + "}").encode()]
    assert len(house.gateway.operations) == (2 if answer else 0)
    client.hang_up()


HTTP_QUERY = (
    b'{"data":{"q":[]},"extensions":{"server_latency":{"parsing_ns":1,"total_ns":42},"txn":{"start_ts":5}}}'
)
HTTP_MUTATION = (
    b'{"data":{"code":"Success","message":"Done","queries":null,"uids":{"a\\u003c":"0x1","b":"0x2"}},'
    b'"extensions":{"server_latency":{"parsing_ns":1,"total_ns":42},'
    b'"txn":{"start_ts":5,"commit_ts":7,"preds":["1-0-age","1-0-name"]}}}'
)
HTTP_REFUSED = b'{"errors":[{"message":"no","extensions":{"code":"ErrorInvalidRequest"}}],"data":null}'
HTTP_OURS = b'{"errors":[{"message":"none left","extensions":{"code":"ErrorUnavailable"}}]}'
IN_SHAPE = [
    (QUERY, response(b'{"q":[]}', latency=LATENCY, txn=api_pb2.TxnContext(start_ts=5)), HTTP_QUERY),
    (MUTATION, response(**WRITTEN), HTTP_MUTATION),
    (UPSERT, response(**WRITTEN), HTTP_MUTATION),
    (QUERY, Answer(2, message="no"), HTTP_REFUSED),
    (QUERY, Unavailable("none left"), HTTP_OURS),
    (QUERY, RateLimited("rate limit exceeded"), b'{"error":"rate limit exceeded"}'),
]


@pytest.mark.parametrize(("said", "answer", "heard"), IN_SHAPE)
def test_shape_http_gives_the_bytes_of_the_http_endpoint(
    house: House, said: dict[str, Any], answer: Answer | Exception, heard: bytes
) -> None:
    client = house.client().open().authenticate()
    house.gateway.answers = [answer, answer]
    client.say(**said, shape="http")
    client.say(**said, shape="http", id="i")
    assert client.texts == [heard, b'{"id":"i","result":' + heard + b"}"]
    client.hang_up()


@pytest.mark.parametrize("id", [7, None, True, ["a"], {"a": "b"}, 1.5, 10**400])
def test_an_id_that_is_no_string_counts_as_none(house: House, id: Any) -> None:
    client = house.client().open()
    client.say(type="ping", id=id)
    assert client.texts == [b'{"status":"pong"}']
    client.hang_up()


def test_a_message_in_fragments_is_one_message(house: House) -> None:
    client = house.client().open()
    client.send(frame(1, b'{"type":', fin=False) + frame(9, b"hi") + frame(0, b'"ping"}'))
    assert client.heard == [(10, b"hi"), (1, b'{"status":"pong"}')]
    client.hang_up()


def test_unknown_members_are_ignored_and_the_last_of_a_kind_counts(house: House) -> None:
    client = house.client().open()
    client.send(frame(1, b'{"x":{"y":[1]},"type":"query","type":"ping","Type":"auth"}'))
    assert client.texts == [b'{"status":"pong"}']
    client.hang_up()


def test_the_callers_own_token_goes_with_every_later_operation(house: House) -> None:
    client = house.client().open().authenticate(accessJwt="jwt.a.b")
    client.say(**QUERY)
    client.say(type="auth", token=TOKEN)
    client.say(**QUERY, id="i")
    own, lent = house.gateway.operations
    assert own.request.metadata == (("accessjwt", "jwt.a.b"),)  # type: ignore[union-attr]
    assert own.caller.own_token
    assert own.caller.trusted
    assert lent.request.metadata == ()  # type: ignore[union-attr]
    assert not lent.caller.own_token
    assert "jwt" not in repr((own.caller, own.entry))
    client.hang_up()


def test_the_eighth_wrong_token_is_not_answered_but_ends_the_socket(house: House) -> None:
    client = house.client().open()
    for _ in range(7):
        client.say(type="auth", token="wrong")
        client.say(type="ping")
    client.forget()
    client.say(type="auth", token="wrong")
    client.say(type="ping")
    client.say(type="auth", token=TOKEN)
    house.clock.advance(2.9)
    assert client.heard == []
    house.clock.advance(0.1)
    assert client.heard == [(8, b"\x03\xf0Go away! bye!")]
    client.send(frame(8, b"\x03\xf0"))
    assert client.wire.closing
    assert not house.factory.connections


def test_a_right_token_forgives_the_wrong_ones(house: House) -> None:
    client = house.client().open()
    for token in ["wrong"] * 7 + [TOKEN] + ["wrong"] * 7:
        client.say(type="auth", token=token)
    client.say(**QUERY)
    house.pass_time(5)
    assert client.close is None
    assert len(client.texts) == 15
    assert len(house.gateway.operations) == 1
    client.hang_up()


def test_a_binary_frame_ends_the_socket(house: House) -> None:
    client = house.client().open()
    client.send(frame(2, json.dumps({"type": "ping"}).encode()))
    assert client.close is not None
    assert client.close[0] == 1003
    assert client.texts == []
    client.hang_up()


def test_a_message_over_the_limit_ends_the_socket() -> None:
    house = House(ws_max_message_bytes=100)
    client = house.client().open()
    client.send(frame(1, b'{"type":"ping"}'.ljust(100)))
    assert client.texts == [b'{"status":"pong"}']
    client.send(frame(1, b" " * 101)[:8])
    assert client.close is not None
    assert client.close[0] == 1009
    client.hang_up()


def test_fragments_over_the_limit_end_the_socket() -> None:
    house = House(ws_max_message_bytes=100)
    client = house.client().open()
    client.send(frame(1, b" " * 60, fin=False) + frame(0, b" " * 60))
    assert client.close is not None
    assert client.close[0] == 1009
    client.hang_up()
