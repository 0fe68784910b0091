"""Numbers, sizes, times and truth values as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otterd.config import units


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("1m30s", 90),
        ("250ms", 0.25),
        ("5", 5),
        ("0.5", 0.5),
        ("1.5h", 5400),
        ("2h3m4s5ms", 7384.005),
        ("100us", 0.0001),
        ("0", 0),
    ],
)
def test_reads_a_time(text: str, seconds: float) -> None:
    assert units.span(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "s", "5 s", "1m30", "-1s", "1d", "1e3", "nan", "inf", "٣s", "1s\n", "9" * 400]
)
def test_refuses_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="expected a time"):
        units.span(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("4MiB", 4 << 20),
        ("64KiB", 65536),
        ("1024", 1024),
        ("10MB", 10_000_000),
        ("1GiB", 1 << 30),
        ("1.5KiB", 1536),
        ("2 kib", 2048),
        ("7B", 7),
    ],
)
def test_reads_a_size(text: str, count: int) -> None:
    assert units.size(text) == count


@pytest.mark.parametrize("text", ["", "MiB", "4 M", "-1", "1.3B", "0x10", "4MiBB", "1e3", "9" * 400])
def test_refuses_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="expected a size"):
        units.size(text)


@pytest.mark.parametrize("text", ["true", "True", "1", "t", "yes", "on", "Y"])
def test_reads_true(text: str) -> None:
    assert units.boolean(text) is True


@pytest.mark.parametrize("text", ["false", "FALSE", "0", "f", "no", "off", "n"])
def test_reads_false(text: str) -> None:
    assert units.boolean(text) is False


@pytest.mark.parametrize("text", ["", "2", "maybe", "true "])
def test_refuses_what_is_neither(text: str) -> None:
    with pytest.raises(ValueError, match="expected true or false"):
        units.boolean(text)


@pytest.mark.parametrize("text", ["", "1.0", "1_000", "0x1", "٣", "--1", "1 "])
def test_refuses_what_is_no_whole_number(text: str) -> None:
    with pytest.raises(ValueError, match="expected a whole number"):
        units.integer(text)


@pytest.mark.parametrize("text", ["", "-1", "nan", "inf", "1e3", "."])
def test_refuses_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="expected a number"):
        units.number(text)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (0.25, "250ms"), (5, "5s"), (90, "1m30s"), (3600, "1h"), (1.5, "1.5s")]
)
def test_writes_a_time(seconds: float, text: str) -> None:
    assert units.span_text(seconds) == text


@given(st.integers(0, 10**9))
def test_a_time_reads_back_as_written(milliseconds: int) -> None:
    assert units.span(units.span_text(milliseconds / 1000)) == milliseconds / 1000


@given(st.integers(0, 2**41))
def test_a_size_reads_back_as_written(count: int) -> None:
    assert units.size(units.size_text(count)) == count


@given(st.floats(0, 1e9).map(lambda value: round(value, 6)))
def test_a_number_reads_back_as_written(value: float) -> None:
    assert units.number(units.number_text(value)) == value
