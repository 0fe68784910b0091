"""Otter and its sandbox in one process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from twisted.application.service import IService
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.logger import Logger

from otterd.config.errors import ConfigError
from otterd.config.schema import Balancer, Config
from otterd.sandbox import facts
from otterd.sandbox.alpha import Alpha
from otterd.sandbox.service import Sandbox
from otterd.wire import api_pb2 as api

log = Logger(__name__)


def config_for(config: Config, sandbox: Sandbox) -> Config:
    """Return `config` with the alphas of `sandbox`; raise ConfigError where a sandbox has no place."""
    if not config.dev_mode:
        raise ConfigError("", "dev_mode", "a sandbox is no database, and does not start where this is false")
    alphas = tuple(f"127.0.0.1:{door.port}" for door in sandbox.grpc)
    pages = {alpha: f"127.0.0.1:{door.port}" for alpha, door in zip(alphas, sandbox.http, strict=True)}
    return replace(
        config, balancer_type=Balancer.STATE_BASED, dgraph_endpoints=alphas,
        groups={}, dgraph_http_endpoints=pages, dgraph_tls_ca="",
    )  # fmt: skip


async def load_facts(alpha: Alpha) -> None:
    """Put the facts into the cluster of `alpha`."""
    await alpha.alter(api.Operation(schema=facts.SCHEMA), {})
    mutation = api.Mutation(set_nquads=facts.nquads().encode())
    await alpha.query(api.Request(mutations=[mutation], commit_now=True), {})


class Together:
    """Runs `sandbox`, and then the service that `build` makes, until a signal."""

    def __init__(
        self, reactor: Any, sandbox: Sandbox, build: Callable[[], IService], *, with_facts: bool
    ) -> None:
        self._reactor = reactor
        self._sandbox = sandbox
        self._build = build
        self._with_facts = with_facts
        self._service: Any = None
        self.failure = ""

    def run(self) -> str:
        """Run the reactor to its end; return why it could not start, or the empty text."""
        self._reactor.callWhenRunning(lambda: _deferred(self._begin()))
        self._reactor.addSystemEventTrigger("before", "shutdown", lambda: _deferred(self._end()))
        self._reactor.run()
        return self.failure

    async def _begin(self) -> None:
        try:
            await self._sandbox.start()
            if self._with_facts:
                await load_facts(self._sandbox.alphas[0])
            self._service = self._build()
            self._service.privilegedStartService()
            self._service.startService()
        except CannotListenError as error:
            self._fail(f"cannot listen on port {error.port}: {error.socketError}")
        except Exception as error:
            self._fail(str(error) or type(error).__name__)

    def _fail(self, why: str) -> None:
        self.failure = why
        self._service = None
        self._reactor.stop()

    async def _end(self) -> None:
        loop = asyncio.get_running_loop()
        if self._service is not None:
            stopped = self._service.stopService()
            if stopped is not None:
                await stopped.asFuture(loop)
        await self._sandbox.stop()


def _deferred(work: Any) -> Deferred[None]:
    return Deferred.fromFuture(asyncio.ensure_future(work))
