"""Real Dgraph clusters on loopback, started from the `dgraph` on the PATH.

`shape` says what is wanted, `cluster` starts and breaks it, `member` is one of its
processes, `pids` keeps a signal from reaching a process that is not ours.
"""

from tests.cluster.cluster import Cluster, binary
from tests.cluster.shape import Address, Shape

__all__ = ["Address", "Cluster", "Shape", "binary"]
