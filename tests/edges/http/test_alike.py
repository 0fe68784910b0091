"""A head that differs from a known one in its token and deadline says what it would if it were read anew."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otterd.edges.http.alike import apart
from otterd.edges.http.kept import Question
from otterd.edges.http.plan import Rendered
from tests.edges.http.wirerig import House

WORDS = (
    "POST /query",
    "POST /mutate",
    "GET /health",
    "POST http://otter/query",
    "post /query",
    "POST /Query",
)
PARAMS = (
    "",
    "?",
    "?ro=true",
    "?timeout=",
    "?timeout=5s",
    "?timeout=0ms",
    "?timeout=1&ro=true",
    "?ro=1&timeout=5ms",
)
VALUES = ("", " ", "a b", "a,b", "\ttab", "\x80", "\x00", "x\x7f", "x" * 2000, "a: b", "é")
NAMES = (
    "X-Dgraph-AccessToken",
    "x-dgraph-accesstoken",
    "X-Dgraph-Accesstoken",
    "X-Dgraph-AuthToken",
    "X-Other",
)

deadlines = st.integers(1, 10_000_000).map(lambda ms: f"?timeout={ms}ms")
tokens = st.text("abc.-_~!", min_size=1, max_size=9)
fields = st.tuples(st.sampled_from(NAMES), tokens | st.sampled_from(VALUES))


@st.composite
def heads(draw: st.DrawFn) -> tuple[str, tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Draw the parts of a head: its first words, what they may end in, and some fields."""
    ends = tuple(draw(st.lists(deadlines | st.sampled_from(PARAMS), min_size=1, max_size=3)))
    return draw(st.sampled_from(WORDS)), ends, tuple(draw(st.lists(fields, max_size=3)))


def written(words: str, end: str, given: tuple[tuple[str, str], ...]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in given)
    return f"{words}{end} HTTP/1.1\r\nHost: otter\r\n{lines}Content-Length: 2\r\n\r\n".encode() + b"{}"


def seen(house: House, request: bytes) -> tuple[Any, ...]:
    """Send `request` on a connection of its own; return the status, and what the site saw of it."""
    before = len(house.site.requests)
    client = house.connect().send(request)
    statuses = client.statuses
    client.lose()
    found = [
        (each.method, each.target, each.path, each.query, each.headers, each.lower, each.body)
        for each in house.site.requests[before:]
    ]
    return statuses, found


@given(heads(), st.lists(tokens | st.sampled_from(VALUES), min_size=3, max_size=3))
def test_what_is_told_from_another_head_is_what_would_be_read(
    drawn: tuple[str, tuple[str, ...], tuple[tuple[str, str], ...]], others: list[str]
) -> None:
    words, ends, given = drawn
    house = House()
    for end in ends:
        for other in ("first", "second", *others):
            request = written(words, end, (*given, (NAMES[0], other)))
            fresh = House()
            assert seen(house, request) == seen(fresh, request)
            fresh.clear()
    house.clear()


def test_a_head_with_another_token_or_deadline_is_not_read_again() -> None:
    house = House()
    heads = house.factory.keeper.heads
    for token, ms in (("one", 1000), ("two", 2000)):
        house.connect().send(written("POST /query", f"?timeout={ms}ms", ((NAMES[0], token),)))
    raw = written("POST /query", "?timeout=3000ms", ((NAMES[0], "three"),))[:-2]
    found = heads.find(raw)
    assert found is not None
    assert (found.target, found.query) == (b"/query?timeout=3000ms", b"timeout=3000ms")
    assert (NAMES[0].encode(), b"three") in found.headers
    assert found.lower[b"x-dgraph-accesstoken"] == b"three"
    assert heads.find(raw.replace(b"Host: otter", b"Host: other")) is None
    house.clear()


def test_what_was_made_of_one_head_is_made_of_the_next_with_its_own_token_and_deadline() -> None:
    house = House()
    raws = [
        written("POST /query", f"?timeout={at}000ms", ((NAMES[0], f"token{at}"),))[:-2] for at in (1, 2, 3)
    ]
    for raw in raws[:2]:
        house.connect().send(raw + b"{}")
    known = house.factory.keeper.heads._alike[apart(raws[1])[0]].known  # type: ignore[index]
    question = Question(True, b"gzip", (("accessjwt", "token2"), ("debug", "true")), Rendered)  # type: ignore[arg-type]
    question.timeout, question.start_ts, question.read_only, question.options = 2.0, 7, True, b"x"
    known.kept.question = question
    found = house.factory.keeper.heads.find(raws[2])
    assert found is not None
    made = found.kept.question
    assert made is not None
    assert (made.metadata, made.timeout) == ((("accessjwt", "token3"), ("debug", "true")), 3.0)
    assert (made.json, made.encoding, made.render) == (True, b"gzip", Rendered)
    assert (made.start_ts, made.read_only, made.best_effort, made.options) == (7, True, False, b"x")
    assert question.metadata[0] == ("accessjwt", "token2")
    house.clear()


@pytest.mark.parametrize(
    "raw",
    [
        b"POST /query HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /query?timeout=5s HTTP/1.1\r\n\r\n",
        b"POST /query?timeout=5ms&ro=true HTTP/1.1\r\n\r\n",
        b"POST /query HTTP/1.1\r\nX-Dgraph-AccessToken: a b\r\n\r\n",
        b"POST /query HTTP/1.1\r\nX-Dgraph-AccessToken: \r\n\r\n",
    ],
)
def test_what_could_change_how_the_rest_is_read_is_left_in(raw: bytes) -> None:
    assert apart(raw) is None


def test_other_tokens_are_passed_over() -> None:
    raw = b"POST /query HTTP/1.1\r\nX-Own-Token: a\r\nx-dgraph-ACCESSToken: b\r\nOken: c\r\n\r\n"
    parts = apart(raw)
    assert parts is not None
    assert (parts[0][1:], parts[1:]) == (raw.replace(b": b", b": "), (b"b", b""))
    assert apart(raw.replace(b"ACCESS", b"AUTH")) is None


def test_a_head_that_comes_often_enough_is_known_whole() -> None:
    house = House()
    heads = house.factory.keeper.heads
    for token in ("one", "two"):
        house.connect().send(written("POST /query", "", ((NAMES[0], token),)))
    before = len(heads)
    raw = written("POST /query", "", ((NAMES[0], "three"),))[:-2]
    for _ in range(16):
        assert heads.find(raw) is not None
    assert len(heads) == before + 1
    assert heads.find(raw) is heads.find(raw)
    house.clear()


def test_an_absent_token_is_not_an_empty_one() -> None:
    cut = apart(b"POST /query?timeout=5ms HTTP/1.1\r\nX-Dgraph-AccessToken: \r\n\r\n")
    both = apart(b"POST /query?timeout=5ms HTTP/1.1\r\nX-Dgraph-AccessToken: a\r\n\r\n")
    assert cut is not None
    assert both is not None
    assert cut[0] != both[0]
