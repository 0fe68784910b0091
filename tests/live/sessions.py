"""Sessions of Dgraph's own clients: the same one through Otter's gRPC door and straight to an alpha."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from tests.cluster.ports import free_ports
from tests.live.conftest import OtterFactory


def session(command: Sequence[str], environ: Mapping[str, str] | None = None) -> list[str]:
    """Return what a session tells, a line for each step."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240, env=environ)
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-4_000:]
    return done.stdout.splitlines()


def both(
    command: Sequence[str],
    otter: OtterFactory,
    cluster: Any,
    mark: str,
    environ: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return what was seen at each step, which must be the same either way.

    `command` gets the target and a prefix for predicates behind it.
    """
    [port] = free_ports(1)
    otter(cluster, enable_grpc=True, grpc_port=port)
    through = session([*command, f"127.0.0.1:{port}", f"{mark}a"], environ)
    straight = session([*command, cluster.addresses[0].grpc, f"{mark}b"], environ)
    differing = [pair for pair in zip_longest(through, straight) if pair[0] != pair[1]]
    assert not differing, differing
    decoder, seen = json.JSONDecoder(), {}
    for line in through:
        step, at = decoder.raw_decode(line)
        seen[step] = json.loads(line[at:])
    return seen
