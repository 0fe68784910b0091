"""Measure the HTTP door on each transport layer: `python bench/transports.py [ROUNDS]`.

The whole of Otter runs, once for each layer, with an engine that speaks a plain framing to a stub
in place of gRPC, over the same layer. The rounds are interleaved. Prints requests/s, the
gateway's processor time for a request, and ratios to Twisted's own transports.
"""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from struct import Struct
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

SECONDS = 2
CONNECTIONS = 32
LAYERS = ("twisted", "eager", "eager-write-only", "uvloop")
"""Twisted's own; `otterd.transport`; the same with Twisted's way of reading; uvloop's own
transports for the door, with the second towards the stub."""

RESULTS = Path(__file__).parent / "results" / "transports.json"
FRAME = Struct("!II")
ANSWER = b'{"q":[' + b",".join(b'{"uid":"0x%x","name":"somebody"}' % n for n in range(17)) + b"]}"
WRITES = {
    "livez": 'wrk.path = "/livez"',
    "query": 'wrk.method = "POST"; wrk.path = "/query"; wrk.body = "{q(func: uid(1)) {uid name}}"\n'
    'wrk.headers["Content-Type"] = "application/dql"',
}
KEPT: list[Any] = []
"""Tasks that the loop knows only weakly."""
PIPELINED = 'request = function() return string.rep(wrk.format("GET", "/livez"), 8) end'


# The stub, and the engine that speaks to it.


class Frames:
    """Cuts what came into (number, payload)."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        data, at, found = self._rest + data, 0, []
        while len(data) - at >= FRAME.size:
            size, number = FRAME.unpack_from(data, at)
            if len(data) - at - FRAME.size < size:
                break
            at += FRAME.size
            found.append((number, data[at : at + size]))
            at += size
        self._rest = data[at:]
        return found


class Stub(asyncio.Protocol):
    """Answers every frame with ANSWER as an alpha would give it."""

    def connection_made(self, transport: Any) -> None:
        from otterd.wire import api_pb2

        self.transport, self.frames = transport, Frames()
        self.answer = api_pb2.Response(json=ANSWER).SerializeToString()

    def data_received(self, data: bytes) -> None:
        answer = self.answer
        head = FRAME.pack
        pieces = [head(len(answer), number) + answer for number, _ in self.frames.feed(data)]
        if pieces:
            self.transport.write(b"".join(pieces))


def stub(port: int) -> None:
    import uvloop

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(Stub, "127.0.0.1", port)
        await server.serve_forever()

    uvloop.run(run())


def engine(connect: Callable[[Any], None], loop: Any) -> type:
    """Return a class of channels over a connection that `connect` makes for a factory."""
    from twisted.internet.defer import succeed
    from twisted.internet.protocol import Factory, Protocol

    from otterd.alphas.awaited import OVER, awaited, refused
    from otterd.core.operation import Answer
    from otterd.errors import NotReached

    class Link(Protocol):
        def __init__(self) -> None:
            self.frames, self.waiting, self.number, self.pieces = Frames(), {}, 0, []

        def connectionMade(self) -> None:
            Channel.link = self

        def dataReceived(self, data: bytes) -> None:
            for number, payload in self.frames.feed(data):
                ear = self.waiting.pop(number)
                ear.answered(Answer(0, payload, alpha="stub"))

        def ask(self, payload: bytes, ear: Any) -> None:
            self.number = number = self.number + 1 & 0xFFFFFFFF
            self.waiting[number] = ear
            if not self.pieces:
                loop.call_soon(self.flush)
            self.pieces.append(FRAME.pack(len(payload), number) + payload)

        def flush(self) -> None:
            self.transport.write(b"".join(self.pieces))
            self.pieces.clear()

    class Channel:
        link: Any = None

        def __init__(self, address: str, *_: Any, **__: Any) -> None:
            self.address = address
            if not Channel.link:
                Channel.link = False
                connect(Factory.forProtocol(Link))

        def ask(self, rpc: Any, timeout: float, ear: Any) -> Any:
            if not Channel.link:
                return refused(ear, NotReached("not yet"))
            Channel.link.ask(rpc.payload, ear)
            return OVER

        def call(self, rpc: Any, timeout: float) -> Any:
            return awaited(self, rpc, timeout)  # type: ignore[arg-type]

        def close(self) -> Any:
            return succeed(None)

    return Channel


# The layers.


class Adapter(asyncio.Protocol):
    """A Twisted protocol on uvloop's transport: the happy path alone, for comparison."""

    disconnecting = False

    def __init__(self, factory: Any) -> None:
        self.factory = factory

    def connection_made(self, transport: Any) -> None:
        from twisted.internet.address import IPv4Address

        self.peer = IPv4Address("TCP", *transport.get_extra_info("peername"))
        self.under = transport
        self.pauseProducing, self.resumeProducing = transport.pause_reading, transport.resume_reading
        self.protocol = self.factory.buildProtocol(self.peer)
        self.data_received = self.protocol.dataReceived
        transport.set_protocol(self)  # uvloop keeps the method it found
        self.protocol.makeConnection(self)

    def write(self, data: bytes) -> None:
        if not self.under.is_closing():
            self.under.write(data)

    def writeSequence(self, pieces: list[bytes]) -> None:
        self.write(b"".join(pieces))

    def getPeer(self) -> Any:
        return self.peer

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        self.pause_writing, self.resume_writing = producer.pauseProducing, producer.resumeProducing

    def unregisterProducer(self) -> None:
        self.pause_writing = self.resume_writing = lambda: None

    def loseConnection(self) -> None:
        self.under.close()

    def abortConnection(self) -> None:
        self.under.abort()

    def connection_lost(self, error: Any) -> None:
        from twisted.internet.error import ConnectionDone
        from twisted.python.failure import Failure

        self.protocol.connectionLost(Failure(ConnectionDone()))


