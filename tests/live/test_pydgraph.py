"""Dgraph's own client for Python, unmodified, in an environment of its own: through Otter and straight."""

import json
import os
import subprocess
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.ports import free_ports
from tests.live.conftest import OtterFactory

CLIENT = Path(__file__).parents[1] / "clients" / "pydgraph"
SESSION = CLIENT / "session.py"

Lines = list[str]
Run = Callable[[str, str, str], Lines]


@pytest.fixture(scope="module")
def run() -> Run:
    """Install the pinned packages once; give what runs the session, or skip when the machine cannot."""
    home, wanted = CLIENT / ".venv", (CLIENT / "requirements.txt").read_bytes()
    stamp, python = home / ".installed.txt", home / "bin" / "python"
    if not stamp.exists() or stamp.read_bytes() != wanted:
        venv.create(home, clear=True, with_pip=True)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        command = [*pip, "--requirement", str(CLIENT / "requirements.txt")]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        if done.returncode != 0:
            last = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
            pytest.skip(f"this test runs pydgraph, which pip could not install: {last[0]}")
        stamp.write_bytes(wanted)

    def session(mode: str, target: str, prefix: str) -> Lines:
        """Return what the session told, a line for each step; the packages of this test's own are out."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        command = [str(python), "-I", str(SESSION), mode, target, prefix]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240, env=environ)
        assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-4_000:]
        return done.stdout.splitlines()

    return session


def both(run: Run, mode: str, otter: OtterFactory, cluster: Any, mark: str) -> Lines:
    """Return what a session through the gRPC door tells, which is what one with an alpha tells."""
    [port] = free_ports(1)
    otter(cluster, enable_grpc=True, grpc_port=port)
    through = run(mode, f"127.0.0.1:{port}", f"{mark}a")
    straight = run(mode, cluster.addresses[0].grpc, f"{mark}b")
    assert through == straight
    return through


def steps(lines: Lines) -> dict[str, Any]:
    """Return what was seen at each step."""
    decoder, found = json.JSONDecoder(), {}
    for line in lines:
        step, at = decoder.raw_decode(line)
        found[step] = json.loads(line[at:])
    return found


def test_a_session_goes_as_it_does_directly(run: Run, otter: OtterFactory, cluster: Any, mark: str) -> None:
    seen = steps(both(run, "plain", otter, cluster, mark))
    assert seen["committed"] == [True, ["Alice"]]
    assert seen["discarded"] == ["Alice"]
    assert seen["a conflict"][0] == "AbortedError"
    assert seen["upserted once"] == 1
    assert seen["tries"] == {"transaction": 2, "generator": 2, "decorator": 2}
    assert seen["async tries"] == 2
    assert seen["async conflict"][0] == "AbortedError"


def test_a_session_with_logins_goes_as_it_does_directly(
    run: Run, otter: OtterFactory, acl_cluster: Any, mark: str
) -> None:
    seen = steps(both(run, "acl", otter, acl_cluster, mark))
    assert seen["written by groot"] == seen["a token that expired is renewed"] == ["Alice"]
    assert seen["nobody reads"][1:] == ["UNAUTHENTICATED", "no accessJwt available"]
    assert seen["dropped"] is True
