"""Values and times: what Dgraph takes, keeps, prints and says."""

import pytest

from otterd.sandbox.failures import Failed
from otterd.sandbox.instants import Instant, parsed
from otterd.sandbox.values import Value, converted

YEAR_2000 = 946_684_800


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2006", "2006-01-01T00:00:00Z"),
        ("2006-01", "2006-01-01T00:00:00Z"),
        ("2006-01-02", "2006-01-02T00:00:00Z"),
        ("2006-01-02T15:04:05", "2006-01-02T15:04:05Z"),
        ("2006-01-02T15:04:05Z", "2006-01-02T15:04:05Z"),
        ("2006-01-02T15:04:05.120+07:00", "2006-01-02T15:04:05.12+07:00"),
        ("2006-01-02T15:04:05.000000001-00:30", "2006-01-02T15:04:05.000000001-00:30"),
        ("2006-01-02 15:04:05 +0000 UTC", "2006-01-02T15:04:05Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
    ],
)
def test_times_are_read_in_every_form_and_shown_in_one(text, shown):
    assert parsed(text).text() == shown


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("abc", 'parsing time "abc" as "2006-01-02T15:04:05": cannot parse "abc" as "2006"'),
        ("2006-13", 'parsing time "2006-13": month out of range'),
        ("2006-02-30", 'parsing time "2006-02-30": day out of range'),
        ("2006-1x-02", 'parsing time "2006-1x-02" as "2006-01-02": cannot parse "1x-02" as "01"'),
    ],
)
def test_what_is_no_time_is_refused_in_the_words_of_go(text, words):
    with pytest.raises(ValueError) as refused:
        parsed(text)
    assert str(refused.value) == words


def test_offsets_are_only_for_printing():
    assert parsed("2000-01-01T01:00:00+01:00").seconds == parsed("2000-01-01").seconds == YEAR_2000


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (Value("string", "12"), "int", 12),
        (Value("default", "1e3"), "float", 1000.0),
        (Value("string", "T"), "bool", True),
        (Value("float", 2.9), "int", 2),
        (Value("int", 3), "float", 3.0),
        (Value("int", 0), "bool", False),
        (Value("bool", True), "int", 1),
        (Value("float", 1e21), "string", "1E+21"),
        (Value("float", 1.5), "string", "1.5"),
        (Value("float", 123456789.125), "string", "1.23456789125E+08"),
        (Value("int", -7), "string", "-7"),
        (Value("bool", False), "string", "false"),
        (Value("int", YEAR_2000), "datetime", Instant(YEAR_2000 * 10**9)),
        (Value("datetime", Instant(YEAR_2000 * 10**9)), "int", YEAR_2000),
        (Value("datetime", Instant(YEAR_2000 * 10**9)), "string", "2000-01-01T00:00:00Z"),
    ],
)
def test_kinds_are_converted(value, kind, expected):
    assert converted(value, kind) == Value(kind, expected)


@pytest.mark.parametrize(
    ("value", "kind", "words"),
    [
        (Value("string", "a"), "int", 'strconv.ParseInt: parsing "a": invalid syntax'),
        (Value("string", str(2**63)), "int", f'strconv.ParseInt: parsing "{2**63}": value out of range'),
        (Value("string", "x"), "float", 'strconv.ParseFloat: parsing "x": invalid syntax'),
        (Value("string", "nan"), "float", "Got invalid value: NaN"),
        (Value("string", "yes"), "bool", 'strconv.ParseBool: parsing "yes": invalid syntax'),
        (Value("bool", True), "datetime", "Cannot convert bool to type datetime"),
        (Value("float", 1e300), "int", "Float out of int64 range"),
        (Value("string", "{}"), "geo", "sandbox: type geo is not supported"),
    ],
)
def test_what_cannot_be_converted_is_refused(value, kind, words):
    with pytest.raises(Failed) as refused:
        converted(value, kind)
    assert refused.value.text == words
