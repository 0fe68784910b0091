"""The parser of queries, judged by a running alpha."""

from collections.abc import Iterator
from random import Random

import pytest

from tests.dql.accepted import OTHERS, limit, other_words
from tests.dql.asking import Alpha, Document
from tests.dql.corpus import documents
from tests.dql.grammar import Grammar
from tests.dql.judge import ours
from tests.dql.mangle import mangled
from tests.live.conftest import Addressed

SEEDS = (20260730, 20260731)
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
