"""Dgraph's own client for JavaScript, unmodified, makes transactions through Otter."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

CLIENT = Path(__file__).parents[1] / "clients" / "dgraph-js-http"


@pytest.fixture(scope="module")
def client():
    """Install the pinned packages once; skips when the machine cannot."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("this test runs dgraph-js-http, and there is no `node` and `npm` on the PATH")
    wanted = (CLIENT / "package-lock.json").read_bytes()
    stamp = CLIENT / "node_modules" / ".installed-lock.json"
    if not stamp.exists() or stamp.read_bytes() != wanted:
        command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(command, cwd=CLIENT, capture_output=True, text=True, check=False, timeout=180)
        if done.returncode != 0:
            last = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
            pytest.skip(f"this test runs dgraph-js-http, which npm could not install: {last[0]}")
        stamp.write_bytes(wanted)
    return CLIENT / "transaction.js"


def test_a_transaction_is_begun_written_read_and_committed(client, otter, cluster, mark):
    gateway = otter(cluster.addresses[:2])
    command = ["node", str(client), f"http://{gateway.http}", f"{mark}.name"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "uids": ["one"],
        "inside": ["written"],
        "outside": [],
        "committed": ["written"],
        "discarded": ["written"],
        "conflict": "aborted",
    }
