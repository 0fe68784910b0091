"""A long answer on a socket: one message in many frames, passed on as it comes, no faster than it is read."""

import json
import struct
from typing import Any

import pytest

from otterd.core.operation import Answer
from otterd.wire import api_pb2
from tests.edges.ws.fakes import Client, House, parts, response
from tests.fakes.memory import FakeBody

TOLD = {"latency": api_pb2.Latency(total_ns=7), "txn": api_pb2.TxnContext(start_ts=9)}
DATA = b'{"q":["' + b"x" * 5000 + b'"]}'


class Source(FakeBody):
    """A body of what is pushed."""

    def __init__(self) -> None:
        super().__init__(manual=True)

    def give_all(self, data: bytes = DATA, size: int = 700) -> None:
        """Give a whole Response with `data`, in pieces of `size` bytes."""
        whole = api_pb2.Response(json=data, **TOLD).SerializeToString()
        for at in range(0, len(whole), size):
            self.push(whole[at : at + size])
        self.end()


def flowing(source: Source) -> Answer:
    return Answer(0, source, length=1 << 21)


def heard(client: Client) -> list[tuple[int, bool, bytes]]:
    return list(parts(client.body))


def messages(client: Client) -> list[bytes]:
    """Return the texts heard, whose frames stand one behind the other but for control frames."""
    found: list[bytes] = []
    whole = True
    for opcode, last, payload in heard(client):
        if opcode >= 8:
            continue
        assert (opcode == 1) is whole, "a message within another"
        if whole:
            found.append(b"")
        found[-1] += payload
        whole = last
    return found


@pytest.fixture
def client(house: House) -> Client:
    return house.client().open().authenticate()


@pytest.mark.parametrize("stale", [None, 1.5])
@pytest.mark.parametrize("id", [None, "a"])
@pytest.mark.parametrize("form", [{}, {"verbose": True}, {"shape": "http"}], ids=str)
def test_it_is_what_a_short_one_would_be(
    house: House, client: Client, form: dict[str, Any], id: str | None, stale: float | None
) -> None:
    for answer in (response(DATA, **TOLD), flowing(Source())):
        answer.stale = stale
        client.say(type="query", query="{q}", **form, **({} if id is None else {"id": id}))
        house.gateway.answer(len(house.gateway.calls) - 1, answer)
        if isinstance(answer.body, Source):
            answer.body.give_all()
    short, long = messages(client)
    assert long == short
    assert len(heard(client)) > 5
    one, other = house.ledger.closed[-2:]
    assert (other.status, other.sent) == (one.status, one.sent) == (200, len(short))


def test_it_may_flow_and_a_write_may_not(house: House, client: Client) -> None:
    client.say(type="query", query="{q}", id="a")
    client.say(type="mutation", mutation="m", commitNow=True, id="b")
    streams = [operation.request.streams for operation in house.gateway.operations]  # type: ignore[union-attr]
    assert streams == [True, False]


def test_a_reader_that_stops_holds_the_alpha_back(house: House, client: Client) -> None:
    source = Source()
    client.say(type="query", query="{q}")
    house.gateway.answer(0, flowing(source))
    client.wire.stalled = True
    head = b"\x0a" + b"\x80\x80\x80\x01"
    source.push(head)
    given = 0
    while not source.paused:
        source.push(b"x" * 16_384)
        given += 16_384
    assert given < 300_000
    client.wire.stalled = False
    client.wire.take()
    assert not source.paused


