"""Every document of the corpus against what an alpha said of it."""

import pytest

from tests.dql.accepted import limit, other_words
from tests.dql.corpus import documents, refusals
from tests.dql.judge import ours

REFUSED = refusals()


@pytest.mark.parametrize("text", documents())
def test_says_what_an_alpha_said(text: str) -> None:
    verdict = ours(text, {})
    if verdict.unlike:
        assert limit(text, verdict.words)
        return
    assert verdict.taken == (text not in REFUSED)
    said = REFUSED.get(text, "")
    assert verdict.words == said or other_words(text, {}, verdict.words, said)


def test_holds_both_kinds_in_number() -> None:
    taken = sum(text not in REFUSED for text in documents())
    assert taken > 250
    assert len(REFUSED) > 300
