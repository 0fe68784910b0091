"""RFC 6455, as the Autobahn cases judge it: the production factory and options, and an echo."""

import asyncio
import json
import sys

import pytest
import pytest_twisted
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.defer import Deferred

from otterd.config.live import Live
from otterd.config.schema import Config
from otterd.edges.ws.factory import OtterSocketFactory
from otterd.edges.ws.line import SocketLine
from otterd.edges.ws.protocol import OtterSocket
from tests.edges.ws.fakes import FakeGateway, FakeGuard, FakeLedger

pytest.importorskip("kosoku", reason="kosoku, which knows the RFC 6455 cases, is not installed")

GROUPS = {1: 16, 2: 11, 3: 7, 4: 10, 5: 20, 6: 100, 7: 37, 10: 1}
"""Groups of cases, and how many each has at least."""

LIMIT = 120
JUDGE = """
import asyncio, json, sys, kosoku
try:
    results = asyncio.run(kosoku.run_fuzzingclient(sys.argv[1], [sys.argv[2] + ".*"], concurrency=4))
except kosoku.FailureError as failure:
    results = failure.results
failed = [f"{case.case_id}: {case.result} {case.result_close}" for case in results if not case.passed]
print(json.dumps([len(results), failed]))
"""


class Echoing:
    """A session that sends back what it hears, through the door's own sending."""

    full = False

    def __init__(self, line: SocketLine) -> None:
        self.line = line

    def receive(self, payload: bytes) -> None:
        self.line.send(payload)


class Echo(OtterSocket):
    """Sends back what it hears, text and binary."""

    def onOpen(self) -> None:
        super().onOpen()
        self._line.session = Echoing(self._line)

    def onMessageBegin(self, isBinary: bool) -> None:
        super(OtterSocket, self).onMessageBegin(isBinary)

    def received(self, payload: bytes) -> None:
        if self.message_is_binary:
            self.sendFrame(opcode=2, payload=payload)
        else:
            super().received(payload)


class EchoFactory(OtterSocketFactory):
    protocol = Echo


async def judge(url: str, group: int) -> tuple[int, list[str]]:
    """Return how many cases `group` has and which failed; kosoku wants a process without Autobahn."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", JUDGE, url, str(group), stdout=asyncio.subprocess.PIPE
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(), LIMIT)
    except TimeoutError:
        process.kill()
        raise
    count, failed = json.loads(out)
    return count, failed


@pytest.mark.parametrize("group", GROUPS)
@pytest_twisted.ensureDeferred  # type: ignore[untyped-decorator]
async def test_keeps_to_rfc_6455(reactor: AsyncioSelectorReactor, group: int) -> None:
    factory = EchoFactory(Live(Config()), reactor, FakeGateway(), FakeGuard(), FakeLedger())
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    try:
        url = f"ws://127.0.0.1:{port.getHost().port}/ws"
        count, failed = await Deferred.fromFuture(asyncio.ensure_future(judge(url, group)))
    finally:
        await port.stopListening()
        factory.abort()
        await factory.closed()
    assert not failed, "\n".join(failed)
    assert count >= GROUPS[group]
