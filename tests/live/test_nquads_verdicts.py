"""A running alpha and Otter's parsers agree on what is a mutation, over thousands of seeded texts."""

import re
from collections.abc import Iterator

import pytest

from otterd.dql.errors import DqlError
from otterd.dql.jsonmut import parse_json_mutation
from otterd.dql.mutation_blocks import parse_mutation
from otterd.dql.mutation_tree import Query
from otterd.dql.nquads import check_delete, check_set, parse_nquads
from otterd.wire import api_pb2 as api
from tests.live import block_documents, json_documents, rdf_documents
from tests.live.conftest import Addressed
from tests.live.verdicts import Alpha, unlike

SEEDS = (20260, 914411, 55120077)
COUNT = 6000
"""Texts of each kind for each seed."""

KILLS = "a uid that is `uid(` ends an alpha's process"
"""Why Otter alone refuses a text that no alpha can be asked about."""

BROKEN_JSON = "Bad parsing while executing stage 2"

_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


def half_a_pair(data: bytes) -> bool:
    """Tell whether an escape in `data` is half of a surrogate pair, without the other."""
    return any(found[1] for found in _ESCAPE.finditer(data))


# How to tell it from a text that an alpha takes and Otter calls broken -> why it stays.
ACCEPTED_JSON = {
    half_a_pair: (
        "Of an escaped surrogate pair an alpha's JSON reader wants only that some escape follows the first"
        " half, and it takes a second half alone; what it makes of these is no character."
    ),
}


@pytest.fixture(scope="module")
def alpha(cluster: Addressed) -> Iterator[Alpha]:
    """Give the first alpha of the cluster."""
    asked = Alpha(cluster.addresses[0].grpc)
    yield asked
    asked.close()


def refusal_of_nquads(text: str, *, delete: bool) -> str:
    """Return why Otter refuses N-Quads, "" when it does not."""
    try:
        (check_delete if delete else check_set)(parse_nquads(text))
    except DqlError as wrong:
        return wrong.message
    return ""


def refusal_of_json(data: bytes, *, delete: bool) -> str:
    """Return why Otter refuses a JSON mutation, "" when it does not."""
    try:
        (check_delete if delete else check_set)(parse_json_mutation(data, delete=delete))
    except DqlError as wrong:
        return wrong.message
    return ""


def accepted_json(data: bytes, told: str, refused: str) -> bool:
    """Tell whether it is a known case that an alpha said `told` of `data`, and Otter `refused`."""
    known = any(holds(data) for holds in ACCEPTED_JSON)
    return known and not told and refused == BROKEN_JSON


@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_on_n_quads(alpha: Alpha, seed: int) -> None:
    found = []
    for number, text in enumerate(rdf_documents.documents(seed, COUNT)):
        delete = number % 3 == 0
        data = text.encode()
        mutation = api.Mutation(del_nquads=data) if delete else api.Mutation(set_nquads=data)
        found.append((text, alpha.mutation(mutation), refusal_of_nquads(text, delete=delete)))
    assert unlike(found) == []
    assert 500 < sum(not told for _, told, _ in found) < COUNT - 500


@pytest.mark.parametrize("seed", SEEDS)
def test_says_in_the_same_words_why_a_line_cannot_be_cut_into_tokens(alpha: Alpha, seed: int) -> None:
    for text in rdf_documents.documents(seed + 1, 1000):
        told = alpha.mutation(api.Mutation(set_nquads=text.encode()))
        if told.startswith("while lexing "):
            assert refusal_of_nquads(text, delete=False) == told


@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_on_json_mutations(alpha: Alpha, seed: int) -> None:
    found = []
    for data, delete in json_documents.documents(seed, COUNT):
        refused = refusal_of_json(data, delete=delete)
        if refused == KILLS:
            continue
        mutation = api.Mutation(delete_json=data) if delete else api.Mutation(set_json=data)
        found.append((data, alpha.mutation(mutation), refused))
    left = [each for each in unlike(found) if not accepted_json(*each)]
    assert left == []
    assert 500 < sum(not told for _, told, _ in found) < COUNT - 500


@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_on_the_blocks_of_mutations_and_upserts_in_the_same_words(alpha: Alpha, seed: int) -> None:
    found = []
    for text in block_documents.documents(seed, COUNT):
        try:
            parsed, refused = parse_mutation(text), ""
        except DqlError as wrong:
            parsed, refused = None, wrong.message
        told = alpha.blocks(text)
        if not isinstance(parsed, Query):
            found.append((text, told, refused))
    assert [each for each in found if each[1] != each[2]] == []
    assert len(found) > COUNT / 2
    assert sum(not told for _, told, _ in found) > 500
