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

SEED = 20260
COUNT = 6000

# Name -> how to tell it from a text, and why it stays.
ACCEPTED_JSON = {
    "half a pair": (
        re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"),
        "An alpha's JSON reader looks only at the first half of an escaped surrogate pair; what"
        " it makes of a broken second half is no character, and other versions refuse it.",
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


def test_agrees_on_n_quads(alpha: Alpha) -> None:
    found = []
    for number, text in enumerate(rdf_documents.documents(SEED, COUNT)):
        delete = number % 3 == 0
        data = text.encode()
        mutation = api.Mutation(del_nquads=data) if delete else api.Mutation(set_nquads=data)
        found.append((text, alpha.mutation(mutation), refusal_of_nquads(text, delete=delete)))
    assert unlike(found) == []
    assert 500 < sum(not told for _, told, _ in found) < COUNT - 500


def test_says_in_the_same_words_why_a_line_cannot_be_cut_into_tokens(alpha: Alpha) -> None:
    for text in rdf_documents.documents(SEED + 1, 1000):
        told = alpha.mutation(api.Mutation(set_nquads=text.encode()))
        if told.startswith("while lexing "):
            assert refusal_of_nquads(text, delete=False) == told


def test_agrees_on_json_mutations(alpha: Alpha) -> None:
    found = []
    for data, delete in json_documents.documents(SEED, COUNT):
        mutation = api.Mutation(delete_json=data) if delete else api.Mutation(set_json=data)
        found.append((data, alpha.mutation(mutation), refusal_of_json(data, delete=delete)))
    accepted = [pattern for pattern, _ in ACCEPTED_JSON.values()]
    left = [each for each in unlike(found) if not any(pattern.search(each[0]) for pattern in accepted)]
    assert left == []
    assert 500 < sum(not told for _, told, _ in found) < COUNT - 500


def test_agrees_on_the_blocks_of_mutations_and_upserts(alpha: Alpha) -> None:
    found = []
    for text in block_documents.documents(SEED, COUNT):
        try:
            parsed, refused = parse_mutation(text), ""
        except DqlError as wrong:
            parsed, refused = None, wrong.message
        told = alpha.blocks(text)
        if not isinstance(parsed, Query):
            found.append((text, told, refused))
    assert unlike(found) == []
    assert len(found) > COUNT / 2
    assert sum(not told for _, told, _ in found) > 500
