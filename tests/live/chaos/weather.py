"""A storm over a whole cluster, and Otter held to what it promised."""

from collections import Counter
from collections.abc import Sequence

from tests.cluster import Cluster
from tests.cluster.ask import ask, until
from tests.live.chaos.books import Books
from tests.live.chaos.storm import Script, marks, storm
from tests.live.instance import Otter

ABORTED = "rpc error: code = Aborted desc = Transaction has been aborted. Please retry"


def weather(cluster: Cluster, otter: Otter, predicates: Sequence[str], quota: int, script: Script) -> Books:
    """Let a storm pass over a whole cluster, and compare what was told with what is there."""
    whole(cluster, otter)
    books = storm(otter, predicates, quota, script)
    print(books.summary())
    whole(cluster, otter)
    found: Counter[str] = Counter()
    for predicate in predicates:
        found += marks(cluster.addresses, predicate)
    books.hold_against(found)
    assert books.writes.count >= quota
    return books


def whole(cluster: Cluster, otter: Otter) -> None:
    """Wait until every alpha is ready, group 1 has a leader, and Otter sees every alpha usable.

    The query moves the timestamps on: an alpha that caught up by a snapshot hears of them only then.
    """
    cluster.wait()
    cluster.leader()

    def all_usable() -> bool:
        ask(otter.http, "POST", "/query", {"query": "{ q(func: uid(0x1)) { uid } }"})
        alphas = ask(otter.http, "GET", "/health?live").json()[1:]
        return all(alpha["otter"]["status"] == "usable" for alpha in alphas)

    until(all_usable, "Otter to see every alpha usable", seconds=120)
