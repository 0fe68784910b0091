"""A sandbox on loopback: what its ports do when an alpha is killed, stopped, or cut off from its clients."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
import pytest_twisted
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.task import Clock

from otterd.alphas.grpcio import deferred_of
from otterd.sandbox.cluster import Shape
from otterd.sandbox.engine.answer import answer
from otterd.sandbox.service import Sandbox
from otterd.wire import api_pb2 as api

PUT = api.Request(mutations=[api.Mutation(set_nquads=b'_:a <name> "A" .')], commit_now=True)
FIND = api.Request(query="{ q(func: has(name)) { name } }")
KINDS: dict[str, Any] = {"Query": api.Response, "CheckVersion": api.Version}


class House:
    """A sandbox with ports of the system's choice; its time is passed by hand."""

    def __init__(self, reactor: Any, *groups: int) -> None:
        self.clock = Clock()
        self.sandbox = Sandbox(reactor, Shape(groups), answer, any_port=True, clock=self.clock)
        self.trouble = self.sandbox.trouble

    async def get(self, number: int, target: str = "/health") -> tuple[int, bytes]:
        """Return status and body of a GET from an alpha's HTTP port; number -1 is zero's."""
        door = self.sandbox.zero if number < 0 else self.sandbox.http[number]
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        try:
            writer.write(f"GET {target} HTTP/1.1\r\nHost: alpha\r\n\r\n".encode())
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
            return int(head.split()[1]), body
        finally:
            writer.close()

    async def call(self, number: int, method: str, request: Any) -> Any:
        """Make a gRPC call on a connection of its own."""
        address = f"127.0.0.1:{self.sandbox.grpc[number].port}"
        async with grpc.aio.insecure_channel(address, (("grpc.use_local_subchannel_pool", 1),)) as channel:
            call = channel.unary_unary(
                f"/api.Dgraph/{method}",
                request_serializer=type(request).SerializeToString,
                response_deserializer=KINDS[method].FromString,
            )
            return await call(request)


@asynccontextmanager
async def standing(reactor: Any, *groups: int) -> AsyncIterator[House]:
    house = House(reactor, *groups)
    await house.sandbox.start()
    try:
        yield house
    finally:
        await house.sandbox.stop()
        assert not house.clock.getDelayedCalls()


def on_loopback(*groups: int) -> Callable[[Callable[[House], Awaitable[None]]], Any]:
    """Run a test against a sandbox of groups of these sizes."""

    def wrap(test: Callable[[House], Awaitable[None]]) -> Any:
        async def whole(reactor: Any) -> None:
            async with standing(reactor, *groups) as house:
                await test(house)

        @pytest_twisted.ensureDeferred
        async def run(reactor: AsyncioSelectorReactor) -> None:
            await deferred_of(whole(reactor))

        return run

    return wrap


async def refused(work: Awaitable[Any]) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await work
    code: grpc.StatusCode = error.value.code()
    return code


@on_loopback(3)
async def test_a_killed_alpha_s_ports_are_closed_and_come_back_the_same(house):
    ports = [house.sandbox.grpc[0].port, house.sandbox.http[0].port]
    house.trouble.begin_election(1)
    await house.call(1, "Query", api.Request(query="{ q(func: uid(1)) { uid } }"))
    asking = asyncio.ensure_future(house.call(0, "Query", PUT))
    while not house.sandbox.cluster.replicas[0].proposals:
        await asyncio.sleep(0)
    house.trouble.kill(0)
    assert await refused(asking) is grpc.StatusCode.UNAVAILABLE
    with pytest.raises(OSError):
        await house.get(0)
    house.trouble.end_election(1)
    found = await house.call(1, "Query", FIND)
    assert found.json == b'{"q":[]}'
    house.trouble.restart(0)
    house.trouble.kill(0)
    house.trouble.restart(0)
    while house.sandbox.http[0].listener.closing:
        await asyncio.sleep(0)
    assert (await house.get(0))[0] == 200
    await house.call(0, "Query", PUT)
    assert [house.sandbox.grpc[0].port, house.sandbox.http[0].port] == ports


@on_loopback(3)
async def test_a_stopped_alpha_takes_connections_and_answers_none_until_it_goes_on(house):
    await house.call(1, "Query", PUT)
    house.trouble.freeze(0)
    asked = [
        asyncio.ensure_future(work)
        for work in (
            house.get(0),
            house.get(0, "/metrics"),
            house.call(0, "CheckVersion", api.Check()),
            house.call(0, "Query", FIND),
        )
    ]
    while (
        len(house.sandbox.http[0].listener.connections) < 2 or not house.sandbox.grpc[0].listener.connections
    ):
        await asyncio.sleep(0)
    assert (await house.get(1))[0] == 200
    assert not any(work.done() for work in asked)
    house.trouble.thaw(0)
    health, metrics, version, found = await asyncio.gather(*asked)
    assert (health[0], metrics[0]) == (200, 200)
    assert version.tag
    assert found.json == b'{"q":[{"name":"A"}]}'


HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"
PING = b"\x00\x00\x08\x06\x00\x00\x00\x00\x00otterpng"
PONG = b"\x00\x00\x08\x06\x01\x00\x00\x00\x00otterpng"


@on_loopback(3)
async def test_a_stopped_alpha_s_connections_answer_no_ping(house):
    async def heard(reader, what):
        said = b""
        while what not in said:
            said += await reader.read(100)

    port = house.sandbox.grpc[0].port
    old_reader, old = await asyncio.open_connection("127.0.0.1", port)
    old.write(HELLO + PING)
    await heard(old_reader, PONG)
    house.trouble.freeze(0)
    new_reader, new = await asyncio.open_connection("127.0.0.1", port)
    old.write(PING)
    new.write(HELLO + PING)
    waiting = [asyncio.ensure_future(heard(reader, PONG)) for reader in (old_reader, new_reader)]
    for _ in range(3):
        await house.call(1, "CheckVersion", api.Check())
    assert not any(work.done() for work in waiting)
    house.trouble.thaw(0)
    await asyncio.gather(*waiting)
    old.close()
    new.close()


@on_loopback(3)
async def test_an_alpha_that_refuses_its_clients_leads_on(house):
    house.trouble.fault(0, refuse=True)
    with pytest.raises(OSError):
        await house.get(0)
    await house.call(1, "Query", PUT)
    state = json.loads((await house.get(1, "/state"))[1])
    assert state["groups"]["1"]["members"]["1"]["leader"]
    everyone = json.loads((await house.get(1, "/health?all"))[1])
    assert {one["status"] for one in everyone} == {"healthy"}
    house.trouble.heal(0)
    while house.sandbox.http[0].listener.closing:
        await asyncio.sleep(0)
    assert (await house.get(0))[0] == 200


@on_loopback(1, 1)
async def test_the_others_say_who_is_silent(house):
    house.trouble.kill(1)
    house.clock.advance(2)
    everyone = json.loads((await house.get(0, "/health?all"))[1])
    assert [(one["group"], one["status"]) for one in everyone] == [
        ("2", "unhealthy"),
        ("0", "healthy"),
        ("1", "healthy"),
    ]


@on_loopback(1, 1)
async def test_figures_come_as_prometheus_has_them(house):
    await house.call(0, "Query", PUT)
    status, body = await house.get(1, "/metrics")
    assert status == 200
    lines = body.decode().splitlines()
    assert "# TYPE dgraph_pending_queries_total counter" in lines
    assert 'dgraph_raft_is_leader{group="2"} 1' in lines
    assert "dgraph_pending_proposals_total 0" in lines
    assert 'dgraph_max_assigned_ts{method="",status=""} 2' in lines


@on_loopback(1, 1)
async def test_zero_moves_tablets_and_says_what_it_cannot(house):
    await house.call(0, "Query", PUT)
    told = [
        await house.get(-1, f"/moveTablet?tablet={pred}&group={group}")
        for pred, group in (("name", 9), ("nope", 2), ("dgraph.type", 2), ("name", 2), ("name", 2))
    ]
    assert [status for status, _ in told] == [400, 400, 500, 200, 400]
    assert json.loads(told[0][1])["errors"][0]["message"] == "group: [9] is not a known group"
    assert b"namespace: 0. No tablet found for: nope" in told[1][1]
    assert b"Unable to move reserved predicate 0-dgraph.type" in told[2][1]
    assert told[3][1] == b"namespace: 0. Predicate: [name] moved from group [1] to [2]"
    assert b"namespace: 0. Tablet: [name] is already being served by group: [2]" in told[4][1]
    state = json.loads((await house.get(0, "/state"))[1])
    assert "0-name" in state["groups"]["2"]["tablets"]


@on_loopback(3)
async def test_zero_that_is_gone_answers_nothing_but_the_command(house):
    house.trouble.lose_zero()
    with pytest.raises((OSError, IndexError)):
        await house.get(-1, "/state")
    assert (await house.get(-1, "/sandbox"))[0] == 200
    assert (await house.get(0, "/state"))[0] == 200
    house.trouble.restore_zero()
    assert (await house.get(-1, "/state"))[0] == 200
