"""Fixtures of the differential suite."""

import secrets

import pytest

from tests.cluster.ask import ask
from tests.live.differential.ground import lay


@pytest.fixture(scope="session")
def prefix(cluster):
    """Give the prefix of predicates that hold the data of the tables on `cluster`."""
    prefix = f"dif{secrets.token_hex(4)}."
    lay(cluster.addresses[0].http, prefix, {}, big=True)
    return prefix


@pytest.fixture(scope="session")
def acl_prefix(acl_cluster):
    """Give the same for the cluster with access control."""
    prefix = f"dif{secrets.token_hex(4)}."
    alpha = acl_cluster.addresses[0].http
    account = {"userid": "groot", "password": "password", "namespace": 0}
    token = ask(alpha, "POST", "/login", account).json()["data"]["accessJWT"]
    lay(alpha, prefix, {"X-Dgraph-AccessToken": token}, big=False)
    return prefix


@pytest.fixture
def marks():
    """Give two texts of the same length that nothing else holds."""
    return secrets.token_hex(8), secrets.token_hex(8)
