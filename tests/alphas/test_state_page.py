"""One alpha's `/state`, and what stands in its place."""

import pytest
from twisted.internet.task import Clock

from otterd.alphas.state_page import LONGEST, Refused, read_state, state_page
from otterd.core.operation import Answer
from otterd.errors import Lost
from tests.fakes.memory import HANG, FakeBody, FakeHttpChannel

DENIED = b'{"errors":[{"message":"rpc error: code = %s desc = %s","extensions":{"code":"Error"}}]}'


@pytest.fixture
def http():
    return FakeHttpChannel("alpha1:8080", Clock())


def test_the_page_is_asked_for_with_the_token_and_gathered(http):
    http.on("/state", Answer(200, FakeBody(b'{"counter"', b':"1"}')))
    got = []
    state_page(http, http.clock, "jwt", 2).addCallback(got.append)
    assert read_state(got[0]) == {"counter": "1"}
    sent = http.calls[0].request
    assert (sent.method, sent.target) == (b"GET", b"/state")
    assert sent.headers == ((b"Host", b"alpha1:8080"), (b"X-Dgraph-AccessToken", b"jwt"))
    assert http.calls[0].timeout == 2


def test_without_a_token_none_is_shown(http):
    state_page(http, http.clock, "", 2)
    assert http.calls[0].request.headers == ((b"Host", b"alpha1:8080"),)


@pytest.mark.parametrize("body", [FakeBody(b"{", fail="broken"), FakeBody(b"x" * (LONGEST + 1))])
def test_a_page_that_breaks_off_or_does_not_end_is_none(http, body):
    http.on("/state", Answer(200, body))
    got = []
    state_page(http, http.clock, "", 2).addCallback(got.append)
    with pytest.raises(Lost, match="broke off, or is over 64 MiB"):
        read_state(got[0])


def test_a_page_that_never_ends_is_given_up(http):
    body = FakeBody(manual=True)
    http.on("/state", Answer(200, body))
    failed = []
    state_page(http, http.clock, "", 2).addErrback(failed.append)
    http.clock.advance(10)
    assert failed
    assert body.stopped


def test_an_alpha_that_hangs_is_given_up(http):
    http.on("/state", HANG)
    failed = []
    state_page(http, http.clock, "", 2).addErrback(failed.append)
    http.clock.advance(2)
    assert failed


@pytest.mark.parametrize(
    ("code", "words", "expired"),
    [
        (b"PermissionDenied", b"no accessJwt available", False),
        (b"PermissionDenied", b"Only guardians are allowed access.", False),
        (b"Unauthenticated", b"unable to parse jwt token: token has invalid claims: Token is expired", True),
    ],
)
def test_an_alpha_that_tells_guardians_only_is_known_by_its_words(code, words, expired):
    with pytest.raises(Refused) as refused:
        read_state(DENIED % (code, words))
    assert refused.value.expired is expired


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"<html>", "no JSON"),
        (b"\xff", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "not that of an alpha"),
        (
            b'{"errors":[{"message":"No membership\\n state found"}]}',
            "no /state to show: No membership state found",
        ),
        (b'{"errors":"PermissionDenied"}', "no /state to show"),
        (b'{"errors":[{"message":"x rpc error: code = PermissionDenied desc = "}]}', "no /state to show"),
    ],
)
def test_what_is_no_state_is_lost(body, why):
    with pytest.raises(Lost, match=why):
        read_state(body)
