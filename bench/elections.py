"""Measure reads while an alpha dies or freezes: `python -m bench.elections [ROUNDS [IN_FLIGHT]]`.

A closed loop of reads, all content with old answers, runs through one Otter in front of one group of three.
The leader, or a follower, is killed or frozen; if need be another is elected. Then it comes back. Needs
`dgraph` on the PATH.
"""

import asyncio
import multiprocessing
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from multiprocessing.connection import Connection
from statistics import median
from typing import Any, NamedTuple

import httptools

from bench.standing import keep, machine, spread
from tests.cluster import Cluster, Shape
from tests.cluster.ask import ask, until
from tests.live.instance import Otter

ROUNDS, IN_FLIGHT = 5, 100
TARGET = 0.4
"""Seconds within which every read is to be answered."""
BEFORE, AFTER = 3.0, 12.0
"""Seconds of load before the fault and after it."""
FAULTS = ("leader killed", "leader frozen", "follower killed", "follower frozen")
CONSENT = "10s"
PREDICATE = "bench"

BODY = f"{{ q(func: has({PREDICATE}), first: 1) {{ {PREDICATE} }} }}".encode()


class Read(NamedTuple):
    """One read: when it was begun, how many seconds it took, and its end."""

    begun: float
    took: float
    stale: bool
    error: str

    @property
    def ended(self) -> float:
        """When its answer came."""
        return self.begun + self.took


class Reader(asyncio.Protocol):
    """One connection that sends a read as soon as the one before it is answered."""

    def __init__(self, reads: list[Read], over: asyncio.Event) -> None:
        self._reads, self._over = reads, over
        self._request = (
            b"POST /query HTTP/1.1\r\nHost: otter\r\nContent-Type: application/dql\r\n"
            b"X-Otter-Max-Stale: %b\r\nContent-Length: %d\r\n\r\n%b" % (CONSENT.encode(), len(BODY), BODY)
        )
        self._busy = False
        self._begun = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        """Take what came of an answer."""
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Count a read that will never be answered."""
        if self._busy:
            self._end("the connection ended")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note whether the answer is old."""
        if name.lower() == b"x-otter-stale":
            self._stale = True

    def on_body(self, data: bytes) -> None:
        """Keep the answer."""
        self._answer += data

    def on_message_complete(self) -> None:
        """Count the answer and ask again."""
        fine = self._parser.get_status_code() == 200 and b'"data":{"q"' in self._answer
        self._end("" if fine else f"{self._parser.get_status_code()} {self._answer[:200]!r}")
        if self._over.is_set():
            self._transport.close()
        else:
            self._ask()

    def _ask(self) -> None:
        self._parser: Any = httptools.HttpResponseParser(self)
        self._stale, self._answer, self._busy = False, b"", True
        self._begun = time.monotonic()
        self._transport.write(self._request)

    def _end(self, error: str) -> None:
        self._busy = False
        now = time.monotonic()
        self._reads.append(Read(self._begun, now - self._begun, self._stale, error))


async def _load(host: str, port: int, in_flight: int, pipe: Connection) -> None:
    reads: list[Read] = []
    over, loop = asyncio.Event(), asyncio.get_running_loop()
    for _ in range(in_flight):
        await loop.create_connection(lambda: Reader(reads, over), host, port)
    loop.add_reader(pipe.fileno(), over.set)
    await over.wait()
    loop.remove_reader(pipe.fileno())
    await asyncio.sleep(1.0)
    pipe.send(reads)


def load(host: str, port: int, in_flight: int, pipe: Connection) -> None:
    """Read in a closed loop until something comes through `pipe`, then send what was read."""
    asyncio.run(_load(host, port, in_flight, pipe))


