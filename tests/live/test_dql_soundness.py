"""No predicate that an alpha touches for a query is missing in the query's shape."""

import json
import re
import secrets

import pytest

from otterd.dql.shape import Shape, shape
from tests.cluster.ask import ask
from tests.live.differential.case import DQL, RDF
from tests.live.sandbox_script import ground
from tests.live.sandbox_script.queries import QUERIES

NO_PREDICATE = frozenset(("", "_total", "uid"))
"""What an alpha counts besides predicates."""

_VARIABLE = re.compile(r"(?:val|len)\(\s*(\w+)")
"""What a function like gt(val(x), 1) is about; it is counted as if it were a predicate."""

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


def counted(address: str, text: str) -> set[str] | None:
    """Return the predicates that an alpha says it touched for `text`, None when it did not run it."""
    body = ask(address, "POST", "/query", text, {"Content-Type": DQL}).body
    answer = json.loads(body)
    if "errors" in answer:
        return None
    names = answer["extensions"].get("metrics", {}).get("num_uids", {})
    left_out = NO_PREDICATE.union(_VARIABLE.findall(text))
    return {name.removeprefix("~") for name in names if name not in left_out}


def missing(touched: set[str], found: Shape) -> set[str]:
    """Return the predicates of which the shape does not know."""
    return set() if found.reads is None else touched - found.reads


def laid(address: str, schema: str, *parts: str) -> None:
    """Store a graph, part by part."""
    assert "errors" not in ask(address, "POST", "/alter", schema).json()
    for facts in parts:
        text = f"{{ set {{ {facts}\n }} }}"
        answer = ask(address, "POST", "/mutate?commitNow=true", text, {"Content-Type": RDF})
        assert "errors" not in answer.json()


@pytest.fixture(scope="module")
def address(cluster) -> str:
    """Give the HTTP address of an alpha."""
    return cluster.addresses[0].http


def unsound(address: str, texts: list[str], least: int) -> list[tuple[str, set[str]]]:
    """Run `texts` and return those with predicates missed; at least so many must have been told and run."""
    told = 0
    wrong: list[tuple[str, set[str]]] = []
    for text in texts:
        touched = counted(address, text)
        if touched is None:
            continue
        found = shape(text)
        told += found.reads is not None
        if lost := missing(touched, found):
            wrong.append((text, lost))
    assert told >= least
    return wrong


def test_queries_written_by_hand_touch_nothing_untold(address: str) -> None:
    prefix = f"snd{secrets.token_hex(4)}."
    lease = '_:lease <$P.lease> "of uids" .\n'
    laid(address, *(part.replace("$P.", prefix) for part in (ground.SCHEMA, lease, ground.GRAPH)))
    texts = [step.body.decode() for case in QUERIES for step in case.steps if step.kind == DQL]
    assert not unsound(address, [text.replace("$P.", prefix) for text in texts + MORE], 200)
