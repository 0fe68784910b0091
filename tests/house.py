"""A daemon in front of a sandbox, both on ports of the system's choice, spoken to as a client would."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import treq
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.task import deferLater
from twisted.web.client import Agent

from otterd.alphas.grpcio import deferred_of
from otterd.config.schema import Balancer, Config, Secret
from otterd.sandbox.cluster import Shape
from otterd.sandbox.engine.answer import answer
from otterd.sandbox.run import config_for
from otterd.sandbox.service import Sandbox
from otterd.sandbox.trouble import Trouble
from otterd.service import Otter, make_otter

DQL, RDF, JSON = "application/dql", "application/rdf", "application/json"
NAMED = "{ q(func: has(name)) { name } }"
SOCKET_TOKEN = "the-token"


@dataclass
class Told:
    """An HTTP answer: its status, its fields by name, and its JSON parsed."""

    status: int
    fields: Any
    json: Any

    def field(self, name: str) -> str | None:
        """Return the first field of that name."""
        found = self.fields.getRawHeaders(name)
        return str(found[0]) if found else None


@dataclass
class House:
    """The daemon, the sandbox, and what breaks it; alphas are numbered from 0."""

    otter: Otter
    sandbox: Sandbox
    reactor: Any

    @property
    def trouble(self) -> Trouble:
        """What breaks the alphas."""
        return self.sandbox.trouble

    async def stop(self) -> None:
        """Stop the daemon."""
        stopped = self.otter.stopService()
        assert stopped is not None
        await stopped

    async def start_anew(self) -> None:
        """Stop the daemon, and start another one that knows nothing."""
        await self.stop()
        self.otter = make_otter(self.otter.live.config, self.reactor)
        self.otter.startService()
        await self.settled()

    def alpha(self, number: int) -> str:
        """Return the gRPC address of an alpha."""
        return f"127.0.0.1:{self.sandbox.grpc[number].port}"

    def port(self, door: int) -> int:
        """Return the port of the daemon's HTTP (0) or WebSocket (1) door."""
        address: Any = self.otter.listeners.doors[door].getHost()
        return int(address.port)

    async def until(self, condition: Callable[[], object]) -> None:
        """Return when `condition` holds."""
        for _ in range(2000):
            if condition():
                return
            await deferLater(self.reactor, 0.01)
        raise AssertionError("it never came")

    async def settled(self) -> None:
        """Return when all alphas are usable, and the cluster is known."""
        alphas = set(self.otter.live.config.dgraph_endpoints)
        fleet, topology = self.otter.fleet, self.otter.topology
        await self.until(lambda: fleet.ward.usable == alphas == set(topology.map.group_of))

    async def post(self, target: str, body: str, kind: str = DQL, **headers: str) -> Told:
        """POST; underscores in the names of `headers` stand for hyphens."""
        url = f"http://127.0.0.1:{self.port(0)}{target}"
        sent = {"Content-Type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
        agent = Agent(self.reactor)
        response = await treq.request("POST", url, headers=sent, data=body.encode(), agent=agent)
        return Told(response.code, response.headers, json.loads(await response.content()))

    async def ask(self, target: str, body: str, kind: str = DQL, **headers: str) -> tuple[int, Any]:
        """POST and return status and parsed JSON."""
        told = await self.post(target, body, kind, **headers)
        return told.status, told.json

    async def store(self, name: str, target: str = "/mutate?commitNow=true") -> tuple[int, Any]:
        """Store a node of that name."""
        return await self.ask(target, f'{{ set {{ _:a <name> "{name}" . }} }}', RDF)

    async def names(self) -> list[str]:
        """Return the names that are stored."""
        status, told = await self.ask("/query", NAMED)
        assert status == 200, told
        return sorted(node["name"] for node in told["data"]["q"])


@asynccontextmanager
async def house(
    reactor: AsyncioSelectorReactor, groups: tuple[int, ...] = (3,), **keys: Any
) -> AsyncIterator[House]:
    """Start everything, and stop it; with `dgraph_user` the alphas demand tokens.

    Alphas are asked in turns unless `balancer_type` is given.
    """
    sandbox = Sandbox(reactor, Shape(groups), answer, any_port=True)
    await deferred_of(sandbox.start())
    if "dgraph_user" in keys:
        sandbox.trouble.demand_tokens(3600)
    config = Config(
        dgraph_endpoints=("unset:1",),
        proxy_port=0,
        websocket_port=0,
        metrics_endpoint="",
        access_log=False,
        ws_token=Secret(SOCKET_TOKEN),
        **keys,
    )
    balancer = keys.get("balancer_type", Balancer.ROUND_ROBIN)
    config = replace(config_for(config, sandbox), balancer_type=balancer)
    otter = make_otter(config, reactor)
    otter.startService()
    built = House(otter, sandbox, reactor)
    try:
        yield built
    finally:
        await built.stop()
        await deferred_of(sandbox.stop())
