"""The parser of queries, judged by a running alpha."""

import http.client
import json
from collections.abc import Iterator
from random import Random

import pytest

from otterd.dql.errors import DqlError
from otterd.dql.validity import judge
from tests.dql.accepted import OTHERS, limit, other_words
from tests.dql.asking import Alpha, Document
from tests.dql.corpus import documents
from tests.dql.grammar import Grammar
from tests.dql.judge import ours
from tests.dql.mangle import mangled
from tests.live.conftest import Addressed

SEEDS = (20260730, 20260731, 20261121)
MADE = 3_000
"""Documents from the grammar for each seed."""
BROKEN = 9_000
"""Documents broken out of these and the corpus for each seed."""


def made(seed: int) -> Iterator[Document]:
    """Yield documents from the grammar, then broken ones."""
    chance = Random(seed)
    grammar = Grammar(chance)
    good: list[Document] = []
    for _ in range(MADE):
        good.append((grammar.document(), grammar.variables()))
        yield good[-1]
    short: list[Document] = [(text, {}) for text in documents()]
    for _ in range(BROKEN):
        text, variables = chance.choice(good if chance.random() < 0.5 else short)
        yield mangled(text, chance, [chance.choice(good)[0], chance.choice(short)[0]]), variables


def asked(of: Iterator[Document]) -> Iterator[Document]:
    """Yield those documents that an alpha can be asked about."""
    for text, variables in of:
        verdict = ours(text, variables)
        if verdict.unlike:
            assert limit(text, verdict.words), f"no reason is known for {verdict.words!r} on {text!r}"
        else:
            yield text, variables


@pytest.mark.parametrize("seed", SEEDS)
def test_takes_what_an_alpha_takes_and_refuses_in_its_words(cluster: Addressed, seed: int) -> None:
    taken = refused = 0
    other: list[str] = []
    with Alpha(cluster.addresses[0].grpc) as alpha:
        for (text, variables), verdict in alpha.verdicts(asked(made(seed))):
            mine = ours(text, variables)
            assert mine.taken == verdict.taken, f"{text!r} {variables}: {mine.words!r}, but {verdict.words!r}"
            taken += verdict.taken
            refused += not verdict.taken
            if (
                not verdict.taken
                and mine.words != verdict.words
                and not other_words(text, variables, mine.words, verdict.words)
            ):
                other.append(f"{text!r}: {mine.words!r}, but {verdict.words!r}")
    assert taken > (MADE + BROKEN) // 5
    assert refused > (MADE + BROKEN) // 5
    assert not other, f"{len(other)} refusals in other words, first: {other[:5]}"


def test_takes_of_the_corpus_what_an_alpha_takes(cluster: Addressed) -> None:
    with Alpha(cluster.addresses[0].grpc) as alpha:
        for (text, _), verdict in alpha.verdicts(asked((text, {}) for text in documents())):
            assert ours(text, {}).taken == verdict.taken, f"{text!r}: {verdict.words!r}"


def test_an_alpha_says_other_words_as_accepted(cluster: Addressed) -> None:
    cases = {case.example: case for case in OTHERS.values()}
    with Alpha(cluster.addresses[0].grpc) as alpha:
        for (text, given), verdict in alpha.verdicts((text, case.given) for text, case in cases.items()):
            # Of several wrong variables it names one by chance.
            assert verdict.words in (cases[text].theirs, ours(text, given).words)


UPSERTS = 1_200
QUERIES = (
    "query { q(func: uid(0x1)) { v as uid ...f } }", "query { q(func: uid(0x1)) { v as uid } }",
    "query { v as var(func: uid(0x1)) }", "query q { v as var(func: uid(0x1)) }", "query { v as }",
    "query { v as var(func: uid(0x1)) } # }",
)  # fmt: skip
FRAGMENTS = ("fragment f { verdict_a }", "fragment g { verdict_a { verdict_b } }", "fragment f { ...g }")
CONDITIONS = (
    "", "@if(eq(len(v), 5))", "@if()", "@if(eq(len(w), 5))", "@if(eq(len(v), 5)", "@filter(eq(len(v), 5))",
    "@if(NOT eq(len(v), 1) AND eq(len(v), 5))", "@if(eq(len(v), 5)) @if(eq(len(v), 6))", "@if eq(len(v), 5)",
)  # fmt: skip
CHANGES = (
    '{ set { uid(v) <verdict_b> "x" . } }', '{ set { <0x1> <verdict_b> "x" . } }',
    "{ delete { uid(v) <verdict_b> * . } }", "{ }",
)  # fmt: skip


def upserts(chance: Random) -> Iterator[str]:
    """Yield upserts with their parts in any order."""
    for _ in range(UPSERTS):
        parts = [chance.choice(QUERIES), *chance.sample(FRAGMENTS, chance.choice((0, 0, 1, 1, 2)))]
        for _ in range(chance.choice((1, 1, 2))):
            parts.append(f"mutation {chance.choice(CONDITIONS)} {chance.choice(CHANGES)}")
        if chance.random() < 0.5:
            chance.shuffle(parts)
        yield "upsert { " + chance.choice((" ", "\n")).join(parts) + " }"


def reason(text: str) -> str:
    """Return why the parser refuses the upsert `text`, "" when it does not."""
    try:
        judge(text)
    except DqlError as error:
        return error.reason
    return ""


def told(asked: http.client.HTTPConnection, text: str) -> str:
    """Return why an alpha refuses a mutation, "" when it does not; without commitNow nothing is kept."""
    asked.request("POST", "/mutate", text, {"Content-Type": "application/rdf"})
    answer = json.loads(asked.getresponse().read())
    return str(answer["errors"][0]["message"]) if "errors" in answer else ""


def test_judges_upserts_with_fragments_and_conditions_as_an_alpha_does(cluster: Addressed) -> None:
    taken = 0
    host, port = cluster.addresses[0].http.split(":")
    asked = http.client.HTTPConnection(host, int(port), timeout=20)
    # A node's uid is leased even for what is not kept; before the first lease 0x1 is refused.
    assert not told(asked, '{ set { _:leased <verdict_b> "x" . } }')
    for text in upserts(Random(SEEDS[0])):
        words = told(asked, text)
        mine = reason(text)
        assert mine in words if mine else not words, f"{text!r}: {mine!r}, but {words!r}"
        taken += not words
    asked.close()
    assert 50 < taken < UPSERTS - 50