def test_what_is_asked_meanwhile_waits_and_what_is_answered_comes_behind(
    house: House, client: Client
) -> None:
    source, other = Source(), Source()
    for id in ("long", "short", "write", "another"):
        if id == "write":
            client.say(type="mutation", mutation="m", commitNow=True, id=id)
        else:
            client.say(type="query", query="{q}", id=id)
    house.gateway.answer(0, flowing(source))
    house.gateway.answer(1, response(b'{"s":1}'))
    house.gateway.answer(2, response(b"{}"))
    house.gateway.answer(3, flowing(other))
    client.say(type="query", query="{late}", id="late")
    client.say(type="ping")
    client.say(type="ping", id="p")
    assert len(house.gateway.calls) == 4
    assert other.stopped
    source.give_all()
    assert [json.loads(text).get("id") for text in messages(client)] == ["long", "short", "write", None, "p"]
    # That which could not flow beside it is asked anew, alone, and the rest after that.
    assert len(house.gateway.calls) == 5
    again = Source()
    house.gateway.answer(4, flowing(again))
    again.give_all()
    house.gateway.answer(5, response(b"{}"))
    assert [json.loads(text).get("id") for text in messages(client)][5:] == ["another", "late"]
    assert len(house.ledger.closed) == 7
    assert {entry.status for entry in house.ledger.closed[1:]} == {200}


def test_without_ids_the_order_is_kept(house: House, client: Client) -> None:
    source = Source()
    for query in ("{one}", "{two}"):
        client.say(type="query", query=query)
    client.say(type="ping")
    house.gateway.answer(0, flowing(source))
    source.give_all()
    house.gateway.answer(1, response(b"{}"))
    assert messages(client) == [DATA, b"{}", b'{"status":"pong"}']


def test_too_much_behind_it_is_asked_again(house: House, client: Client) -> None:
    source = Source()
    for id in "abcd":
        client.say(type="query", query="{q}", id=id)
    house.gateway.answer(0, flowing(source))
    for index in (1, 2, 3):
        house.gateway.answer(index, response(b'"' + b"x" * 1_000_000 + b'"'))
    assert len(house.gateway.calls) == 4
    source.give_all()
    assert len(house.gateway.calls) == 5
    assert [json.loads(text)["id"] for text in messages(client)] == ["a", "b", "c"]


@pytest.mark.parametrize("size", [1, 2, 3, 700])
def test_what_is_no_utf_8_is_replaced(house: House, client: Client, size: int) -> None:
    source = Source()
    client.say(type="query", query="{q}")
    house.gateway.answer(0, flowing(source))
    data = '{"é": "日本"'.encode() + b"\xff\xe6\x97" + b"}" + "é".encode()[:1]
    source.give_all(data, size)
    assert messages(client) == [data.decode("utf-8", "replace").encode()]


def test_one_that_breaks_off_ends_the_socket(house: House, client: Client) -> None:
    source = Source()
    for id in "abc":
        client.say(type="query", query="{q}", id=id)
    house.gateway.answer(0, flowing(source))
    source.push(b"\x0a\xff\xff\x7f" + b"x" * 100)
    house.gateway.answer(1, response(b"{}"))
    source.broken("the connection broke")
    house.gateway.answer(2, response(b"{}"))
    closing = [payload for opcode, _, payload in heard(client) if opcode == 8]
    assert [struct.unpack("!H", payload[:2])[0] for payload in closing] == [1011]
    assert heard(client)[-2][1] is False
    client.hang_up()
    assert [(entry.status, str(entry.verdict)) for entry in house.ledger.closed[-3:]] == [
        (200, "ErrorAlphaFailed"),
        (499, "lost"),
        (499, "lost"),
    ]


def test_a_client_that_goes_stops_it(house: House, client: Client) -> None:
    source = Source()
    client.say(type="query", query="{q}")
    client.say(type="query", query="{q}", id="b")
    house.gateway.answer(0, flowing(source))
    house.gateway.answer(1, response(b"{}"))
    client.hang_up()
    assert source.stopped
    assert [entry.status for entry in house.ledger.closed[-2:]] == [499, 499]
    source.push(b"\x0a\x05hello")


def test_a_stop_waits_for_it(house: House, client: Client) -> None:
    source = Source()
    client.say(type="query", query="{q}")
    house.gateway.answer(0, flowing(source))
    client.socket.drain()
    assert not [opcode for opcode, _, _ in heard(client) if opcode == 8]
    source.give_all()
    assert messages(client) == [DATA]
    assert [opcode for opcode, _, _ in heard(client)][-1] == 8
