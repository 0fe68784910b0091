"""`dgraph import`, unmodified, through the gRPC door; and how a stream is refused, as it is directly."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from otterd.wire import api_pb2 as api
from tests.cluster import Cluster, Shape, binary
from tests.cluster.ports import ZERO_GRPC, free_ports
from tests.live.conftest import OtterFactory, started
from tests.live.test_grpc_door import Client, direct

NAMES = 4_000
SCHEMA = "name: string @index(exact) .\nnote: string .\n"
LOOK = "{ names(func: has(name)) { count(uid) } notes(func: has(note)) { count(uid) } }"
PATH = "/api.Dgraph/StreamExtSnapshot"
FIRST = b"\x08\x01"
"""It names group 1."""


@pytest.fixture
def two_groups() -> Iterator[Cluster]:
    """Give a cluster of two groups with an alpha each, that this test alone uses."""
    yield from started(Shape(alphas=2, replicas=1))


def loaded(folder: Path, zero: str) -> Path:
    """Return the folder of a store in two parts that Dgraph's bulk loader made of NAMES nodes."""
    nodes = (f'_:n{n} <name> "n{n}" .\n_:n{n} <note> "{str(n) * 200}" .\n' for n in range(NAMES))
    (folder / "data.rdf").write_text("".join(nodes))
    (folder / "data.schema").write_text(SCHEMA)
    files = ["-f", "data.rdf", "-s", "data.schema", "--map_shards", "2", "--reduce_shards", "2"]
    [port] = free_ports(1)
    run(folder, "bulk", *files, "--zero", zero, "--http", f"127.0.0.1:{port}", "--out", "out")
    return folder / "out"


def run(folder: Path, *words: str) -> None:
    program = binary()
    assert program is not None
    done = subprocess.run(
        [program, *words], cwd=folder, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-4_000:]


def test_an_import_reaches_every_group_by_its_leader(
    otter: OtterFactory, two_groups: Cluster, tmp_path: Path
) -> None:
    [port] = free_ports(1)
    gateway = otter(two_groups, enable_grpc=True, grpc_port=port, alpha_engine="h2", access_log=True)
    parts = loaded(tmp_path, f"localhost:{ZERO_GRPC + two_groups.offset}")
    sure = ["--drop-all", "--drop-all-confirm"]
    run(tmp_path, "import", "--snapshot-dir", str(parts), "--conn-str", f"dgraph://127.0.0.1:{port}", *sure)
    gateway.stop()
    streams = [line for line in gateway.lines() if line.get("route") == "grpc StreamExtSnapshot"]
    alphas = {address.grpc for address in two_groups.addresses}
    assert {line["alpha"] for line in streams} == alphas
    assert [line["status"] for line in streams] == [0, 0]
    for address in two_groups.addresses:
        client = Client(address.grpc)
        told = json.loads(client.query(query=LOOK).json)
        client.channel.close()
        assert told == {"names": [{"count": NAMES}], "notes": [{"count": NAMES}]}


def refusal(client: Client, *metadata: tuple[str, str]) -> tuple[Any, ...]:
    """Return how a stream ends that nobody armed."""
    call = client.channel.stream_stream(PATH)(iter([FIRST]), metadata=metadata, timeout=30)
    with pytest.raises(grpc.RpcError):
        next(call)
    return call.code(), call.details(), tuple(call.trailing_metadata())


def both(otter: OtterFactory, cluster: Any) -> Iterator[Client]:
    [port] = free_ports(1)
    otter(cluster, enable_grpc=True, grpc_port=port, alpha_engine="h2")
    through = Client(f"127.0.0.1:{port}")
    with direct(cluster) as straight:
        yield through
        yield straight
    through.channel.close()


def test_a_stream_without_a_beginning_is_refused_as_it_is_directly(otter: OtterFactory, cluster: Any) -> None:
    ends = [refusal(client) for client in both(otter, cluster)]
    assert ends[0] == ends[1]
    assert ends[0][0] is grpc.StatusCode.FAILED_PRECONDITION


def test_without_a_token_it_is_refused_as_it_is_directly(otter: OtterFactory, acl_cluster: Any) -> None:
    for told in ((), (("accessjwt", "nonsense"),)):
        ends = [
            (refusal(client, *told), client.failure("UpdateExtSnapshotStreamingState", api.Check(), *told))
            for client in both(otter, acl_cluster)
        ]
        assert ends[0] == ends[1]
