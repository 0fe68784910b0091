"""The sandbox, judged by the running server on queries that were made: the same data, or a clear refusal."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from tests.cluster import Shape
from tests.cluster.ask import answers, ask, until
from tests.live.conftest import started
from tests.live.differential.case import RDF
from tests.live.instance import ROOT
from tests.live.query_documents import Queries
from tests.live.query_literals import FACTS, SCHEMA

SEEDS = (20261121, 77)
MADE = 1_000
"""Queries for each seed; of three the sandbox answers two."""
OFFSET = 3200
OUTSIDE = ("sd_loc", "sd_pass", "sd_vec")
"""Predicates of types that the sandbox does not have."""

_REFUSED = re.compile(r"sandbox: .+ is not supported")
_NODE = re.compile(r"_:n(\d)")


def within(text: str) -> str:
    """Return the lines of `text` that the sandbox takes, with uids that are the same at both."""
    lines = [line for line in text.splitlines() if not any(name in line for name in OUTSIDE)]
    return _NODE.sub(lambda found: f"<0x{int(found[1]) + 1:x}>", "\n".join(lines))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    """Give the HTTP address of an alpha of an empty sandbox."""
    command = [sys.executable, "-m", "otterd.sandbox", "alphas", "--offset", str(OFFSET), "--empty"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"127.0.0.1:{8080 + OFFSET}"
    try:
        until(lambda: process.poll() is not None or answers(address, "/health"), "the sandbox", seconds=30)
        yield address
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def both(sandbox: str) -> Iterator[tuple[str, str]]:
    """Give the HTTP addresses of an alpha of its own and of the sandbox, with the same graph, set once."""
    for cluster in started(Shape(alphas=1, replicas=1)):
        addresses = (cluster.addresses[0].http, sandbox)
        for address in addresses:
            lay(address)
        yield addresses


def lay(address: str) -> None:
    """Store the graph."""
    assert "errors" not in ask(address, "POST", "/alter", within(SCHEMA)).json()
    lease = "\n".join(f'_:l{number} <sd_lease> "x" .' for number in range(40))
    for facts in (lease, within(FACTS)):
        text = f"{{ set {{ {facts}\n }} }}"
        answer = ask(address, "POST", "/mutate?commitNow=true", text, {"Content-Type": RDF}).json()
        assert "errors" not in answer, answer


def told(address: str, text: str, variables: dict[str, str]) -> tuple[str, Any]:
    """Return the words of the refusal, "" for none, and the data; an alpha shows tied groups in any order."""
    answer = ask(address, "POST", "/query", {"query": text, "variables": variables}).json()
    if "errors" in answer:
        return answer["errors"][0]["message"], None
    return "", _with_sorted_groups(answer["data"])


def _with_sorted_groups(data: Any) -> Any:
    if isinstance(data, dict):
        found = {key: _with_sorted_groups(value) for key, value in data.items()}
        if "@groupby" in found:
            found["@groupby"].sort(key=json.dumps)
        return found
    return [_with_sorted_groups(each) for each in data] if isinstance(data, list) else data


@pytest.mark.parametrize("seed", SEEDS)
def test_answers_as_an_alpha_or_refuses_by_name(both: tuple[str, str], seed: int) -> None:
    real, sandbox = both
    queries = Queries(Random(seed), Random(seed + 1))
    alike = 0
    for _ in range(MADE):
        text, variables = queries.document()
        ours = told(sandbox, text, variables)
        if _REFUSED.fullmatch(ours[0]):
            continue
        assert ours == told(real, text, variables), (text, variables)
        alike += any(ours[1].values()) if ours[1] else 0
    assert alike > MADE // 3
