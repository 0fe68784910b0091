"""Fixtures for tests against a real cluster; everything below this folder is marked `live`.

A cluster that OTTER_TEST_ALPHAS names is used as it is. What kills, drops or reconfigures
takes `started_cluster` (shared, ours) or `own_cluster` (nobody else's).
"""

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.cluster import Address, Cluster, Shape, binary
from tests.live.instance import Otter, Standing
from tests.live.reach import WHY_NOT, Named, named, reachable

HERE = Path(__file__).parent

ACCESS_TTL = 5
"""Seconds that an access token of `acl_cluster` lives."""


class Addressed(Protocol):
    """A cluster, as far as starting an Otter in front of it goes."""

    @property
    def addresses(self) -> Sequence[Address]:
        """Return where its alphas are."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies here `live`, and skip it when there is no cluster to be had."""
    left_out = pytest.mark.skip(reason=WHY_NOT)
    possible = reachable()
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.live)
            if not possible:
                item.add_marker(left_out)


def started(shape: Shape) -> Iterator[Cluster]:
    """Start a cluster and end it; skips the test when there is no binary."""
    if binary() is None:
        pytest.skip("this test starts a cluster of its own and there is no `dgraph` on the PATH")
    cluster = Cluster(shape)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="session")
def started_cluster() -> Iterator[Cluster]:
    """Give the session's cluster of three replicas, started here: it may be reconfigured."""
    yield from started(Shape())


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Cluster | Named:
    """Give the cluster that OTTER_TEST_ALPHAS names, else the session's own."""
    return named() or request.getfixturevalue("started_cluster")


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """Give a cluster of three replicas that this test alone uses and may break."""
    yield from started(Shape())


@pytest.fixture(scope="session")
def acl_cluster() -> Iterator[Cluster]:
    """Give a cluster of two replicas with ACL on and tokens that live `ACCESS_TTL` seconds."""
    yield from started(Shape(alphas=2, access_ttl=f"{ACCESS_TTL}s"))


OtterFactory = Callable[..., Otter]


@pytest.fixture
def otter() -> Iterator[OtterFactory]:
    """Give `otter(cluster, ready=True, **config_keys)`, which starts an Otter of this test's own.

    `cluster` may also be a sequence of addresses.
    """
    running: list[Otter] = []

    def start(cluster: Addressed | Sequence[Address], *, ready: bool = True, **keys: Any) -> Otter:
        addresses = cluster if isinstance(cluster, Sequence) else cluster.addresses
        running.append(Otter(addresses, keys))
        return running[-1].start(ready=ready)

    yield start
    for one in running:
        one.close()


@pytest.fixture(scope="session")
def gateway(cluster: Addressed) -> Iterator[Otter | Standing]:
    """Give the session's Otter with default keys in front of `cluster`.

    It is the one that OTTER_TEST_GATEWAY names (`http=host:port,ws=host:port`) if there is.
    """
    standing = _standing()
    if standing is not None:
        yield standing
        return
    ours = Otter(cluster.addresses, {})
    try:
        yield ours.start()
    finally:
        ours.close()


def _standing() -> Standing | None:
    text = os.environ.get("OTTER_TEST_GATEWAY", "")
    return Standing(text) if text and named() else None


@pytest.fixture
def mark() -> str:
    """Give a predicate prefix that no other test uses."""
    return f"live{secrets.token_hex(4)}"