def one_round(cluster: Cluster, otter: Otter, in_flight: int, fault: str) -> dict[str, Any]:
    """Break an alpha under load, and return how the reads fared."""
    cluster.wait()
    leader = cluster.leader()
    followers = [alpha for alpha in cluster.alphas if alpha is not leader]
    doomed = leader if fault.startswith("leader") else followers[0]
    until(lambda: all_usable(otter), "Otter to see every alpha usable")
    host, _, port = otter.http.rpartition(":")
    ours, theirs = multiprocessing.Pipe()
    loader = multiprocessing.Process(target=load, args=(host, int(port), in_flight, theirs), daemon=True)
    loader.start()
    time.sleep(BEFORE)
    broken = time.monotonic()
    if fault.endswith("killed"):
        doomed.kill()
    else:
        doomed.pause()
    time.sleep(AFTER)
    ours.send("over")
    reads = ours.recv()
    loader.join()
    if fault.endswith("killed"):
        cluster.restart(doomed)
    else:
        doomed.resume()
    return told(reads, broken)


def told(reads: Sequence[Read], broken: float) -> dict[str, Any]:
    """Return the figures of one round; times in milliseconds."""
    warm = broken - BEFORE + 1.0
    before = sorted(each.took for each in reads if warm < each.begun and each.ended < broken)
    after = sorted((each for each in reads if each.ended >= broken), key=lambda each: -each.took)
    errors = [each.error for each in reads if each.error]
    return {
        "reads": len(reads),
        "failed": len(errors),
        "errors": sorted(set(errors))[:5],
        "stale": sum(each.stale for each in after),
        "usual_ms": round(median(before) * 1e3, 1),
        "usual_slowest_ms": round(before[-1] * 1e3, 1),
        "slowest_ms": round(after[0].took * 1e3, 1),
        "p99_ms": round(after[len(after) // 100].took * 1e3, 1),
        "slowest": [
            {"ms": round(each.took * 1e3, 1), "sent": round(each.begun - broken, 2), "stale": each.stale}
            for each in after[:5]
        ],
    }


def all_usable(otter: Otter) -> bool:
    """Return whether Otter would give work to every alpha.

    The query moves the timestamps on: an alpha that caught up by a snapshot hears of them only then.
    """
    ask(otter.http, "POST", "/query", {"query": BODY.decode()})
    alphas = ask(otter.http, "GET", "/health?live").json()[1:]
    return all(alpha["otter"]["status"] == "usable" for alpha in alphas)


def lines_of(rounds: Sequence[dict[str, Any]], fault: str) -> list[str]:
    """Return the lines of the table for one fault."""

    def values(name: str) -> str:
        return spread([each[name] for each in rounds])

    failed = sum(each["failed"] for each in rounds)
    return [
        f"{fault}:",
        f"  slowest read, ms      {values('slowest_ms')}; wanted: at most {TARGET * 1e3:.0f}",
        f"  99 of 100, ms         {values('p99_ms')}",
        f"  before the fault, ms  {values('usual_ms')}, slowest {values('usual_slowest_ms')}",
        f"  failed reads          {failed} of {sum(each['reads'] for each in rounds)}",
        f"  stale answers         {values('stale')}",
    ]


def main() -> None:
    """Measure and keep the results."""
    given = zip([*sys.argv[1:], "", ""], (ROUNDS, IN_FLIGHT), strict=False)
    rounds, in_flight = (int(argument) if argument else usual for argument, usual in given)
    raw: dict[str, Any] = {"machine": machine(), "in_flight": in_flight}
    lines = [f"{name}: {value}" for name, value in raw["machine"].items()]
    lines += [
        f"{rounds} rounds each, {in_flight} reads in flight, all content with answers {CONSENT} old",
        "",
    ]
    with ExitStack() as stack:
        cluster = Cluster(Shape())
        stack.callback(cluster.stop)
        cluster.start()
        ask(cluster.addresses[0].http, "POST", "/mutate?commitNow=true", {"set": [{PREDICATE: "x"}]})
        otter = Otter(cluster.addresses, {"balancer_type": "state-based"})
        stack.callback(otter.close)
        otter.start()
        for fault in FAULTS:
            raw[fault] = [one_round(cluster, otter, in_flight, fault) for _ in range(rounds)]
            lines += lines_of(raw[fault], fault)
    keep("elections", raw, lines)


if __name__ == "__main__":
    main()
