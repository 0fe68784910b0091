"""No predicate that an alpha touches for a request is missing in the request's shape."""

import json
import re
import secrets
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from otterd.dql.cache import Shapes
from otterd.dql.shape import Shape, request_shape, shape
from tests.cluster import Shape as ClusterShape
from tests.cluster.ask import ask
from tests.live.conftest import Addressed, started
from tests.live.differential.case import DQL, RDF
from tests.live.query_documents import Queries
from tests.live.query_literals import FACTS, SCHEMA
from tests.live.sandbox_script import ground
from tests.live.sandbox_script.queries import QUERIES
from tests.live.write_documents import Write, Writes

SEED = 20261121
BUILT = 1_300
"""Queries built, each with two sets of literals; about two in three run and find something."""
LEAST = 1_500
"""Queries that ran, found something, and whose predicates are told."""
WRITTEN = 500
LEAST_WRITTEN = 300

NO_PREDICATE = frozenset(("", "_total", "uid"))
"""What an alpha counts besides predicates."""

_SET = re.compile(r"(\w+)\s+[aA][sS]\s")
_COMPARED = re.compile(r"\b(?:eq|le|ge|gt|lt|between)\(\s*(?:val|len)\(\s*(\w+)\s*\)", re.IGNORECASE)
_OF_VECTORS = re.compile(r"(.+)__vector_(?:entry|dead)?")
_NO_NAMES = re.compile(r'"(?:[^"\\]|\\.)*"|#[^\n]*|/(?!é)(?:[^/\\]|\\.)+/i?')
_NAMES = re.compile(r"<?\b(sd/é|sd[_.-]\w+|(?<=<)[78](?=>)|(?<=has\()7)")

MORE = """
{ q(func: has($P.friend)) @groupby($P.age) { count(uid) } }
{ var(func: has($P.friend)) { $P.friend @groupby($P.age) { a as count(uid) } } q() { sum(val(a)) } }
{ q(func: has(~$P.friend)) @filter(gt(count($P.friend), 0) or uid_in($P.boss, 1)) { uid } }
{ q(func: has($P.friend), orderasc: $P.name@en) @cascade($P.name) { ~$P.friend { $P.age } } }
{ q(func: has($P.friend)) { expand(_all_) { uid } } }
{ q(func: type($P.Person)) @filter(type(Any) or has($P.name)) { ...f } } fragment f { <$P.age> }
{ q(func: has($P.friend)) @recurse(depth: 3) { $P.friend $P.name } }
{ q(func: has($P.friend)) @ignorereflex { $P.friend (orderdesc: $P.age) { $P.friend { uid } } }
schema(pred: [$P.name, $P.age]) { type }
""".strip().splitlines()


def counted(address: str, text: str, variables: dict[str, str]) -> dict[str, int] | None:
    """Return how many nodes an alpha says it saw of each predicate and in all; None if it did not run it."""
    answer = ask(address, "POST", "/query", {"query": text, "variables": variables}).json()
    if "errors" in answer:
        return None
    found: dict[str, int] = answer["extensions"].get("metrics", {}).get("num_uids", {})
    return found


def compared(text: str) -> set[str]:
    """Return the variables that functions compare: gt(val(x), 1) is counted as if x were a predicate."""
    return set(_COMPARED.findall(text)) & set(_SET.findall(text))


def missed(text: str, numbers: dict[str, int], found: Shape) -> set[str]:
    """Return the predicates that were counted, and of which the shape does not know."""
    if found.reads is None:
        return set()
    known = found.reads | NO_PREDICATE | compared(text)
    return {name for name in numbers if name.removeprefix("~") not in known}


def spelled(text: str) -> set[str]:
    """Return the predicates that stand in a made text; an alpha does not count all that it touches."""
    return set(_NAMES.findall(_NO_NAMES.sub("", text)))


def laid(address: str, schema: str, *parts: str) -> None:
    """Store a graph, part by part."""
    assert "errors" not in ask(address, "POST", "/alter", schema).json()
    for facts in parts:
        text = f"{{ set {{ {facts}\n }} }}"
        answer = ask(address, "POST", "/mutate?commitNow=true", text, {"Content-Type": RDF})
        assert "errors" not in answer.json()


@pytest.fixture(scope="module")
def lone() -> Iterator[str]:
    """Give the HTTP address of an alpha with the graph: one of its own, lest a panic harms others."""
    for cluster in started(ClusterShape(alphas=1, replicas=1)):
        laid(cluster.addresses[0].http, SCHEMA, FACTS)
        yield cluster.addresses[0].http


def test_queries_written_by_hand_touch_nothing_untold(cluster: Addressed) -> None:
    address = cluster.addresses[0].http
    prefix = f"snd{secrets.token_hex(4)}."
    lease = '_:lease <$P.lease> "of uids" .\n'
    laid(address, *(part.replace("$P.", prefix) for part in (ground.SCHEMA, lease, ground.GRAPH)))
    texts = [step.body.decode() for case in QUERIES for step in case.steps if step.kind == DQL]
    told = 0
    for text in (each.replace("$P.", prefix) for each in texts + MORE):
        found, numbers = shape(text), counted(address, text, {})
        if numbers is not None:
            assert not missed(text, numbers, found), text
            told += found.reads is not None
    assert told >= 200


def test_made_queries_touch_nothing_untold_with_whatever_literals(lone: str) -> None:
    twins = [Queries(Random(SEED), Random(SEED + literals)) for literals in (1, 2)]
    shapes = Shapes(10 * BUILT)
    told = shared = 0
    for _ in range(BUILT):
        found = []
        for text, variables in (queries.document() for queries in twins):
            numbers = counted(lone, text, variables)
            if numbers is None:
                continue
            parsed, remembered = shape(text, variables), shapes.shape(text, variables)
            found.append(remembered)
            for each in (parsed, remembered):
                assert not missed(text, numbers, each), (text, variables)
                assert each.reads is None or spelled(text) <= each.reads, (text, variables)
            told += parsed.reads is not None and numbers["_total"] > 0
        shared += len(found) == 2 and found[0] is found[1]
    assert told >= LEAST
    assert shared >= BUILT // 4  # else the cache has not been judged


def written(address: str, write: Write) -> set[str] | None:
    """Return the predicates that an alpha says it wrote for `write`, None when it refused it."""
    kind = RDF if write.query is None else "application/json"
    answer: dict[str, Any] = json.loads(
        ask(address, "POST", "/mutate?commitNow=true", write.body, {"Content-Type": kind}).body
    )
    if "errors" in answer:
        return None
    # "1-0-name": the group, the namespace, the name.
    return {name.split("-", 2)[2] for name in answer["extensions"]["txn"].get("preds", [])}


def unsaid(names: set[str], known: frozenset[str]) -> set[str]:
    """Return which of `names` are not known; an index of vectors keeps predicates beside the one it is of."""
    return {name for name in names if (_OF_VECTORS.sub(r"\1", name)) not in known}


def test_made_writes_touch_nothing_untold(lone: str) -> None:
    writes = Writes(Random(SEED))
    told = 0
    for _ in range(WRITTEN):
        write = writes.document()
        names = written(lone, write)
        if names is None:
            continue
        found = shape(write.body) if write.query is None else request_shape(write.query, write.edits)
        if found.predicates is not None:
            assert not unsaid(names, found.predicates), write.body
            told += bool(names)
    assert told >= LEAST_WRITTEN
