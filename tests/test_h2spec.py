"""h2spec, a conformance suite of others' making, against the gRPC door of the running daemon.

It runs where `h2spec` is on the PATH or OTTER_H2SPEC names it; docs/grpc.md says how to build it.
"""

import os
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.ports import free_ports
from tests.cluster.shape import Address
from tests.live.instance import Otter

SUITES = ("generic", "http2", "hpack")
CASES = 145

NOBODY = Address("127.0.0.1:1", "127.0.0.1:2")
"""An alpha that is not there: no case reaches one."""

EXCEPTIONS = {
    "generic/5: Sends a dynamic table size update",
    "generic/5: Sends multiple dynamic table size update",
    "http2/6.10: Sends multiple CONTINUATION frames preceded by a HEADERS frame",
}
"""Cases that fail by h2spec's own mistake, as docs/grpc.md explains: it acknowledges that there is no
HPACK table, and uses one."""


@pytest.fixture
def h2spec() -> str:
    program = os.environ.get("OTTER_H2SPEC") or shutil.which("h2spec")
    if program is None:
        pytest.skip("this test runs h2spec, and neither the PATH nor OTTER_H2SPEC has it")
    return program


@pytest.fixture
def port() -> Iterator[int]:
    """Give the port of a daemon's gRPC door, open to anybody as it is in `etc/otter.yaml`."""
    [port] = free_ports(1)
    otter = Otter([NOBODY], {"enable_grpc": True, "grpc_port": port})
    try:
        otter.start(listening=[port])
        yield port
    finally:
        otter.close()


def test_every_case_passes_but_for_its_own_mistakes(h2spec: str, port: int, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    told = [
        "--port",
        str(port),
        "--path",
        "/api.Dgraph/Query",
        "--timeout",
        "5",
        "--junit-report",
        str(report),
    ]
    run = subprocess.run([h2spec, *SUITES, *told], capture_output=True, text=True, check=False, timeout=600)
    assert report.exists(), run.stdout + run.stderr
    cases = [
        (f"{case.get('package')}: {case.get('classname')}", case)
        for case in ElementTree.parse(report).getroot().iter("testcase")
    ]
    failed = {
        name for name, case in cases if case.find("failure") is not None or case.find("error") is not None
    }
    skipped = {name for name, case in cases if case.find("skipped") is not None}
    assert (len(cases), failed, skipped) == (CASES, EXCEPTIONS, set()), run.stdout
