"""The first steps of a newcomer, the README's own among them."""

import json
import shutil
import subprocess

import pytest

from tests.cluster.ask import ask
from tests.live.instance import ROOT


def _walk():
    """Return the commands under the README's first query, and the data that it says they give."""
    text = (
        (ROOT / "README.md").read_text().partition("## A first query")[2].partition("\nOver the WebSocket")[0]
    )
    blocks = [[]]
    for line in text.splitlines():
        if line.startswith("    "):
            blocks[-1].append(line[4:])
        elif blocks[-1]:
            blocks.append([])
    *commands, answer = ["\n".join(block) for block in blocks if block]
    return commands, json.loads(answer.partition(',"extensions":')[0] + "}")


@pytest.mark.skipif(shutil.which("curl") is None, reason="the README's commands need `curl`")
def test_the_readme_s_commands_give_the_readme_s_answer(gateway, mark):
    commands, said = _walk()
    assert len(commands) == 2
    assert commands[-1].count("localhost:8084") == 1
    for command in commands:
        here = command.replace("localhost:8084", gateway.http)
        for name in ("astronomer", "discovered", "moon"):
            here = here.replace(name, f"{mark}.{name}")
        printed = subprocess.run(["sh", "-c", here], capture_output=True, text=True, check=True, timeout=60)
        answer = json.loads(printed.stdout.replace(f"{mark}.", ""))
        assert "errors" not in answer, answer
    (found,), (wanted,) = answer["data"]["who"], said["data"]["who"]
    assert found["astronomer"] == wanted["astronomer"]
    # Dgraph chose the uids, and with them the order.
    assert sorted(str(moon) for moon in found["discovered"]) == sorted(
        str(moon) for moon in wanted["discovered"]
    )


def test_a_schema_is_set_a_person_is_stored_and_found(gateway, mark):
    schema = f"{mark}.name: string @index(exact) .\n{mark}.born: int ."
    altered = ask(gateway.http, "POST", "/alter", schema)
    assert altered.json()["data"] == {"code": "Success", "message": "Done"}

    person = {f"{mark}.name": "Ada Lovelace", f"{mark}.born": 1815, "uid": "_:ada"}
    stored = ask(gateway.http, "POST", "/mutate?commitNow=true", {"set": [person]})
    assert stored.json()["data"]["code"] == "Success"
    assert set(stored.json()["data"]["uids"]) == {"ada"}

    text = f"query q($name: string) {{ q(func: eq({mark}.name, $name)) {{ {mark}.name {mark}.born }} }}"
    question = {"query": text, "variables": {"$name": "Ada Lovelace"}}
    found = ask(gateway.http, "POST", "/query", question)
    assert found.status == 200
    assert found.json()["data"] == {"q": [{f"{mark}.name": "Ada Lovelace", f"{mark}.born": 1815}]}


def test_dgraph_s_own_words_come_back_for_a_query_that_does_not_parse(cluster, gateway):
    broken = {"query": "{ q(func: "}
    own = ask(cluster.addresses[0].http, "POST", "/query", broken)
    through = ask(gateway.http, "POST", "/query", broken)
    assert (through.status, through.body) == (own.status, own.body)


def test_every_alpha_shows_in_the_aggregated_health(cluster, gateway):
    reply = ask(gateway.http, "GET", "/health")
    assert reply.status == 200
    first, *alphas = reply.json()
    assert (first["instance"], first["status"]) == ("otter", "healthy")
    assert [alpha["status"] for alpha in alphas] == ["healthy"] * len(cluster.addresses)
