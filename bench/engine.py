"""Measure the gRPC engines alone against a stub alpha: `python -m bench.engine [ROUNDS]`.

Each round runs every engine for some seconds with so many calls under way. Prints calls/s, the process's
CPU time for a call (all threads), and the ratios. The stub runs in a process of its own.
"""

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

from otterd.service import install_reactor

SECONDS = 2.0
AT_ONCE = (1, 32, 256)
PAYLOAD = b"\x22\x64" + b"q" * 100
RESULTS = Path(__file__).parent / "results" / "engine.json"


class Stub(asyncio.Protocol):
    """Answers every call with 600 bytes."""

    def __init__(self) -> None:
        from otterd.wire.h2 import FOR_ALPHAS, Memo, ServerConnection, block, pack

        self.server = ServerConnection(self, FOR_ALPHAS, Memo())  # type: ignore[arg-type]
        self.head = block([(b":status", b"200"), (b"content-type", b"application/grpc")])
        self.body = pack(b"\x0a\xd8\x04" + b"a" * 600)
        self.tail = block([(b"grpc-status", b"0"), (b"grpc-message", b"")])

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.server.start(time.monotonic())
        self.flush()

    def data_received(self, data: bytes) -> None:
        self.server.receive(data, time.monotonic())
        self.flush()

    def flush(self) -> None:
        if data := self.server.data_to_send():
            self.transport.write(data)

    def wake(self) -> None:
        """The flush follows."""

    def closed(self, broken: object) -> None:
        self.transport.close()

    def going_away(self, code: int) -> None:
        """Nothing to do."""

    def accept(self, stream: Any, head: Any) -> Any:
        return _Request(self, stream)


class _Request:
    __slots__ = ("stream", "stub")

    def __init__(self, stub: Stub, stream: Any) -> None:
        self.stub, self.stream = stub, stream

    def data(self, data: bytes) -> None:
        self.stub.server.consumed(self.stream, len(data))

    def ended(self, trailers: object) -> None:
        stub = self.stub
        stub.server.answer(self.stream, stub.head, stub.body, stub.tail)

    def lost(self, lost: object) -> None:
        raise AssertionError(lost)

    def drained(self) -> None:
        """Nothing to do."""


def stub() -> None:
    """Serve until killed; say the port."""
    import uvloop

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(Stub, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

    uvloop.run(run())


class Load:
    """Keeps `at_once` calls under way on `channel` until `until`, in seconds of the monotonic clock."""

    def __init__(self, channel: Any, at_once: int, until: float) -> None:
        from twisted.internet.defer import Deferred

        from otterd.core.operation import Rpc

        self.rpc = Rpc("Query", PAYLOAD)
        self.channel, self.until, self.left = channel, until, at_once
        self.count = 0
        self.done: Any = Deferred()
        for _ in range(at_once):
            self.call()

    def call(self) -> None:
        self.channel.call(self.rpc, 30.0).addCallbacks(self.answered, self.done.errback)

    def answered(self, answer: Any) -> None:
        self.count += 1
        if time.monotonic() < self.until:
            self.call()
            return
        self.left -= 1
        if not self.left:
            self.done.callback(self.count)


async def measure(reactor: Any, port: int, rounds: int) -> None:
    """Print the table."""
    from twisted.internet.task import deferLater

    from otterd.alphas.grpcio import GrpcioChannel
    from otterd.alphas.h2 import H2Channel
    from otterd.alphas.resolve import Resolver

    seen: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for _ in range(rounds):
        for engine in (GrpcioChannel, H2Channel):
            resolver = Resolver(reactor, lambda host: None)  # type: ignore[arg-type, return-value]
            channel = engine(f"127.0.0.1:{port}", resolver, reactor, None, lambda: 5.0)
            for at_once in AT_ONCE:
                await Load(channel, at_once, time.monotonic() + 0.2).done
                began, cpu = time.monotonic(), time.process_time()
                count = await Load(channel, at_once, began + SECONDS).done
                took, used = time.monotonic() - began, time.process_time() - cpu
                seen.setdefault((engine.__name__, at_once), []).append((count / took, used / count * 1e6))
            await channel.close()
            await deferLater(reactor, 0.05)
    report(seen)


def report(seen: dict[tuple[str, int], list[tuple[float, float]]]) -> None:
    """Print medians and ratios, and keep what was seen."""
    print("under way  engine            calls/s   µs CPU a call")
    for at_once in AT_ONCE:
        middle = {
            name: tuple(map(median, zip(*runs, strict=True)))
            for (name, many), runs in seen.items()
            if many == at_once
        }
        for name, (rate, cost) in middle.items():
            print(f"{at_once:9}  {name:<16}{rate:9.0f}{cost:16.1f}")
        theirs, ours = middle["GrpcioChannel"], middle["H2Channel"]
        print(f"{'':11}h2 / grpcio     {ours[0] / theirs[0]:9.2f}{ours[1] / theirs[1]:16.2f}")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({f"{name} {many}": runs for (name, many), runs in seen.items()}, indent=1))


def main() -> None:
    """Run the stub and measure."""
    if sys.argv[1:] == ["stub"]:
        stub()
        return
    rounds = int(sys.argv[1]) if sys.argv[1:] else 3
    install_reactor()
    from twisted.internet import reactor  # noqa: TID251 -- this is the program
    from twisted.internet.defer import Deferred

    serving = subprocess.Popen([sys.executable, "-m", "bench.engine", "stub"], stdout=subprocess.PIPE)
    assert serving.stdout is not None
    port = int(serving.stdout.readline())
    failed: list[Any] = []

    def run() -> None:
        measuring = Deferred.fromCoroutine(measure(reactor, port, rounds))
        measuring.addErrback(failed.append).addBoth(lambda _: reactor.stop())  # type: ignore[attr-defined]

    reactor.callWhenRunning(run)  # type: ignore[attr-defined]
    try:
        reactor.run()  # type: ignore[attr-defined]
    finally:
        serving.terminate()
        serving.wait()
    for failure in failed:
        failure.printTraceback()
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
