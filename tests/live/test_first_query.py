"""The walk that the README shows: a schema, a person, and a question about her."""

from tests.cluster.ask import ask


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
