"""The sandbox, judged by the running server: the same requests to both, and the same answers."""

import json
import re
import secrets
import subprocess
import sys
from functools import partial

import pytest

from tests.cluster.ask import answers, ask, until
from tests.live.differential.case import RDF, Case, Step
from tests.live.differential.play import Play, Reply, send
from tests.live.instance import ROOT
from tests.live.sandbox_script import changes
from tests.live.sandbox_script.ground import AGAIN, GRAPH, SCHEMA
from tests.live.sandbox_script.kinds import REFUSED_KINDS, TAKEN_KINDS
from tests.live.sandbox_script.languages import LANGUAGES
from tests.live.sandbox_script.queries import QUERIES

CASES = [*QUERIES, *changes.ALL, *LANGUAGES, *REFUSED_KINDS, *TAKEN_KINDS]
OFFSET = 3100
UNSUPPORTED = re.compile(rb'"message":"sandbox: .* is not supported"')
_SHOWN = re.compile(rb'((?:Edge: |edge: \[|n-quad: |nquad: |delete patterns).*?)","extensions"')
_KEYS = re.compile(rb'"keys":\d+')
"""Alphas name the entries of their indexes too; the sandbox only those that can tell a conflict."""
_LEASE = re.compile(rb"(greater than lease: )\[\d+\]")

REFUSED = frozenset(
    (
        "q(func: regexp($P.name, /[/)) { $P.name }",
        "q(func: has($P.name), orderdesc: $P.name) @groupby($P.age) { count(uid) }",
        "q(func: uid(0x2001)) @recurse(depth: 3) { $P.name $P.boss }",
        "q(func: uid(0x2001)) @recurse(depth: 2) { $P.name $P.friend }",
        "{ path as shortest(from: 0x2001, to: 0x2004) { $P.friend } p(func: uid(path)) { $P.name } }",
        "{ q(func: near($P.loc, [1,1], 10)) { uid } }",
        "a vector",
        "a place",
        "q(func: has($P.say), orderasc: $P.say@sv) { uid }",
        "q(func: has($P.say), orderasc: $P.say@.) { uid }",
        *(case.name for case in REFUSED_KINDS),
    )
)
"""The cases that the sandbox does not support; every other one it answers as an alpha does."""


@pytest.fixture(scope="module")
def sandbox():
    """Give the HTTP address of an alpha of an empty sandbox."""
    command = [sys.executable, "-m", "otterd.sandbox", "alphas", "--offset", str(OFFSET), "--empty"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"127.0.0.1:{8080 + OFFSET}"
    try:
        until(lambda: process.poll() is not None or answers(address, "/health"), "the sandbox", seconds=20)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def stored(answer):
    assert answer.get("data", {}).get("code") == "Success", answer


@pytest.fixture(scope="module")
def grounds(cluster, sandbox):
    """Give both addresses and the prefix under which the same graph lies at both."""
    prefix = f"sbx{secrets.token_hex(4)}"
    real = cluster.addresses[0].http
    for address in (real, sandbox):
        stored(ask(address, "POST", "/alter", SCHEMA.replace("$P.", f"{prefix}.")).json())
        lease = '_:lease <$P.lease> "of uids" .'
        for verb, quads in (("set", lease), ("delete", AGAIN), ("set", GRAPH)):
            text = f"{{ {verb} {{ {quads}\n }} }}".replace("$P.", f"{prefix}.")
            stored(ask(address, "POST", "/mutate?commitNow=true", text, {"Content-Type": RDF}).json())
    return real, sandbox, f"{prefix}."


def cut(address: str, step: Step) -> Reply:
    """Send `step` and return the answer, what Go prints of its own structures cut short."""
    reply = send(address, step)
    body = _LEASE.sub(rb"\1[N]", _SHOWN.sub(rb'X","extensions"', reply.body))
    return Reply(reply.status, reply.headers, body)


def test_there_are_enough_requests_each_with_a_name_of_its_own():
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    assert sum(len(case.steps) for case in CASES) >= 300
    assert set(names) >= REFUSED


# In one test for each case the order of the cases counts: changes build on those before.
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_sandbox_answers_as_an_alpha_does(case, grounds):
    real, sandbox, prefix = grounds
    mark = secrets.token_hex(8)
    own, ours = Play(prefix, mark), Play(prefix, mark)
    refused = False
    for step in case.steps:
        expected = own.step(step, partial(cut, real))
        answer = ours.step(step, partial(cut, sandbox))
        refused = refused or UNSUPPORTED.search(answer.body) is not None
        if not refused:
            assert readable(answer, case) == readable(expected, case), step
    assert refused is (case.name in REFUSED)


def _plain(body: bytes):
    return json.loads(re.sub(rb":(#\d+)", rb':"\1"', body))


def readable(reply: Reply, case: Case):
    """Return `reply` so that a difference in it shows well; alphas expand types in no order."""
    body = _KEYS.sub(rb'"keys":N', reply.body)
    if "expand(" in case.name:
        return reply.status, reply.headers, json.dumps(_plain(body), indent=1, sort_keys=True)
    return reply.status, reply.headers, body
