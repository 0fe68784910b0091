"""Otter without alphas stays up, says so, and serves when they come."""

import pytest

from tests.cluster import Cluster, Shape, binary
from tests.cluster.ask import ask, until

QUESTION = {"query": "{ q(func: uid(0x1)) { uid } }"}


@pytest.fixture
def later():
    """Give a cluster that is not started yet."""
    if binary() is None:
        pytest.skip("this test starts a cluster of its own and there is no `dgraph` on the PATH")
    cluster = Cluster(Shape(alphas=1, replicas=1))
    yield cluster
    cluster.stop()


def test_it_waits_for_the_alphas_and_notices_when_they_go(otter, later):
    gateway = otter(later, ready=False, probe_interval="250ms")
    assert ask(gateway.http, "GET", "/livez").status == 200
    assert ask(gateway.http, "GET", "/readyz").status == 503
    assert ask(gateway.http, "GET", "/health").status == 503
    refused = ask(gateway.http, "POST", "/query", QUESTION)
    assert refused.status == 503
    assert refused.json()["errors"][0]["extensions"]["code"] == "ErrorUnavailable"

    later.start()
    until(lambda: ask(gateway.http, "GET", "/readyz").status == 200, "readiness")
    assert ask(gateway.http, "GET", "/health").status == 200
    assert ask(gateway.http, "POST", "/query", QUESTION).json()["data"]

    later.alphas[0].kill()
    until(lambda: ask(gateway.http, "GET", "/readyz").status == 503, "readiness to end")
    assert ask(gateway.http, "GET", "/livez").status == 200
