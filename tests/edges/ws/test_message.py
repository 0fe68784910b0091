"""Decoding one message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otterd.edges.ws.message import UNREADABLE, decode, fault, flaw_of, identity


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "unexpected end"),
        (b"{", "unexpected end"),
        (b"\xef\xbb\xbf{}", "malformed at byte 0"),
        (b'{"type":"ping"} x', "malformed at byte 17"),
        (b"{'type':1}", "malformed at byte 1"),
        (b'{"a":01}', "malformed at byte 6"),
        (b'{"type":"a\x00"}', "malformed at byte 10"),
        (b'{"type":"\xff"}', "not UTF-8"),
        (b'{"x":' + b"[" * 100_000, "nested too deeply"),
        (b'{"set":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b"7", "expected an object"),
        (b'"s3cret"', "expected an object"),
        (b'{"query":{"s3cret":1}}', "query must be a string"),
        (b'{"variables":{"$a":1}}', "variables must be an object of strings"),
        (b'{"variables":["s3cret"]}', "variables must be an object of strings"),
        (b'{"mutations":{}}', "mutations must be a list of objects"),
        (b'{"mutations":[{"cond":1}]}', "mutations must be a list of objects"),
        (b'{"commitNow":"true"}', "commitNow must be true or false"),
        (b'{"verbose":1}', "verbose must be true or false"),
        (b'{"accessJwt":1}', "accessJwt must be a string"),
        (b'{"maxStale":[]}', "maxStale must be a duration"),
    ],
)
def test_says_why_without_quoting(text: bytes, why: str) -> None:
    with pytest.raises(UNREADABLE) as caught:
        decode(text)
    assert flaw_of(caught.value, text) == (f"invalid JSON: {why}", None)


def test_keeps_the_id_of_a_message_with_wrong_types() -> None:
    text = b'{"type":5,"id":"mine"}'
    with pytest.raises(UNREADABLE) as caught:
        decode(text)
    assert flaw_of(caught.value, text) == ("invalid JSON: type must be a string", "mine")


@given(st.binary() | st.text().map(str.encode))
def test_raises_nothing_else(data: bytes) -> None:
    try:
        message = decode(data)
        fault(message)
        identity(message.id)
    except UNREADABLE as error:
        flaw_of(error, data)


@pytest.mark.parametrize(
    ("raw", "id"),
    [(b'"a"', "a"), (b'"\\u0041\\n"', "A\n"), (b'""', ""), (b"1", None), (b"null", None), (b"[]", None)],
)
def test_only_a_string_is_an_id(raw: bytes, id: str | None) -> None:
    assert identity(decode(b'{"id":' + raw + b"}").id) == id


@pytest.mark.parametrize("value", ['"2s"', '"1m30s"', '"0"', "0", "2.5", "null", '"1h0.5ms"'])
def test_accepts_a_staleness(value: str) -> None:
    assert fault(decode(b'{"type":"query","query":"q","maxStale":%b}' % value.encode())) is None


@pytest.mark.parametrize("value", ['"2"', '""', '"-1s"', "-1", '"soon"', '"2s "', '"1s+2s"'])
def test_refuses_what_is_no_staleness(value: str) -> None:
    message = decode(b'{"type":"query","query":"q","maxStale":%b}' % value.encode())
    assert fault(message) == 'maxStale must be a duration, such as "2s"'


def test_knows_one_shape() -> None:
    assert fault(decode(b'{"type":"query","query":"q","shape":"http"}')) is None
    assert fault(decode(b'{"type":"query","query":"q","shape":"x"}')) == 'unknown shape: there is only "http"'


@pytest.mark.parametrize("token", ["a b", "a\n", "é"])
def test_refuses_a_token_that_no_header_could_carry(token: str) -> None:
    message = decode(f'{{"type":"auth","token":"t","accessJwt":{token!r}}}'.replace("'", '"').encode())
    assert fault(message) == "accessJwt is not a token"


def test_shows_nothing_of_its_contents() -> None:
    message = decode(b'{"token":"s3cret","mutations":[{"set":{"s3cret":1}}]}')
    assert "s3cret" not in repr(message)
    assert "s3cret" not in repr(message.mutations)
