"""A caller that hangs up cancels its read at the alpha."""

import json
import socket

import pytest

from tests.cluster.ask import ask, until

FUTURE = 1 << 40
"""A timestamp that the cluster will not reach: a read at it waits until it is given up."""

CALLERS = 10


def _pending(cluster):
    """Return how many requests the alphas are busy with."""
    total = 0
    for address in cluster.addresses:
        for line in ask(address.http, "GET", "/metrics").body.decode().splitlines():
            if line.startswith("dgraph_pending_queries_total"):
                total += int(float(line.rpartition(" ")[2]))
    return total


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
