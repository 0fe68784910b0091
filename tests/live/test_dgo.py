"""Dgraph's own client for Go, unmodified: through Otter and straight."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.live.conftest import OtterFactory
from tests.live.sessions import both

CLIENT = Path(__file__).parents[1] / "clients" / "dgo"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Build the session; give its command, or skip when the machine cannot."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("this test runs dgo, and there is no `go` on the PATH")
    program = tmp_path_factory.mktemp("dgo") / "session"
    done = run(go, "mod", "download")
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        pytest.skip(f"this test runs dgo, whose modules could not be had: {last[0]}")
    done = run(go, "build", "-mod=readonly", "-o", str(program), ".")
    assert done.returncode == 0, done.stderr
    return [str(program)]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=CLIENT, capture_output=True, text=True, check=False, timeout=300)


def test_a_session_goes_as_it_does_directly(
    client: list[str], otter: OtterFactory, cluster: Any, mark: str
) -> None:
    seen = both([*client, "plain"], otter, cluster, mark)
    assert seen["committed"] == {"q": [{"PREFIX_name": "Alice"}]}
    assert seen["discarded"] == seen["committed"]
    assert seen["a conflict"][0] is True
    assert [seen[f"upsert {round_}"] for round_ in range(3)] == [1, 0, 0]
    assert seen["many at once"] is True


def test_a_session_with_logins_goes_as_it_does_directly(
    client: list[str], otter: OtterFactory, acl_cluster: Any, mark: str
) -> None:
    seen = both([*client, "acl"], otter, acl_cluster, mark)
    assert seen["nobody reads"] == ["Unauthenticated", "no accessJwt available"]
    assert seen["written by groot"] == {"q": [{"PREFIX_name": "Alice"}]}
    assert (seen["listed"], seen["dropped"]) == (True, True)
