"""Each request sent to an alpha and through a running Otter: the same answers, but for what must differ."""

import pytest

from tests.live.differential.access import ACCESS
from tests.live.differential.changes import CHANGES, DEFAULTED
from tests.live.differential.encodings import ENCODINGS
from tests.live.differential.play import compare, send
from tests.live.differential.queries import QUERIES
from tests.live.differential.refusals import LATE, REFUSALS
from tests.live.differential.transactions import TRANSACTIONS
from tests.live.instance import Otter

OPEN = [*QUERIES, *CHANGES, *REFUSALS, *LATE, *TRANSACTIONS, *ENCODINGS]


def running(addresses, **keys):
    """Yield an Otter in front of `addresses`, and end it."""
    otter = Otter(addresses, keys)
    try:
        yield otter.start()
    finally:
        otter.close()


@pytest.fixture(scope="module")
def otter_of_two(cluster):
    """Give an Otter that takes turns between two alphas."""
    yield from running(cluster.addresses[:2])


@pytest.fixture(scope="module")
def otter_that_commits(cluster):
    """Give an Otter that commits what does not say."""
    yield from running(cluster.addresses[:2], commit_now_default=True)


@pytest.fixture(scope="module")
def otter_with_access(acl_cluster):
    """Give an Otter in front of the cluster with access control."""
    yield from running(acl_cluster.addresses)


def test_there_are_enough_requests_each_with_a_name_of_its_own():
    names = [case.name for case in OPEN]
    assert len(set(names)) == len(names) >= 150


@pytest.mark.parametrize("case", OPEN, ids=lambda case: case.name)
def test_otter_answers_as_dgraph_does(case, cluster, otter_of_two, prefix, marks):
    compare(case, cluster.addresses, prefix, marks, lambda step: send(otter_of_two.http, step))


@pytest.mark.parametrize("case", DEFAULTED, ids=lambda case: case.name)
def test_what_does_not_say_is_committed_where_the_config_wants_it(
    case, cluster, otter_that_commits, prefix, marks
):
    compare(case, cluster.addresses, prefix, marks, lambda step: send(otter_that_commits.http, step))


@pytest.mark.parametrize("case", ACCESS, ids=lambda case: case.name)
def test_with_access_control_too(case, acl_cluster, otter_with_access, acl_prefix, marks):
    compare(case, acl_cluster.addresses, acl_prefix, marks, lambda step: send(otter_with_access.http, step))
