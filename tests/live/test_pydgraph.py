"""Dgraph's own client for Python, unmodified, in an environment of its own: through Otter and straight."""

import os
import subprocess
import venv
from pathlib import Path
from typing import Any

import pytest

from tests.live.conftest import OtterFactory
from tests.live.sessions import both

CLIENT = Path(__file__).parents[1] / "clients" / "pydgraph"

ENVIRON = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
"""Without what would lend it the packages of these tests."""


@pytest.fixture(scope="module")
def client() -> list[str]:
    """Install the pinned packages once; give the command of a session, or skip when the machine cannot."""
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
    return [str(python), "-I", str(CLIENT / "session.py")]


def test_a_session_goes_as_it_does_directly(
    client: list[str], otter: OtterFactory, cluster: Any, mark: str
) -> None:
    seen = both([*client, "plain"], otter, cluster, mark, ENVIRON)
    assert seen["committed"] == [True, ["Alice"]]
    assert seen["discarded"] == ["Alice"]
    assert seen["a conflict"][0] == "AbortedError"
    assert seen["upserted once"] == 1
    assert seen["tries"] == {"transaction": 2, "generator": 2, "decorator": 2}
    assert seen["async tries"] == 2
    assert seen["async conflict"][0] == "AbortedError"


def test_a_session_with_logins_goes_as_it_does_directly(
    client: list[str], otter: OtterFactory, acl_cluster: Any, mark: str
) -> None:
    seen = both([*client, "acl"], otter, acl_cluster, mark, ENVIRON)
    assert seen["written by groot"] == seen["a token that expired is renewed"] == ["Alice"]
    assert seen["nobody reads"][1:] == ["UNAUTHENTICATED", "no accessJwt available"]
    assert seen["dropped"] is True
