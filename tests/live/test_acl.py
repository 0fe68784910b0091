"""Access control of Dgraph's own: whose token counts, and when it is renewed."""

import secrets

import pytest

from tests.cluster.ask import ask, until
from tests.cluster.cluster import PASSWORD, USER

EXPIRED = "Token is expired"


def _login(address, user=USER, password=PASSWORD):
    account = {"userid": user, "password": password, "namespace": 0}
    return ask(address, "POST", "/login", account).json()["data"]["accessJWT"]


def _token(jwt):
    return {"X-Dgraph-AccessToken": jwt}


def _query(address, name, headers=None):
    question = {"query": f"{{ q(func: has({name})) {{ {name} }} }}"}
    return ask(address, "POST", "/query", question, headers).json()


def _found(address, name):
    """Return the values that a caller without a token finds."""
    reply = _query(address, name)
    assert "errors" not in reply, reply
    return [row[name] for row in reply["data"]["q"]]


@pytest.fixture
def lending(otter, acl_cluster):
    """Give an Otter that lends the guardian's account to whoever brings no token."""
    return otter(acl_cluster, dgraph_user=USER, dgraph_password=PASSWORD)


@pytest.fixture
def name(acl_cluster, mark):
    """Give a predicate that holds one value, put there past Otter."""
    alpha, jwt = acl_cluster.addresses[0].http, _login(acl_cluster.addresses[0].http)
    ask(alpha, "POST", "/alter", f"{mark}.name: string @index(exact) .", _token(jwt))
    stored = ask(alpha, "POST", "/mutate?commitNow=true", {"set": [{f"{mark}.name": "Ada"}]}, _token(jwt))
    assert stored.json()["data"]["code"] == "Success"
    return f"{mark}.name"


@pytest.fixture
def stranger(acl_cluster):
    """Give a user who has no right to anything, as (name, password)."""
    address = acl_cluster.addresses[0].http
    user, password = f"user{secrets.token_hex(4)}", secrets.token_hex(8)
    text = (
        f'mutation {{ addUser(input: [{{name: "{user}", password: "{password}"}}]) {{ user {{ name }} }} }}'
    )

    def add():
        reply = ask(address, "POST", "/admin", {"query": text}, _token(_login(address))).json()
        return not reply.get("errors")

    until(add, "adding a user")
    return user, password


def test_without_any_token_dgraph_refuses(otter, acl_cluster, name):
    plain = otter(acl_cluster)
    own = _query(acl_cluster.addresses[0].http, name)
    assert own["errors"]
    assert _query(plain.http, name)["errors"] == own["errors"]


def test_login_through_otter_gives_tokens_that_work(otter, acl_cluster, name):
    plain = otter(acl_cluster)
    found = _query(plain.http, name, _token(_login(plain.http)))
    assert found["data"]["q"] == [{name: "Ada"}]


def test_a_wrong_password_is_refused_in_dgraph_s_words(otter, acl_cluster):
    plain = otter(acl_cluster)
    account = {"userid": USER, "password": "wrong", "namespace": 0}
    own = ask(acl_cluster.addresses[0].http, "POST", "/login", account)
    through = ask(plain.http, "POST", "/login", account)
    assert (through.status, through.body) == (own.status, own.body)
    assert "wrong" not in plain.log.read_text()


def test_a_transaction_needs_and_carries_its_hash(otter, acl_cluster, name):
    plain = otter(acl_cluster)
    token = _token(_login(plain.http))
    body = {"set": [{name: "Grace"}]}
    txn = ask(plain.http, "POST", "/mutate", body, token).json()["extensions"]["txn"]
    target = f"/commit?startTs={txn['start_ts']}"

    refused = ask(plain.http, "POST", target, {"keys": txn["keys"]}, token).json()
    assert "hash mismatch" in refused["errors"][0]["message"]
    done = ask(plain.http, "POST", f"{target}&hash={txn['hash']}", {"keys": txn["keys"]}, token).json()
    assert done["data"]["code"] == "Success"
    found = _query(plain.http, name, token)["data"]["q"]
    assert {row[name] for row in found} == {"Ada", "Grace"}


def test_the_lent_account_serves_callers_without_a_token(lending, name):
    assert _found(lending.http, name) == ["Ada"]


def test_the_lent_account_is_renewed_when_its_token_has_expired(lending, acl_cluster, name):
    assert _found(lending.http, name) == ["Ada"]
    # A token made after Otter's own: once it has expired, so has the one Otter began with.
    later = _token(_login(acl_cluster.addresses[0].http))

    def expired():
        reply = _query(acl_cluster.addresses[0].http, name, later)
        return EXPIRED in str(reply.get("errors"))

    until(expired, "the token to expire")
    assert [_found(lending.http, name) for _ in range(4)] == [["Ada"]] * 4


def test_a_caller_s_own_token_wins_over_the_lent_account(lending, name, stranger):
    assert _found(lending.http, name) == ["Ada"]
    token = _token(_login(lending.http, *stranger))
    assert _query(lending.http, name, token)["data"].get("q", []) == []
    refused = ask(lending.http, "POST", "/mutate?commitNow=true", {"set": [{name: "x"}]}, token)
    assert "PermissionDenied" in refused.json()["errors"][0]["message"]


def test_a_caller_s_expired_token_is_not_replaced(lending, acl_cluster, name):
    alpha = acl_cluster.addresses[0].http
    token = _token(_login(alpha))
    until(lambda: EXPIRED in str(_query(alpha, name, token).get("errors")), "the token to expire")
    assert EXPIRED in _query(lending.http, name, token)["errors"][0]["message"]


def test_the_password_and_the_tokens_stay_out_of_the_log(lending, name):
    jwt = _login(lending.http)
    assert _query(lending.http, name, _token(jwt))["data"]["q"]
    told = lending.log.read_text()
    assert jwt not in told
    assert PASSWORD not in told.replace("dgraph_password", "")