def ways(layer: str, reactor: Any, alpha: int) -> tuple[Callable[..., Any], Callable[[Any], Any]]:
    """Return how to listen, and how to connect to the stub, on `layer`."""
    from twisted.internet import tcp

    from otterd.transport import eager

    loop = reactor._asyncioEventloop

    def dial(factory: Any) -> Any:
        return eager.Dialler(reactor).connectTCP("127.0.0.1", alpha, Once(factory))

    if layer == "uvloop":

        def listen(port: int, factory: Any) -> None:
            made = loop.create_server(lambda: Adapter(factory), "127.0.0.1", port)
            KEPT.append(loop.create_task(made))

        return listen, dial
    if layer == "twisted":
        return (
            lambda port, factory: reactor.listenTCP(port, factory, interface="127.0.0.1"),
            lambda factory: reactor.connectTCP("127.0.0.1", alpha, Once(factory)),
        )
    if layer == "eager-write-only":
        eager.Eager.startReading = tcp.Connection.startReading
    return (
        lambda port, factory: eager.hasten(reactor.listenTCP(port, factory, interface="127.0.0.1")),
        dial,
    )


class Once:
    """A factory as a reactor takes it."""

    noisy = False

    def __init__(self, factory: Any) -> None:
        self.buildProtocol = factory.buildProtocol

    def doStart(self) -> None: ...
    def doStop(self) -> None: ...
    def startedConnecting(self, connector: Any) -> None: ...
    def clientConnectionLost(self, connector: Any, reason: Any) -> None: ...
    def clientConnectionFailed(self, connector: Any, reason: Any) -> None:
        reason.printTraceback()


def serve(layer: str, port: int, alpha: int) -> None:
    """Run Otter on `layer`."""
    from otterd.service import install_reactor, make_otter

    install_reactor()
    from twisted.internet import reactor  # noqa: TID251 -- it runs here

    from otterd.alphas import fleet
    from otterd.config.schema import Config, Engine
    from otterd.ops.log import start_logging

    start_logging()
    listen, connect = ways(layer, reactor, alpha)
    fleet.ENGINES[Engine.H2] = engine(connect, reactor._asyncioEventloop)
    config = Config(
        dgraph_endpoints=(f"127.0.0.1:{alpha}",),
        http_endpoint=f"unix:{tempfile.mkdtemp()}/door",
        enable_websocket=False,
        metrics_endpoint="",
        dgraph_http_endpoints={f"127.0.0.1:{alpha}": f"127.0.0.1:{alpha}"},
    )
    otter = make_otter(config, reactor)
    reactor.callWhenRunning(lambda: (otter.startService(), listen(port, otter.http)))
    reactor.run()


# The measuring.


def processor(pid: int) -> float:
    """Return the seconds of processor time that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(script: Path, port: int, pid: int, per_request: int = 1) -> tuple[float, float]:
    """Return requests/s and the microseconds of processor time for each."""
    before = processor(pid)
    command = [
        "wrk",
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{SECONDS}s",
        "-s",
        str(script),
        f"http://127.0.0.1:{port}",
    ]
    told = subprocess.run(pinned(1, command), capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in told or "Socket errors" in told or " 0 requests" in told:
        raise SystemExit(f"{port} {script.name}: {told}")
    done = int(re.search(r"(\d+) requests in", told)[1])
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1])
    return rate, (processor(pid) - before) / done * 1e6


def pinned(core: int, command: list[str]) -> list[str]:
    core = min(core, (os.cpu_count() or 1) - 1)
    return ["taskset", "-c", str(core), *command]


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def wait_for(port: int) -> None:
    for _ in range(1200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"nothing listens on {port}")


def measure(rounds: int) -> None:
    folder = Path(tempfile.mkdtemp())
    alpha = free_port()
    me = [sys.executable, __file__]
    running = [subprocess.Popen(pinned(1, [*me, "stub", str(alpha)]))]
    wait_for(alpha)
    try:
        places = {}
        for layer in LAYERS:
            port = free_port()
            said = (folder / layer).with_suffix(".log").open("wb")
            process = subprocess.Popen(pinned(0, [*me, "serve", layer, str(port), str(alpha)]), stdout=said)
            running.append(process)
            wait_for(port)
            places[layer] = (port, process.pid)
            print(layer, port, flush=True)
        found: dict[str, dict[str, list[tuple[float, float]]]] = {}
        for each in range(rounds + 1):
            for what, text in (*WRITES.items(), ("pipelined", PIPELINED)):
                script = folder / what
                script.write_text(text)
                for layer, (port, pid) in places.items():
                    figures = load(script, port, pid)
                    if each:  # the first round warms up
                        found.setdefault(what, {}).setdefault(layer, []).append(figures)
        show(found)
    finally:
        for process in running:
            process.kill()
            process.wait()


def show(found: dict[str, dict[str, list[tuple[float, float]]]]) -> None:
    print(f"{'load':<10} {'layer':<17} {'requests/s':>10} {'ratio':>6} {'CPU us':>7} {'ratio':>6}")
    for what, layers in found.items():
        base = [median(figures) for figures in zip(*layers["twisted"], strict=True)]
        for layer, rounds in layers.items():
            rate, cost = (median(figures) for figures in zip(*rounds, strict=True))
            print(
                f"{what:<10} {layer:<17} {rate:>10,.0f} {rate / base[0]:>6.2f}"
                f" {cost:>7.1f} {cost / base[1]:>6.2f}"
            )
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["stub"]:
        stub(int(sys.argv[2]))
    elif sys.argv[1:2] == ["serve"]:
        serve(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        measure(int(sys.argv[1]) if sys.argv[1:] else 5)
