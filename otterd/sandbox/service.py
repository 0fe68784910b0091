"""A running sandbox: its alphas with their ports, and zero's."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import Any

from twisted.internet.interfaces import IReactorTime

from otterd.sandbox.alpha import Alpha
from otterd.sandbox.asking import Engine
from otterd.sandbox.cluster import VERSION, Cluster, Shape
from otterd.sandbox.grpc_door import GrpcDoor
from otterd.sandbox.http_door import HttpDoor
from otterd.sandbox.trouble import Trouble
from otterd.sandbox.web import WebDoor
from otterd.sandbox.zero_door import ZeroDoor


class Sandbox:
    """A cluster of `shape` on 127.0.0.1; with `any_port` the system picks the ports.

    All that takes time goes by `clock`, and then dates and tokens do, too; without one it is real time.
    What goes wrong is made by `trouble`, or by the command.
    """

    def __init__(
        self,
        reactor: Any,
        shape: Shape,
        engine: Engine,
        *,
        any_port: bool = False,
        clock: IReactorTime | None = None,
    ) -> None:
        now = _now if clock is None else clock.seconds
        self.cluster = Cluster(shape, engine, now, clock or reactor)
        self.cluster.on_change = self._apply_faults
        self.trouble = Trouble(self.cluster)
        self.alphas = [Alpha(self.cluster, number) for number in range(shape.alphas)]
        ports = [0 if any_port else shape.offset + number for number in range(shape.alphas)]
        self.grpc = [
            GrpcDoor(reactor, a, p if any_port else 9080 + p) for a, p in zip(self.alphas, ports, strict=True)
        ]
        self.http = [
            WebDoor(
                reactor,
                HttpDoor(a, self._others(a), partial(self.cluster.state, a.replica)).visit,
                p if any_port else 8080 + p,
            )
            for a, p in zip(self.alphas, ports, strict=True)
        ]
        zero = ZeroDoor(self.cluster, self.trouble)
        self.zero = WebDoor(reactor, zero.visit, 0 if any_port else shape.zero_http)

    async def start(self) -> None:
        """Listen on all ports."""
        for grpc, http in zip(self.grpc, self.http, strict=True):
            await grpc.start()
            http.listener.accept()
        self.zero.listener.accept()

    async def stop(self) -> None:
        """Close all ports and end what runs."""
        self.cluster.on_change = lambda: None
        self.cluster.stop()
        loop = asyncio.get_running_loop()
        for web in (*self.http, self.zero):
            await web.listener.refuse().asFuture(loop)
        for grpc in self.grpc:
            await grpc.stop()

    def _apply_faults(self) -> None:
        """Close, freeze and open ports as the faults want it."""
        for faults, grpc, http in zip(self.cluster.faults, self.grpc, self.http, strict=True):
            for listener in (grpc.listener, http.listener):
                if faults.refuse or faults.dead:
                    listener.refuse()
                else:
                    listener.accept()
                    listener.freeze() if faults.frozen else listener.thaw()

    def _others(self, alpha: Alpha) -> Any:
        def others() -> list[dict[str, object]]:
            now = self.cluster.now()
            zero = {
                "instance": "zero",
                "address": self.cluster.zero.address,
                "status": "healthy",
                "group": "0",
                "version": VERSION,
                "uptime": int(now - self.cluster.born),
                "lastEcho": int(now),
            }
            return [*(other.seen() for other in self.alphas if other is not alpha), zero]

        return others


def _now() -> float:
    return time.time()  # noqa: TID251 -- dates that people read; nothing is timed by it
