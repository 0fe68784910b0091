"""The command that runs Otter in front of a sandbox, as the README has it."""

import json
import os
import shutil
import signal
import subprocess
import sys
from functools import partial

import pytest

from tests.cluster.ask import answers, ask, until
from tests.cluster.ports import free_offset, free_ports
from tests.live.instance import ROOT

COMMAND = [sys.executable, "-m", "otterd.sandbox"]


def environ(**more):
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ}
    return {**kept, "METRICS_ENDPOINT": "tcp:0:interface=127.0.0.1", **more}


@pytest.fixture(scope="module")
def running():
    """Give the offset of a sandbox and the port of the Otter in front of it."""
    offset = free_offset(3)
    http, websocket, grpc = map(str, free_ports(3))
    ports = ("--port", http, "--websocket-port", websocket, "--grpc-port", grpc)
    process = subprocess.Popen(
        [*COMMAND, "--offset", str(offset), *ports],
        cwd=ROOT,
        env=environ(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        ready = f"127.0.0.1:{http}"
        until(lambda: process.poll() is not None or answers(ready, "/readyz"), "the sandbox", seconds=30)
        assert process.poll() is None, process.stderr.read()
        yield offset, http
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    assert b"SANDBOX and not a database" in said
    assert process.returncode == 0


def make_fault(offset, *words):
    """Run the command that makes and mends faults."""
    command = [*COMMAND, "fault", *words, "--offset", str(offset)]
    return subprocess.run(
        command, cwd=ROOT, env=environ(), capture_output=True, text=True, timeout=60, check=False
    )


def commands_of(section):
    """Return the commands of a section of the README, and the data that it says the last one gives."""
    text = (ROOT / "README.md").read_text().partition(f"## {section}")[2].partition("\n## ")[0]
    blocks = [[]]
    for line in text.splitlines():
        if line.startswith("    "):
            blocks[-1].append(line[4:])
        elif blocks[-1]:
            blocks.append([])
    whole = ["\n".join(block) for block in blocks if block]
    at = next(number for number, block in enumerate(whole) if block.startswith('{"data"'))
    return whole[:at], json.loads(whole[at].partition(',"extensions":')[0] + "}")["data"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="the README's commands need `curl`")
@pytest.mark.parametrize("section", ["In the sandbox", "A first query"])
def test_the_readme_s_commands_give_the_readme_s_answers(running, section):
    commands, said = commands_of(section)
    for command in commands:
        here = command.replace("localhost:8084", f"127.0.0.1:{running[1]}")
        printed = subprocess.run(["sh", "-c", here], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(printed.stdout)["data"] == said


def test_faults_are_made_and_mended_by_a_command(running):
    offset, http = running
    alpha = f"127.0.0.1:{8080 + offset}"
    fault = partial(make_fault, offset)
    assert "alpha 1: {'draining': True}" in fault("1", "draining").stdout
    assert ask(alpha, "GET", "/health").status == 503
    through = ask(f"127.0.0.1:{http}", "POST", "/query", {"query": "{ q(func: has(symbol)) { symbol } }"})
    assert len(through.json()["data"]["q"]) == 11
    assert fault("1", "heal").stdout.splitlines()[0] == "alpha 1: well"
    assert ask(alpha, "GET", "/health").status == 200
    assert "alpha 2: {'delay': 0.5}" in fault("2", "delay=0.5").stdout
    assert "alpha 2: well" in fault("2", "delay=false").stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("1", "dealy=1"), "unknown fault: dealy; there are dead, delay"),
        (("1", "delay=long"), "delay=long: expected seconds, true or false"),
        (("1", "delay"), "delay is seconds"),
        (("1", "draining=2"), "draining is true or false"),
        (("9", "draining"), "there is no alpha 9; they are 1 to 3"),
        (("draining",), "alphas count from 1, and one must be named for draining"),
    ],
)
def test_a_fault_that_there_is_not_is_refused(running, words, told):
    refused = make_fault(running[0], *words)
    assert refused.stderr.startswith(told)
    assert refused.returncode == 1


def test_connections_are_reset_and_refused(running):
    offset, http = running
    alpha = f"127.0.0.1:{8080 + offset}"
    fault = partial(make_fault, offset)
    fault("1", "reset_after", "only=Query")
    rdf = {"Content-Type": "application/rdf"}
    with pytest.raises(ConnectionResetError):
        ask(alpha, "POST", "/mutate?commitNow=true", '{ set { _:a <kept> "x" . } }', rdf)
    fault("1", "heal")
    kept = ask(alpha, "POST", "/query", {"query": "{ q(func: has(kept)) { kept } }"})
    assert kept.json()["data"] == {"q": [{"kept": "x"}]}
    fault("1", "refuse")
    with pytest.raises(ConnectionRefusedError):
        ask(alpha, "GET", "/health")
    for _ in range(3):
        through = ask(f"127.0.0.1:{http}", "POST", "/query", {"query": "{ q(func: has(kept)) { kept } }"})
        assert through.json()["data"] == {"q": [{"kept": "x"}]}
    fault("1", "heal")
    assert ask(alpha, "GET", "/health").status == 200


