"""What Otter shows of a running cluster and of a request's way, held against the cluster's own words."""

import re

import pytest

from tests.cluster.ask import ask, until

WHY = {"X-Otter-Explain": "1", "Content-Type": "application/dql"}


@pytest.fixture
def seeing(otter, cluster):
    """Give an Otter that goes by the cluster's state, with what it shows of it."""
    ours = otter(cluster, balancer_type="state-based")

    def shown():
        return ask(ours.http, "GET", "/cluster").json()

    until(lambda: shown()["map"]["known"], "a map")
    return ours, shown


def store(http, mark, index):
    """Store one value under an indexed predicate."""
    ask(http, "POST", "/alter", f"{mark}.name: string @index({index}) .")
    reply = ask(http, "POST", "/mutate?commitNow=true", {"set": [{f"{mark}.name": "the-value"}]})
    assert "errors" not in reply.json()


def test_groups_members_leaders_and_tablets_are_those_of_the_state(seeing, cluster, mark):
    ours, shown = seeing
    store(ours.http, mark, "exact")
    until(lambda: f"0-{mark}.name" in {each["tablet"] for each in shown()["map"]["tablets"]}, "the tablet")
    told = ask(cluster.addresses[0].http, "GET", "/state").json()["groups"]
    for group in shown()["map"]["groups"]:
        members = told[str(group["id"])]["members"].values()
        assert {each["internal"] for each in group["members"]} == {each["addr"] for each in members}
        assert group["leader"] in {each.grpc for each in cluster.addresses}
    assert {each["address"] for each in shown()["alphas"]} == {each.grpc for each in cluster.addresses}
    for alpha in shown()["alphas"]:
        assert (alpha["status"], alpha["reason"], alpha["health"]["instance"]) == ("usable", "", "alpha")
        assert alpha["pending"] is None or alpha["pending"]["queries"] >= 0


def test_a_transaction_that_was_begun_is_pinned_until_it_ends(seeing, mark):
    ours, shown = seeing
    before = shown()["transactions"]["pinned"]
    begun = ask(ours.http, "POST", "/mutate", {"set": [{f"{mark}.name": "x"}]}).json()["extensions"]["txn"]
    assert shown()["transactions"]["pinned"] == before + 1
    told = ask(
        ours.http,
        "POST",
        f"/query?startTs={begun['start_ts']}",
        f"{{ q(func: has({mark}.name)) {{ uid }} }}",
        WHY,
    )
    assert re.search('"pin":"[^"]+:[0-9]+"', told.headers["x-otter-explain"])
    ask(ours.http, "POST", f"/commit?startTs={begun['start_ts']}&abort=true", b"")
    assert shown()["transactions"]["pinned"] == before


def test_a_decision_names_predicates_and_alphas_and_no_value(seeing, cluster, mark):
    ours, _ = seeing
    store(ours.http, mark, "exact")
    text = f'{{ q(func: eq({mark}.name, "the-value")) {{ uid }} }}'
    reply = ask(ours.http, "POST", "/query", text, WHY)
    assert len(reply.json()["data"]["q"]) == 1
    told = reply.headers["x-otter-explain"]
    assert f'"0-{mark}.name"' in told
    assert '"policy":"state-based"' in told
    assert "the-value" not in told
    assert reply.headers["x-otter-alpha"] in {each.grpc for each in cluster.addresses}
