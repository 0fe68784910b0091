"""The namespace that a token claims."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otterd.core.namespace import LONGEST, REMEMBERED, namespace_of, tablet
from otterd.core.namespace import _claimed as remembered


def token(claims: Any, *, padded: bool = False) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode()
    return f"e30.{body if padded else body.rstrip('=')}.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("claims", "namespace"),
    [
        ({"namespace": 0, "userid": "groot"}, 0),
        ({"namespace": 7}, 7),
        ({"namespace": 7.0}, 7),
        ({"namespace": 2**64 - 1}, 2**64 - 1),
        ({"namespace": 2**64}, 0),
        ({"namespace": 1e300}, 0),
        ({"namespace": -1}, 0),
        ({"namespace": "7"}, 0),
        ({"namespace": True}, 0),
        ({"namespace": None}, 0),
        ({}, 0),
        ([], 0),
        (7, 0),
    ],
)
def test_the_claim_is_read_and_all_else_is_the_root(claims: Any, namespace: int) -> None:
    assert namespace_of(token(claims)) == namespace
    assert namespace_of(token(claims, padded=True).encode()) == namespace


@pytest.mark.parametrize(
    "text", ["", "a", "a.b", "..", "a.é.c", b"\xff\xff.\xff.\xff", "e30." + "W" * 4000 + ".x"]
)
def test_what_is_no_token_claims_the_root(text: str | bytes) -> None:
    assert namespace_of(text) == 0


@given(st.text() | st.binary())
def test_no_text_breaks_it(text: str | bytes) -> None:
    assert namespace_of(text) >= 0


def test_a_token_beyond_the_bound_is_neither_read_nor_remembered() -> None:
    remembered.cache_clear()
    assert namespace_of(token({"namespace": 7, "groups": ["x" * LONGEST]})) == 0
    assert remembered.cache_info().currsize == 0
    assert remembered.cache_info().maxsize == REMEMBERED


def test_a_tablet_is_called_by_its_namespace_in_hexadecimal() -> None:
    assert (tablet(0, "name"), tablet(31, "a-b")) == ("0-name", "1f-a-b")
