"""Alphas that speak TLS: the chain and the name are checked, on both of their ports."""

import pytest

from tests.cluster import Cluster, Shape
from tests.cluster.ask import ask
from tests.live.conftest import started

QUESTION = {"query": "{ q(func: uid(0x1)) { uid } }"}


@pytest.fixture(scope="module")
def tls_cluster():
    """Give a cluster of one alpha with certificates of its own authority."""
    yield from started(Shape(alphas=1, replicas=1, tls=True))


def test_queries_and_pass_through_go_over_tls(otter, tls_cluster: Cluster):
    gateway = otter(tls_cluster, dgraph_tls_ca=str(tls_cluster.authority))
    found = ask(gateway.http, "POST", "/query", QUESTION)
    assert found.json()["data"] == {"q": [{"uid": "0x1"}]}
    assert ask(gateway.http, "GET", "/state").json()["groups"]
    assert ask(gateway.http, "POST", "/alter", "liveTls: string .").json()["data"]["code"] == "Success"


def test_a_certificate_for_another_name_is_refused(otter, tls_cluster: Cluster):
    keys = {
        "dgraph_tls_ca": str(tls_cluster.authority),
        "dgraph_tls_server_name": "elsewhere.example",
    }
    gateway = otter(tls_cluster, ready=False, **keys)
    assert ask(gateway.http, "GET", "/readyz").status == 503
    assert ask(gateway.http, "POST", "/query", QUESTION).status == 503
    assert ask(gateway.http, "GET", "/ui/keywords").status == 503


def test_an_unknown_authority_is_refused(otter, tls_cluster: Cluster):
    gateway = otter(tls_cluster, ready=False, dgraph_tls_ca="system")
    assert ask(gateway.http, "POST", "/query", QUESTION).status == 503
    assert ask(gateway.http, "GET", "/ui/keywords").status == 503
