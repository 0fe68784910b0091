"""The WebSocket contract where Dgraph has a say: its bytes, over a socket."""

import json
import re
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster.ask import ask
from tests.edges.ws.fakes import HEAD, frame, frames
from tests.live.instance import TOKEN


class Wire:
    """A blocking WebSocket that gives texts back as bytes."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=30)
        self._data = b""
        self._heard: list[bytes] = []
        self._socket.sendall(HEAD + b"\r\n")
        while b"\r\n\r\n" not in self._data:
            self._data += self._socket.recv(65536)
        head, _, self._data = self._data.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 ")

    def say(self, **members: Any) -> None:
        self._socket.sendall(frame(1, json.dumps(members).encode()))

    def hear(self) -> bytes:
        while not self._heard:
            for opcode, text in frames(self._data):
                assert opcode == 1
                self._heard.append(text)
                self._data = self._data[len(frame(1, text, mask=None)) :]
            if not self._heard:
                self._data += self._socket.recv(65536)
        return self._heard.pop(0)

    def ask(self, **members: Any) -> bytes:
        self.say(**members)
        return self.hear()

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def wire(gateway: Any) -> Iterator[Wire]:
    opened = Wire(gateway.ws)
    assert opened.ask(type="auth", token=TOKEN) == b'{"status":"authenticated"}'
    yield opened
    opened.close()


@pytest.fixture
def stored(wire: Wire, gateway: Any, mark: str) -> str:
    """Store three names under a predicate and return it."""
    name = f"{mark}.name"
    assert ask(gateway.http, "POST", "/alter", f"{name}: string @index(exact) .").status == 200
    quads = "\n".join(f'_:n{n} <{name}> "{value}" .' for n, value in enumerate(("Ann", "<é>", "Zoë")))
    assert wire.ask(type="mutation", mutation=quads, commitNow=True) == b"{}"
    return name


def masked(text: bytes) -> bytes:
    """Return an HTTP answer without what differs each time."""
    return re.sub(rb'("[a-z_]+_(?:ns|ts)"):\d+', rb"\1:0", text)


def question(name: str) -> str:
    return f"{{ q(func: has({name}), orderasc: {name}) {{ {name} }} }}"


def test_a_query_is_answered_with_dgraphs_own_bytes(wire: Wire, cluster: Any, stored: str) -> None:
    own = ask(cluster.addresses[0].http, "POST", "/query", {"query": question(stored)}).body
    raw = wire.ask(type="query", query=question(stored))
    assert b'{"data":' + raw + b',"extensions":' in own
    verbose = wire.ask(type="query", query=question(stored), verbose=True, id="v")
    assert re.fullmatch(rb'\{"id":"v","data":' + re.escape(raw) + rb',"latencyNs":[1-9]\d*\}', verbose)


def test_shape_http_is_what_the_alpha_says_over_http(wire: Wire, cluster: Any, stored: str) -> None:
    alpha = cluster.addresses[0].http
    own = ask(alpha, "POST", "/query?ro=true", {"query": question(stored)}).body
    assert masked(wire.ask(type="query", query=question(stored), shape="http")) == masked(own)
    broken = {"query": "{ q(func: "}
    own = ask(alpha, "POST", "/query", broken).body
    assert wire.ask(type="query", shape="http", **broken) == own
    assert wire.ask(type="query", shape="http", id="i", **broken) == b'{"id":"i","result":' + own + b"}"
    change = {"set": {"uid": "_:x", stored: "Bob"}}
    own = ask(alpha, "POST", "/mutate?commitNow=true", change).body
    over = wire.ask(type="mutation", commitNow=True, shape="http", **change)
    uid = re.compile(rb'"0x[0-9a-f]+"')
    assert uid.sub(b'""', masked(over)) == uid.sub(b'""', masked(own))


def test_variables_reach_the_query(wire: Wire, stored: str) -> None:
    text = f"query q($n: string) {{ q(func: eq({stored}, $n)) {{ {stored} }} }}"
    assert (
        wire.ask(type="query", query=text, variables={"$n": "Zoë"})
        == f'{{"q":[{{"{stored}":"Zoë"}}]}}'.encode()
    )


def test_an_upsert_changes_what_it_found(wire: Wire, stored: str) -> None:
    answer = wire.ask(
        type="upsert",
        query=f'{{ q(func: eq({stored}, "Ann")) {{ v as uid }} }}',
        mutation=f'uid(v) <{stored}> "Anna" .',
        cond="@if(eq(len(v), 1))",
        commitNow=True,
    )
    shape = (
        rb'\{"data":\{"q":\[\{"uid":"0x[0-9a-f]+"\}\]\},'
        rb'"commitTs":\d+,"predicates":\["\d+-0-%b"\],"latencyNs":\d+\}'
    )
    assert re.fullmatch(shape % re.escape(stored).encode(), answer)
    assert b'"Anna"' in wire.ask(type="query", query=question(stored))


def test_a_write_tells_its_uids_in_order(wire: Wire, stored: str) -> None:
    answer = wire.ask(
        type="mutation",
        mutations=[{"set": {"uid": "_:b", stored: "1"}}, {"set": {"uid": "_:a", stored: "2"}}],
        commitNow=True,
        verbose=True,
    )
    assert re.match(
        rb'\{"uids":\{"a":"0x[0-9a-f]+","b":"0x[0-9a-f]+"\},"commitTs":\d+,"predicates":\[', answer
    )


def test_dgraphs_refusals_come_in_its_words(wire: Wire, cluster: Any) -> None:
    broken = {"query": '{ q(func: eq(<n>, "a" }'}
    own = ask(cluster.addresses[0].http, "POST", "/query", broken).json()["errors"][0]["message"]
    assert json.loads(wire.ask(type="query", **broken)) == {"error": own}
    refused = json.loads(wire.ask(type="mutation", mutation="nonsense", commitNow=True))
    assert list(refused) == ["error"]


def test_a_hundred_overlapping_queries_are_each_answered_once(wire: Wire, stored: str) -> None:
    for n in range(100):
        wire.say(type="query", query=question(stored), id=str(n))
    heard = [json.loads(wire.hear()) for _ in range(100)]
    assert {answer["id"] for answer in heard} == {str(n) for n in range(100)}
    assert len({json.dumps(answer["result"]) for answer in heard}) == 1
