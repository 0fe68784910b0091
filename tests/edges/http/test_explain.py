"""`/validate/dql?explain=true`: what a text asks for, and what the live schema lacks for it."""

import base64
import json
from typing import Any

import pytest

from otterd.config.schema import Secret
from otterd.core.cluster import Group, Map
from otterd.core.operation import Answer
from otterd.errors import NotReached
from otterd.wire import api_pb2 as api
from tests.edges.http.siterig import ALPHAS, SiteRig

DQL = {"Content-Type": "application/dql"}
PATH = "/validate/dql?explain=true"
TEXT = b'{ q(func: eq(name, "a")) @filter(ge(age, 3)) { name friend { uid } } }'
SCHEMA = {"schema": [{"predicate": "name", "type": "string"}, {"predicate": "age", "type": "int"}]}


def rig_with(answer: Answer | BaseException | None = None, **keys: Any) -> SiteRig:
    rig = SiteRig(**keys)
    payload = api.Response(json=json.dumps(SCHEMA).encode()).SerializeToString()
    for address in ALPHAS:
        rig.alphas[address].channel.default = lambda rpc: answer or Answer(0, payload)
    return rig


def explained(rig: SiteRig, text: bytes = TEXT, headers: dict[str, str] = DQL) -> Any:
    reply = rig.answer("POST", PATH, headers, text)
    assert reply.status == 200
    assert isinstance(reply.body, bytes)
    return json.loads(reply.body)


def test_a_query_is_explained() -> None:
    rig = rig_with()
    told = explained(rig)
    assert len(told.pop("digest")) > 8
    assert told == {
        "status": "valid",
        "type": "dql",
        "purpose": "query",
        "reads": ["age", "friend", "name"],
        "writes": [],
        "predicates": ["age", "friend", "name"],
        "functions": [{"name": "eq", "predicate": "name"}, {"name": "ge", "predicate": "age"}],
        "volatile": False,
        "depth": told["depth"],
        "breadth": told["breadth"],
        "needs": ["`name` has no index for `eq`; add @index(exact)"],
        "owners": None,
        "why": "no alpha has told of the cluster yet",
    }
    (call,) = [call for alpha in rig.alphas.values() for call in alpha.channel.calls]
    sent = api.Request.FromString(call.request.payload)
    assert (sent.query, sent.read_only) == ("schema {}", True)


def test_an_upsert_and_bare_nquads_are_explained() -> None:
    upsert = (
        b'upsert { query { q(func: eq(name, "a")) { v as uid } } mutation { set { uid(v) <age> "1" . } } }'
    )
    told = explained(rig_with(), upsert)
    assert (told["type"], told["purpose"], told["reads"], told["writes"]) == (
        "upsert",
        "upsert",
        ["name"],
        ["age"],
    )
    assert told["needs"] == ["`name` has no index for `eq`; add @index(exact)"]
    told = explained(rig_with(), b'_:a <age> "1" .')
    assert (told["type"], told["writes"], told["needs"]) == ("mutation", ["age"], [])


def test_a_faulty_text_is_refused_before_an_alpha_is_asked() -> None:
    rig = rig_with()
    assert rig.status("POST", PATH, DQL, b"{ q(") == 400
    assert rig.status("POST", "/validate/dql?explain=what", DQL, TEXT) == 400
    assert not rig.called


@pytest.mark.parametrize("answer", [Answer(7, message="no access"), NotReached("gone")])
def test_without_a_schema_the_needs_are_unknown(answer: Answer | BaseException) -> None:
    told = explained(rig_with(answer))
    assert (told["needs"], told["owners"]) == (None, None)
    assert told["why"]
    assert told["reads"] == ["age", "friend", "name"]


def test_the_schema_is_asked_for_with_the_callers_rights() -> None:
    rig = rig_with(dev_mode=False)
    explained(rig, headers={**DQL, "X-Dgraph-AccessToken": "own"})
    explained(rig)
    shown = [
        dict(call.request.metadata).get("accessjwt") for a in rig.alphas.values() for call in a.channel.calls
    ]
    assert sorted(map(str, shown)) == ["None", "own"]


MAP = Map(
    groups={1: Group(1, leader="a:9080"), 2: Group(2)},
    owners={"0-name": 1, "0-friend": 1, "0-age": 2, "7-name": 2, "7-age": 1},
)
JWT = "e30." + base64.urlsafe_b64encode(b'{"namespace":7}').decode().rstrip("=") + ".x"


def owner(predicate: str, group: int | None, leader: str | None) -> dict[str, Any]:
    return {"predicate": predicate, "group": group, "leader": leader}


def test_each_predicate_is_told_with_its_group_and_leader() -> None:
    rig = rig_with()
    rig.atlas.map = MAP
    told = explained(rig)
    assert "why" not in told
    # `friend` is not in the schema that the caller is shown, though the map has it.
    assert told["owners"] == [
        owner("age", 2, None),
        owner("friend", None, None),
        owner("name", 1, "a:9080"),
    ]


def test_the_namespace_is_that_of_the_callers_token_or_of_the_account() -> None:
    theirs = [owner("age", 1, "a:9080"), owner("friend", None, None), owner("name", 2, None)]
    rig = rig_with()
    rig.atlas.map = MAP
    assert explained(rig, headers={**DQL, "X-Dgraph-AccessToken": JWT})["owners"] == theirs
    lending = rig_with(dgraph_user="groot", dgraph_password=Secret("x"), dgraph_namespace=7)
    lending.atlas.map = MAP
    assert explained(lending)["owners"] == theirs


def test_of_what_may_not_be_read_the_map_tells_nothing() -> None:
    rig = rig_with(Answer(7, message="no access"))
    rig.atlas.map = MAP
    told = explained(rig, headers={**DQL, "X-Dgraph-AccessToken": JWT})
    assert (told["owners"], told["why"]) == (None, "no access")


def test_where_the_predicates_cannot_be_told_their_owners_cannot() -> None:
    rig = rig_with()
    rig.atlas.map = MAP
    told = explained(rig, b"{ q(func: uid(1)) { expand(_all_) } }")
    assert (told["predicates"], told["owners"]) == (None, None)


def test_an_explanation_costs_two_tokens() -> None:
    rig = rig_with(rate_limit_rps=1.0, rate_limit_burst=3)
    explained(rig)
    assert rig.status("POST", PATH, DQL, TEXT) == 429
