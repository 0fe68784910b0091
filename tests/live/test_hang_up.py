"""A caller that hangs up cancels its read at the alpha."""

import asyncio
import json
import socket

import pytest

from tests.cluster import Shape
from tests.cluster.ask import ask, until
from tests.live.conftest import started
from tests.live.instance import TOKEN
from tests.live.sockets import Socket, run

FUTURE = 1 << 40
"""A timestamp that the cluster will not reach: a read at it waits until it is given up."""

CALLERS = 10


def _pending(cluster):
    """Return how many requests the alphas are busy with."""
    return sum(_metric(address.http, "dgraph_pending_queries_total") for address in cluster.addresses)


def _metric(address, name):
    """Return the sum of the samples called `name` at an address that shows metrics."""
    lines = ask(address, "GET", "/metrics").body.decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith((f"{name} ", f"{name}{{")))


@pytest.fixture
def patient(otter, started_cluster):
    """Give an Otter that would itself wait far longer than this test."""
    until(lambda: _pending(started_cluster) == 0, "an idle cluster")
    return otter(started_cluster, answer_timeout="600s", progress_timeout="600s")


def test_over_http(patient, started_cluster):
    host, _, port = patient.http.rpartition(":")
    body = json.dumps({"query": "{ q(func: has(dgraph.type)) { uid } }"}).encode()
    head = (
        f"POST /query?startTs={FUTURE} HTTP/1.1\r\nHost: {patient.http}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    callers = [socket.create_connection((host, int(port)), 30) for _ in range(CALLERS)]
    try:
        for caller in callers:
            caller.sendall(head.encode() + body)
        until(lambda: _pending(started_cluster) >= CALLERS, "the reads to reach the alphas")
    finally:
        for caller in callers:
            caller.close()
    until(lambda: _pending(started_cluster) == 0, "the reads to be cancelled")
    assert ask(patient.http, "GET", "/readyz").status == 200


@pytest.fixture
def lonely_cluster():
    """Give a cluster of one alpha that this test alone uses."""
    yield from started(Shape(alphas=1, replicas=1))


def test_over_a_websocket(otter, lonely_cluster):
    gateway = otter(lonely_cluster, answer_timeout="600s", probe_interval="600s")
    alpha = lonely_cluster.alphas[0]
    busy = "otter_alpha_in_flight_requests"
    question = {"type": "query", "query": "{ q(func: has(dgraph.type)) { uid } }"}

    async def ask_and_leave():
        socket = await Socket.open(gateway.ws)
        try:
            assert await socket.ask({"type": "auth", "token": TOKEN}) == {"status": "authenticated"}
            # A connection to the alpha must stand, else what ends the wait is the attempt to make one.
            assert "error" not in await socket.ask(question)
            alpha.pause()
            await socket.send(question)
            await asyncio.to_thread(until, lambda: _metric(gateway.metrics, busy) == 1, "the read to leave")
        finally:
            await socket.close()

    try:
        run(ask_and_leave(), 120)
        until(lambda: _metric(gateway.metrics, busy) == 0, "the read to be cancelled")
    finally:
        alpha.resume()
