"""Tokens match only themselves and never show."""

import pytest

from otterd.guard.tokens import Token, bearer, make


def test_a_token_matches_itself_alone() -> None:
    token = Token("geheim-ü")
    assert token.matches("geheim-ü".encode())
    assert not token.matches(b"geheim")
    assert not token.matches(b"")
    assert not token.matches(None)
    assert "geheim" not in repr(token)


def test_an_unset_token_matches_nothing() -> None:
    assert not Token("")
    assert not Token("").matches(b"")


def test_made_tokens_differ_and_carry_24_bytes() -> None:
    assert make() != make()
    assert len(make()) == 32


@pytest.mark.parametrize(
    ("value", "token"),
    [
        (b"Bearer abc", b"abc"),
        (b"bEARER  abc ", b"abc"),
        (b"Bearer ", None),
        (b"Bearer", None),
        (b"Basic abc", None),
        (None, None),
    ],
)
def test_only_the_bearer_scheme_carries_a_token(value: bytes | None, token: bytes | None) -> None:
    assert bearer(value) == token
