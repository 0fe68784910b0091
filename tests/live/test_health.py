"""How Otter sees alphas that drain, freeze, die and come back."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from tests.cluster.ask import ask, until

QUESTION = {"query": "{ q(func: uid(0x1)) { uid } }"}

LOAD = [
    ("/query?timeout=3s", QUESTION),
    ("/query?be=true&timeout=3s", QUESTION),
    ("/mutate?commitNow=true&timeout=3s", {"set": [{"wardload": "x"}]}),
]
"""What callers with little patience ask."""

QUICK = {"probe_interval": "250ms", "probe_timeout": "750ms", "slow_start": "2s"}


class Watched:
    """An Otter, and what it says of each alpha of its cluster."""

    def __init__(self, gateway, cluster):
        self.gateway = gateway
        self.cluster = cluster

    def view(self, index):
        """Return Otter's view of the alpha number `index`."""
        page = ask(self.gateway.http, "GET", "/health?live").json()
        return page[1 + index]["otter"]

    def wait(self, index, status, seconds=30.0):
        """Wait until the alpha stands so, and return the view of it."""
        what = f"alpha {index} to be {status}"

        def seen():
            view = self.view(index)
            return view if view["status"] == status else None

        return until(seen, what, seconds=seconds)

    def served_by(self, times=12):
        """Ask that often, and return the gRPC addresses of the alphas that answered, by the access lines."""
        before = len(self._answered())
        for _ in range(times):
            asked = ask(self.gateway.http, "POST", "/query", QUESTION)
            assert asked.json()["data"] == {"q": [{"uid": "0x1"}]}, asked.body
        until(lambda: len(self._answered()) >= before + times, "the access lines")
        return set(self._answered()[before:])

    def _answered(self):
        return [
            line["alpha"]
            for line in self.gateway.lines()
            if line.get("ns") == "otterd.access" and line.get("purpose") == "query"
        ]

    def said(self):
        """Return what the log says of changes."""
        return [line["msg"] for line in self.gateway.lines() if line.get("ns") == "otterd.alphas.fleet"]


@pytest.fixture
def watched(otter, own_cluster):
    watched = Watched(otter(own_cluster, balancer_type="round-robin-healthy", **QUICK), own_cluster)
    for index in range(3):
        watched.wait(index, "usable")
    return watched


def follower(cluster):
    """Return the number of an alpha that does not lead."""
    leader = cluster.leader()
    return next(index for index, alpha in enumerate(cluster.alphas) if alpha is not leader)


def test_each_way_an_alpha_can_fail_is_seen_told_and_over_when_it_is_over(watched):
    cluster = watched.cluster
    index = follower(cluster)
    address, member = cluster.addresses[index], cluster.alphas[index]
    others = {each.grpc for each in cluster.addresses} - {address.grpc}

    assert ask(address.http, "PUT", "/admin/draining?enable=true").status == 200
    view = watched.wait(index, "draining")
    assert "draining" in view["reason"]
    assert watched.served_by() == others
    assert ask(watched.gateway.http, "GET", "/readyz").status == 200
    assert ask(address.http, "PUT", "/admin/draining?enable=false").status == 200
    watched.wait(index, "usable")
    assert address.grpc in watched.served_by()

    member.pause()
    try:
        view = watched.wait(index, "hanging", seconds=5)
        assert view["reason"] == "it gave no answer within 0.75 s"
        assert watched.served_by() == others
        watched.wait(index, "down")
    finally:
        member.resume()
    watched.wait(index, "usable")
    assert address.grpc in watched.served_by()

    member.kill()
    view = watched.wait(index, "down")
    assert "could not be reached" in view["reason"] or "broke" in view["reason"]
    assert watched.served_by() == others
    cluster.restart(member)
    watched.wait(index, "usable", seconds=60)
    assert address.grpc in watched.served_by()

    metrics = ask(watched.gateway.metrics, "GET", "/metrics").body.decode()
    assert f'otter_alpha_status{{alpha="{address.grpc}",status="usable"}} 1.0' in metrics
    assert f'otter_alpha_staleness_seconds{{alpha="{address.grpc}"}}' in metrics
    said = [line for line in watched.said() if line.startswith(address.grpc)]
    told = [line.removeprefix(f"{address.grpc} is ").partition(":")[0] for line in said]
    assert told[0] == told[-1] == "usable"
    assert {"draining", "hanging", "down"} <= set(told)
    assert all(line == f"{address.grpc} is usable" or ": " in line for line in said)


def test_an_alpha_that_does_not_lead_keeps_up_with_writes(watched):
    cluster = watched.cluster
    for number in range(40):
        body = f'{{"set":[{{"wardlag":"{number}"}}]}}'
        wrote = ask(
            watched.gateway.http,
            "POST",
            "/mutate?commitNow=true",
            body,
            headers={"Content-Type": "application/json"},
        )
        assert wrote.json()["data"]["code"] == "Success", wrote.body
    for index in range(len(cluster.alphas)):
        assert watched.view(index)["status"] == "usable"


def test_an_election_is_not_held_against_those_who_hold_it(watched):
    cluster, gateway = watched.cluster, watched.gateway
    leader = cluster.leader()
    doomed = cluster.alphas.index(leader)
    over = threading.Event()

    def load(number):
        target, body = LOAD[number % len(LOAD)]
        while not over.is_set():
            with suppress(OSError):
                ask(gateway.http, "POST", target, body)

    with ThreadPoolExecutor(12) as pool:
        for number in range(12):
            pool.submit(load, number)
        try:
            watched.served_by()
            leader.kill()
            watched.wait(doomed, "down")
            cluster.leader()
            watched.served_by()
        finally:
            over.set()
    survivors = {each.grpc for index, each in enumerate(cluster.addresses) if index != doomed}
    told = [line for line in watched.said() if line.split(" ")[0] in survivors]
    assert told == [f"{line.split(' ')[0]} is usable" for line in told]


QUOTES = (
    "the server is in draining mode and client requests will only be allowed after exiting"
    " the mode  by sending a GraphQL draining(enable: false) mutation to /admin",
    "Please retry again, server is not ready to accept requests",
    "429 Too Many Requests. Please throttle your requests",
)


@pytest.mark.parametrize("text", QUOTES)
def test_a_text_that_a_caller_makes_an_alpha_quote_is_not_held_against_it(otter, cluster, text):
    gateway = otter(cluster)
    broken = {"query": '{ q(func: has(name)) @filter(eq(name, "' + text + '",) { uid } }'}
    for _ in range(20):
        refused = ask(gateway.http, "POST", "/query", broken)
        assert text in refused.json()["errors"][0]["message"]
    states = [one["otter"]["status"] for one in ask(gateway.http, "GET", "/health").json()[1:]]
    assert set(states) == {"usable"}
