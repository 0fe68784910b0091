"""Clusters that the storms break, and the Otters in front of them."""

from collections.abc import Iterator

import pytest

from tests.cluster import Cluster, Shape
from tests.cluster.ask import ask
from tests.cluster.ports import free_ports
from tests.live.conftest import started
from tests.live.instance import Otter

PREDICATES = ("chaos0", "chaos1", "chaos2")
"""On three groups, each belongs to one of them: the alpha that is first told of one keeps it."""


def in_front_of(cluster: Cluster, **keys: object) -> Iterator[Otter]:
    """Start an Otter that routes by the graph."""
    [port] = free_ports(1)
    doors = {"enable_grpc": True, "grpc_port": port}
    otter = Otter(cluster.addresses, {"balancer_type": "state-based", "access_log": False, **doors, **keys})
    try:
        yield otter.start()
    finally:
        otter.close()


def altered(cluster: Cluster) -> Cluster:
    """Give each alpha its predicate, with an index that upserts need."""
    for address, predicate in zip(cluster.addresses, PREDICATES, strict=True):
        said = ask(address.http, "POST", "/alter", f"{predicate}: string @index(exact) .").json()
        assert said["data"]["code"] == "Success", said
    return cluster


@pytest.fixture(scope="module")
def one_group() -> Iterator[Cluster]:
    """Give three replicas of one group; who breaks them makes them whole again."""
    for cluster in started(Shape()):
        yield altered(cluster)


@pytest.fixture(scope="module")
def three_groups() -> Iterator[Cluster]:
    """Give three groups of one alpha each; who breaks them makes them whole again."""
    for cluster in started(Shape(alphas=3, replicas=1)):
        yield altered(cluster)


@pytest.fixture(scope="module")
def patient(one_group: Cluster) -> Iterator[Otter]:
    """Give an Otter that outwaits an election, however slow the machine."""
    yield from in_front_of(one_group, hold_timeout="60s")


@pytest.fixture(scope="module")
def hasty(three_groups: Cluster) -> Iterator[Otter]:
    """Give an Otter that does not wait long for a group that is away."""
    yield from in_front_of(three_groups, hold_timeout="1s", answer_timeout="20s")
