"""A running alpha and Otter's parser agree on what is a schema, over thousands of seeded texts."""

import pytest

from otterd.dql.errors import DqlError
from otterd.dql.schema import check_schema, parse_schema
from tests.live.conftest import Addressed
from tests.live.schema_documents import documents
from tests.live.verdicts import RESERVED, Alpha, unlike

SEEDS = (20260, 914411, 55120077)
COUNT = 6000
"""Texts for each seed."""


def refusal(text: str) -> str:
    """Return why Otter refuses a schema, "" when only for the name that no one may declare."""
    try:
        check_schema(parse_schema(text))
    except DqlError as wrong:
        return "" if wrong.message.startswith(RESERVED) else wrong.message
    raise AssertionError(f"every document declares what no one may: {text!r}")


@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_on_schemas_and_says_why_in_the_same_words(cluster: Addressed, seed: int) -> None:
    alpha = Alpha(cluster.addresses[0].grpc)
    found = [(text, alpha.schema(text), refusal(text)) for text in documents(seed, COUNT)]
    alpha.close()
    assert unlike(found) == []
    assert [each for each in found if each[1] != each[2]] == []
    assert 500 < sum(not told for _, told, _ in found) < COUNT - 500
