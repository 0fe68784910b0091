"""The order of words in a language."""

import pytest

from otterd.sandbox.engine.collation import collated
from otterd.sandbox.failures import Failed
from otterd.sandbox.values import Value


def by_dictionary(words, lang="en"):
    return sorted(words, key=lambda word: collated(Value("string", word), lang).data)


def test_case_and_accents_count_less_than_letters():
    words = ["zeta", "Ba", "be", "ea", "b", "Be", "bé", "Éa", "ab", "a-b", "a b", "9", "10"]
    found = by_dictionary(words)
    assert found == ["10", "9", "a b", "a-b", "ab", "b", "Ba", "be", "Be", "bé", "ea", "Éa", "zeta"]


def test_marks_come_before_digits_and_digits_before_letters():
    assert by_dictionary("a$1_-+~ ") == [" ", "_", "-", "+", "~", "$", "1", "a"]


@pytest.mark.parametrize(("word", "lang"), [("ж", "en"), ("ß", "de"), ("a", "sv"), ("e\u0301", "fr")])
def test_what_needs_more_than_latin_letters_is_refused(word, lang):
    with pytest.raises(Failed, match=r"^sandbox: an order .* is not supported$"):
        collated(Value("string", word), lang)