@pytest.fixture(scope="module")
def groups():
    """Give the offset of a sandbox without Otter: a group of one, and a group of two."""
    offset = free_offset(3)
    command = [*COMMAND, "alphas", "--empty", "--groups", "1,2", "--offset", str(offset)]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environ(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until(lambda: answers(f"127.0.0.1:{8080 + offset}", "/health"), "the sandbox", seconds=30)
        yield offset
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def test_alphas_die_and_come_back_by_a_command(groups):
    fault = partial(make_fault, groups)
    second, third = f"127.0.0.1:{8081 + groups}", f"127.0.0.1:{8082 + groups}"
    assert fault("2", "dead").stdout.splitlines()[1] == "alpha 2: {'dead': True}"
    with pytest.raises(ConnectionRefusedError):
        ask(second, "GET", "/health")
    assert ask(third, "GET", "/health").json()[0]["group"] == "2"
    assert fault("2", "dead=false").stdout.splitlines()[1] == "alpha 2: well"
    assert ask(second, "GET", "/health").status == 200


def test_an_election_and_the_loss_of_zero_come_by_a_command(groups):
    fault = partial(make_fault, groups)
    first, third = f"127.0.0.1:{8080 + groups}", f"127.0.0.1:{8082 + groups}"
    assert b'dgraph_raft_is_leader{group="2"} 0' in ask(third, "GET", "/metrics").body
    fault("3", "election=0.01")
    until(lambda: b'dgraph_raft_is_leader{group="2"} 1' in ask(third, "GET", "/metrics").body, "the leader")
    fault("zero=false")
    commit = ask(first, "POST", "/commit?startTs=1", [])
    assert commit.json()["errors"][0]["message"] == "No connection exists"
    fault("zero=true")
    assert ask(first, "POST", "/commit?startTs=1", []).json()["data"]["code"] == "Success"
    assert "one must be named for dead" in fault("dead").stderr
    assert "unknown fault: group" in fault("1", "group=2").stderr


def test_tokens_are_demanded_by_a_command(groups):
    fault = partial(make_fault, groups)
    first = f"127.0.0.1:{8080 + groups}"
    fault("acl=60")
    query = ask(first, "POST", "/query", {"query": "{ q(func: uid(1)) { uid } }"})
    assert query.json()["errors"][0]["message"].endswith("no accessJwt available")
    fault("acl=0")
    assert "errors" not in ask(first, "POST", "/query", {"query": "{ q(func: uid(1)) { uid } }"}).json()


def test_the_alphas_show_the_cluster_as_dgraph_does(running):
    alpha = f"127.0.0.1:{8080 + running[0]}"
    state = ask(alpha, "GET", "/state").json()
    assert [member["leader"] for member in state["groups"]["1"]["members"].values()] == [True, False, False]
    assert "0-orbits" in state["groups"]["1"]["tablets"]
    everyone = ask(alpha, "GET", "/health?all").json()
    assert [one["instance"] for one in everyone] == ["alpha", "alpha", "zero", "alpha"]
    zero = f"127.0.0.1:{6080 + running[0]}"
    assert ask(zero, "GET", "/state").json() == state


def test_graphql_is_refused_by_name(running):
    for path in ("/graphql", "/admin"):
        reply = ask(f"127.0.0.1:{8080 + running[0]}", "POST", path, {"query": "{ __typename }"})
        assert reply.json() == {"errors": [{"message": "sandbox: GraphQL is not supported"}]}


def test_a_graphql_schema_is_kept(running):
    address = f"127.0.0.1:{8080 + running[0]}"
    reply = ask(address, "POST", "/admin/schema", "type Otter { name: String! @id }")
    assert reply.json() == {"data": {"code": "Success", "message": "Done"}}
    known = ask(address, "POST", "/query", {"query": "schema(pred: Otter.name) {}"}).json()
    assert known["data"]["schema"] == [
        {
            "predicate": "Otter.name",
            "type": "string",
            "index": True,
            "tokenizer": ["hash"],
            "upsert": True,
        }
    ]


def test_it_refuses_to_look_like_a_database():
    done = subprocess.run(
        COMMAND,
        cwd=ROOT,
        env=environ(DEV_MODE="false", ENABLE_WEBSOCKET="false"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "dev_mode: a sandbox is no database" in done.stderr
