"""A real alpha whose ports speak TLS, and Otter in front of it, which speaks TLS at both ends."""

import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

from bench.gateways import Gateway, shipped, variants
from bench.real import Nothing, fill
from bench.rows import HTTP
from bench.running import Absent
from tests.cluster import Cluster, Shape, binary
from tests.cluster.ports import free_ports
from tests.live.instance import Otter

ROW = replace(
    HTTP, name="real-tls", title="A real alpha, HTTPS, 32 connections", beside=("alpha",), scheme="https"
)


@contextmanager
def gateways(cores: str) -> Iterator[list[Gateway]]:
    """Yield the alpha's own HTTPS port and Otter's; raises Absent where no cluster can be started."""
    if not binary():
        raise Absent("no `dgraph` on the PATH to start a cluster with TLS")
    with ExitStack() as bench:
        cluster = Cluster(Shape(alphas=1, replicas=1, tls=True))
        bench.callback(cluster.stop)
        cluster.start()
        alpha = cluster.addresses[0]
        fill(alpha, ssl.create_default_context(cafile=str(cluster.authority)))
        own = Gateway("alpha", cluster.alphas[0].pid, Nothing(), {"http": int(alpha.http.rpartition(":")[2])})
        yield [own, *(_otter(bench, cluster, cores, *variant) for variant in variants(()).items())]


def _otter(bench: ExitStack, cluster: Cluster, cores: str, name: str, told: dict[str, Any]) -> Gateway:
    """Start Otter as shipped, with the alpha's own certificate at its door."""
    (port,), folder = free_ports(1), cluster.root / "tls"
    files = f"privateKey={folder / 'node.key'}:certKey={folder / 'node.crt'}"
    keys = {
        **shipped(),
        "http_endpoint": f"ssl:{port}:{files}:interface=127.0.0.1",
        "dgraph_tls_ca": str(cluster.authority),
        "enable_websocket": False,
        "enable_grpc": False,
    }
    running = Otter(cluster.addresses, keys, wrapper=("taskset", "-c", cores), **told)
    bench.callback(running.close)
    running.start(listening=[port])
    return Gateway(name, running.pid, running, {"http": port}, metrics=running.metrics)
