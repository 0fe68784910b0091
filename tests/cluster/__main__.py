"""Start, await and end a cluster from the command line, with Otter in front if wanted.

`up` leaves everything running; pid files below the folder name what `down` ends, and
nothing else is ever ended.
"""

import argparse
import http.client
import json
import os
import shutil
import sys
from pathlib import Path

from tests.cluster import Cluster, Shape, binary
from tests.cluster.ask import answers, ask, until
from tests.cluster.member import Member

HTTP_PORT, WEBSOCKET_PORT, METRICS_PORT = 8084, 8089, 9095
"""Where Otter stands at offset 0, as in `etc/otter.yaml`."""

NAMES = ("otter", *(f"alpha{i}" for i in range(16)), "zero")
"""Every name that a member may have, in the order in which they are ended."""

SHAPE = "cluster.json"
"""The file in the folder that says what stands there."""


def _cluster(root: Path) -> Cluster:
    saved = json.loads((root / SHAPE).read_text())
    return Cluster(Shape(saved["alphas"], saved["replicas"], saved["offset"]), root)


def _gateway(cluster: Cluster, config: Path) -> Member:
    """Return Otter, run with the file `config` but told of this cluster's addresses."""
    offset = cluster.offset
    environ = dict(os.environ)
    environ |= {
        "BIND_ADDRESS": "127.0.0.1",
        "DGRAPH_ENDPOINTS": ",".join(a.grpc for a in cluster.addresses),
        "DGRAPH_HTTP_ENDPOINTS": _named(cluster),
        "METRICS_ENDPOINT": f"tcp:{METRICS_PORT + offset}:interface=127.0.0.1",
        "PROXY_PORT": str(HTTP_PORT + offset),
        "WEBSOCKET_PORT": str(WEBSOCKET_PORT + offset),
    }
    command = [sys.executable, "-m", "otterd", "-c", str(config)]
    return Member("otter", command, cluster.root, environ=environ, folder=Path.cwd())


def _named(cluster: Cluster) -> str:
    """Return the alphas as OTTER_TEST_ALPHAS wants them."""
    return ",".join(f"{a.grpc}={a.http}" for a in cluster.addresses)


def up(options: argparse.Namespace) -> int:
    """Start the cluster, or what of it does not run, and Otter when a config is given."""
    if binary() is None:
        print("dgraph is not on the PATH: a cluster cannot be started", file=sys.stderr)
        return 1
    root = options.dir.resolve()
    root.mkdir(parents=True, exist_ok=True)
    saved = {"alphas": options.alphas, "replicas": options.replicas, "offset": options.offset}
    if _differs(root, saved):
        print(f"a cluster of another shape runs from {root}: end it first", file=sys.stderr)
        return 1
    (root / SHAPE).write_text(json.dumps(saved))
    cluster = _cluster(root)
    try:
        cluster.start()
        otter = _gateway(cluster, options.otter.resolve()) if options.otter else None
        if otter is not None:
            if not otter.running:
                otter.start()
            until(lambda: _live(otter, cluster), "Otter's /livez", seconds=60)
    except (TimeoutError, RuntimeError) as failure:
        print(f"{failure}; the logs are in {root}", file=sys.stderr)
        down(options)
        return 1
    except KeyboardInterrupt:
        down(options)
        return 130
    cluster.detach()
    for number, address in enumerate(cluster.addresses):
        print(f"alpha {number}  gRPC {address.grpc}  HTTP {address.http}")
    print(f"zero     HTTP {cluster.zero_http}")
    if otter is not None:
        otter.detach()
        print(f"otter    HTTP http://{_http(cluster)}  WebSocket ws://{_websocket(cluster)}/ws")
    return 0


def _differs(root: Path, wanted: dict[str, int]) -> bool:
    """Return whether something runs from `root` that is not what is wanted."""
    try:
        saved = json.loads((root / SHAPE).read_text())
    except FileNotFoundError:
        return False
    return bool(saved != wanted and any(Member(name, [], root).running for name in NAMES))


def _live(otter: Member, cluster: Cluster) -> bool:
    if not otter.running:
        raise RuntimeError("Otter ended by itself")
    return answers(_http(cluster), "/livez")


def down(options: argparse.Namespace) -> int:
    """End what `up` started in the folder; with `--delete` the folder goes too."""
    root = options.dir.resolve()
    for name in NAMES:
        Member(name, [], root).stop()
    if getattr(options, "delete", False):
        shutil.rmtree(root, ignore_errors=True)
    return 0


def wait(options: argparse.Namespace) -> int:
    """Wait until `/health` and `/query` through Otter are answered well."""
    cluster = _cluster(options.dir.resolve())
    try:
        until(lambda: answers(_http(cluster), "/health"), "Otter's /health")
        until(lambda: _queried(_http(cluster)), "a query through Otter")
    except TimeoutError as failure:
        print(f"{failure}; the logs are in {cluster.root}", file=sys.stderr)
        return 1
    return 0


def _queried(address: str) -> bool:
    try:
        reply = ask(address, "POST", "/query", {"query": "{q(func: uid(0x1)) {uid}}"}, timeout=5)
        return reply.status == 200 and "data" in reply.json() and "errors" not in reply.json()
    except (OSError, ValueError, http.client.HTTPException):
        return False


def environment(options: argparse.Namespace) -> int:
    """Print the variables that point the live tests at this cluster and this Otter."""
    cluster = _cluster(options.dir.resolve())
    gateway = f"http={_http(cluster)},ws={_websocket(cluster)}"
    print(f"OTTER_TEST_ALPHAS={_named(cluster)} OTTER_TEST_GATEWAY={gateway}")
    return 0


def _http(cluster: Cluster) -> str:
    return f"127.0.0.1:{HTTP_PORT + cluster.offset}"


def _websocket(cluster: Cluster) -> str:
    return f"127.0.0.1:{WEBSOCKET_PORT + cluster.offset}"


def main() -> int:
    """Run one of the commands."""
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="up|wait|environment|down")
    for command in (up, wait, environment, down):
        one = commands.add_parser(command.__name__, help=command.__doc__)
        one.add_argument("--dir", type=Path, default=Path(".cluster"), help="folder of the data")
        one.set_defaults(run=command)
        if command is up:
            one.add_argument("--offset", type=int, default=0, help="added to every port")
            one.add_argument("--alphas", type=int, default=3)
            one.add_argument("--replicas", type=int, default=3, help="alphas to a group")
            one.add_argument("--otter", type=Path, help="config of an Otter to start in front")
        if command is down:
            one.add_argument("--delete", action="store_true", help="delete the data too")
    options = parser.parse_args()
    return int(options.run(options))


if __name__ == "__main__":
    sys.exit(main())
