"""Transactions of several requests that are spread over two alphas."""

import http.client
import json

import pytest

from tests.cluster.ask import ask, until

VALUES = ["first", "never", "same", "a", "b", "c", "d"]


@pytest.fixture
def two(otter, cluster):
    """Give an Otter that takes turns between two alphas."""
    return otter(cluster.addresses[:2])


@pytest.fixture
def name(two, mark):
    """Give a predicate with an upsert index, so that equal writes conflict."""
    altered = ask(two.http, "POST", "/alter", f"{mark}.name: string @index(exact) @upsert .")
    assert altered.json()["data"]["code"] == "Success"
    return f"{mark}.name"


def _begin(otter, name, value):
    reply = ask(otter.http, "POST", "/mutate", {"set": [{"uid": "_:x", name: value}]}).json()
    assert reply["data"]["code"] == "Success", reply
    return reply["extensions"]["txn"]


def _read(otter, name, start_ts=0):
    # By value: `has()` looks at what is committed only.
    func = f"eq({name}, {json.dumps(VALUES)})"
    target = f"/query?startTs={start_ts}" if start_ts else "/query"
    reply = ask(otter.http, "POST", target, {"query": f"{{ q(func: {func}) {{ {name} }} }}"}).json()
    return [row[name] for row in reply["data"]["q"]]


def _commit(otter, txn, *, abort=False):
    target = f"/commit?startTs={txn['start_ts']}" + ("&abort=true" if abort else "")
    return ask(otter.http, "POST", target, {"keys": txn["keys"], "preds": txn["preds"]}).json()


def test_a_write_is_seen_inside_at_once_and_outside_after_the_commit(two, name):
    txn = _begin(two, name, "first")
    # A replica may be some entries behind with the transaction's own write.
    until(lambda: _read(two, name, txn["start_ts"]) == ["first"], "reading one's own write")
    assert _read(two, name) == []
    committed = _commit(two, txn)
    assert committed["data"]["code"] == "Success"
    assert committed["extensions"]["txn"]["commit_ts"] > txn["start_ts"]
    assert [_read(two, name) for _ in range(4)] == [["first"]] * 4


def test_an_aborted_write_is_never_seen(two, name):
    txn = _begin(two, name, "never")
    assert _commit(two, txn, abort=True) == {"code": "Success", "message": "Done"}
    assert [_read(two, name) for _ in range(4)] == [[]] * 4


def test_the_second_of_two_conflicting_commits_is_told_so_in_dgraph_s_words(two, name):
    first, second = _begin(two, name, "same"), _begin(two, name, "same")
    assert _commit(two, first)["data"]["code"] == "Success"
    (error,) = _commit(two, second)["errors"]
    assert error["message"] == ("rpc error: code = Aborted desc = Transaction has been aborted. Please retry")
    assert _read(two, name) == ["same"]


def test_both_alphas_take_part(two, name):
    for value in "abcd":
        assert _commit(two, _begin(two, name, value))["data"]["code"] == "Success"

    def used():
        return {line["alpha"] for line in two.lines() if line.get("alpha")}

    # Access lines wait a moment for company.
    until(lambda: used() == set(two.keys["dgraph_endpoints"]), "both alphas being in the log")


def test_one_connection_carries_a_whole_transaction(two, name):
    connection = http.client.HTTPConnection(two.http, timeout=60)

    def call(target, body):
        connection.request("POST", target, json.dumps(body), {"Content-Type": "application/json"})
        return json.loads(connection.getresponse().read())

    try:
        txn = call("/mutate", {"set": [{name: "kept alive"}]})["extensions"]["txn"]
        done = call(f"/commit?startTs={txn['start_ts']}", txn["keys"])
        assert done["data"]["code"] == "Success"
        found = call("/query", {"query": f"{{ q(func: has({name})) {{ {name} }} }}"})
        assert found["data"]["q"] == [{name: "kept alive"}]
    finally:
        connection.close()
