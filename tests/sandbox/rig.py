"""Alphas of a cluster in memory, called without sockets; time is passed by hand."""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any

from twisted.internet.task import Clock

from otterd.sandbox.alpha import Alpha
from otterd.sandbox.cluster import Cluster, Shape
from otterd.sandbox.engine.answer import answer
from otterd.sandbox.trouble import Trouble
from otterd.wire import api_pb2 as api

START = 1_000_000.0
"""Seconds since 1970 at which its clock begins."""


class Rig:
    """A cluster with so many alphas in each group, its alphas, and what breaks them."""

    def __init__(self, *groups: int) -> None:
        self.clock = Clock()
        self.clock.advance(START)
        self.cluster = Cluster(Shape(groups or (3,)), answer, self.clock.seconds, self.clock)
        self.alphas = [Alpha(self.cluster, number) for number in range(self.cluster.shape.alphas)]
        self.trouble = Trouble(self.cluster)
        self._begun: list[asyncio.Future[Any]] = []

    async def query(self, number: int, text: str, **options: Any) -> str:
        """Return the JSON that an alpha answers to `text`."""
        response = await self.alphas[number].query(api.Request(query=text, **options), {})
        return bytes(response.json).decode()

    async def names(self, number: int, pred: str = "name", **options: Any) -> str:
        """Return what an alpha finds at a predicate."""
        return await self.query(number, f"{{ q(func: has({pred})) {{ {pred} }} }}", **options)

    async def put(self, number: int, quads: str, *, start_ts: int = 0, open: bool = False) -> api.TxnContext:
        """Set `quads`, and commit them unless they shall stay `open`."""
        mutation = api.Mutation(set_nquads=quads.encode())
        request = api.Request(start_ts=start_ts, mutations=[mutation], commit_now=not open)
        return (await self.alphas[number].query(request, {})).txn

    def state(self, number: int) -> Mapping[str, Any]:
        """Return what an alpha's /state tells."""
        return self.cluster.state(self.cluster.replicas[number])

    def leaders(self, number: int, group: int = 1) -> list[int]:
        """Return the numbers of the alphas that lead a group by an alpha's /state."""
        members = self.state(number)["groups"][str(group)]["members"]
        return [int(id) - 1 for id, member in members.items() if member["leader"]]

    def health(self, number: int) -> Mapping[str, Any]:
        """Return what an alpha's /health tells of it."""
        return self.alphas[number].health()

    async def begin(self, work: Awaitable[Any]) -> "asyncio.Future[Any]":
        """Begin `work` and let it come as far as it can."""
        begun = asyncio.ensure_future(work)
        self._begun.append(begun)
        await self.turns()
        return begun

    async def pass_time(self, seconds: float) -> None:
        """Let so much time pass, and what then happens happen."""
        self.clock.advance(seconds)
        await self.turns()

    async def turns(self) -> None:
        """Let everything that can go on go on."""
        for _ in range(20):
            await asyncio.sleep(0)

    def stop(self) -> None:
        """End what still waits."""
        for begun in self._begun:
            begun.cancel()
        self.cluster.stop()
