"""gRPC's header values, each way and back."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otterd.wire.h2.metadata import (
    decode_binaries,
    decode_binary,
    decode_message,
    encode_binary,
    encode_message,
    format_timeout,
    parse_timeout,
)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"1H", 3600.0),
        (b"2M", 120.0),
        (b"3S", 3.0),
        (b"4m", 0.004),
        (b"5u", 5e-6),
        (b"6n", 6e-9),
        (b"99999999H", 99_999_999 * 3600.0),
        (b"0S", 0.0),
    ],
)
def test_a_timeout_is_a_number_and_a_unit(value: bytes, seconds: float) -> None:
    assert parse_timeout(value) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "value", [b"", b"S", b"1", b"1s", b"-1S", b"123456789S", b"1.5S", b"1S ", b"+1S", b"1S\n"]
)
def test_what_is_no_timeout_is_none(value: bytes) -> None:
    assert parse_timeout(value) is None


@given(st.floats(0.0, 1e12))
def test_a_written_timeout_is_valid_and_hardly_longer(seconds: float) -> None:
    value = format_timeout(seconds)
    again = parse_timeout(value)
    assert again is not None
    if seconds < 99_999_999 * 3600.0:
        assert again >= seconds * (1 - 1e-9)
        assert again <= seconds * 1.0001 + 1e-8


def test_no_time_left_is_the_least_time() -> None:
    assert format_timeout(0.0) == format_timeout(-5.0) == b"1n"
    assert parse_timeout(format_timeout(math.inf)) == 99_999_999 * 3600.0


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_message_comes_back_and_is_printable_meanwhile(text: str) -> None:
    value = encode_message(text)
    assert all(0x20 <= byte <= 0x7E for byte in value)
    assert decode_message(value) == text


@pytest.mark.parametrize(
    ("text", "value"), [("a b", b"a b"), ("100%", b"100%25"), ("ü\n", b"%C3%BC%0A"), ("", b""), ("~ ", b"~ ")]
)
def test_messages_are_written_as_grpc_does(text: str, value: bytes) -> None:
    assert encode_message(text) == value


@pytest.mark.parametrize(
    ("value", "text"), [(b"%", "%"), (b"%4", "%4"), (b"%zz", "%zz"), (b"%FF", "\ufffd"), (b"%41%", "A%")]
)
def test_a_message_wrongly_written_is_not_lost(value: bytes, text: str) -> None:
    assert decode_message(value) == text


@given(st.binary(max_size=50))
def test_bytes_come_back_padded_or_not(raw: bytes) -> None:
    value = encode_binary(raw)
    assert b"=" not in value
    assert decode_binary(value) == decode_binary(value + b"=" * (-len(value) % 4)) == raw


@given(st.lists(st.binary(max_size=9), min_size=1))
def test_joined_bytes_are_told_apart(raws: list[bytes]) -> None:
    assert decode_binaries(b", ".join(map(encode_binary, raws))) == raws


@pytest.mark.parametrize("value", [b"a", b"!!!!", b"ab cd", b"=a=="])
def test_what_is_no_base64_is_an_error(value: bytes) -> None:
    with pytest.raises(ValueError, match="no base64"):
        decode_binary(value)
