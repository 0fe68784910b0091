"""Go's readings and writings, as its own standard library gave them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otterd.edges.http.golang import (
    Unsure,
    boolean,
    compact,
    duration,
    ignorable,
    media_type,
    params,
    quote,
    quoted_plain,
    text_of,
    uint,
)

NAMES = frozenset((b"a", b"ab"))


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (b"", 0),
        (b"0", 0),
        (b"7", 7),
        (b"18446744073709551615", 2**64 - 1),
        (b"0x1F", 31),
        (b"0XfF", 255),
        (b"0b101", 5),
        (b"0O17", 15),
    ],
)
def test_reads_numbers_as_go_does(value, number):
    assert uint(value) == number


@pytest.mark.parametrize(
    "value",
    [b"-1", b"+1", b"1.0", b"1e3", b" 1", b"abc", b"0x", b"18446744073709551616", b"017", b"1_000", b"\xb2"],
)
def test_leaves_other_numbers_to_dgraph(value):
    with pytest.raises(Unsure):
        uint(value)


def test_reads_the_truths_that_go_knows():
    assert all(boolean(value) for value in (b"1", b"t", b"T", b"true", b"TRUE", b"True"))
    assert not any(boolean(value) for value in (b"", b"0", b"f", b"F", b"false", b"FALSE", b"False"))
    for value in (b"yes", b"tRUE", b"2", b" true", b"on"):
        with pytest.raises(Unsure):
            boolean(value)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"", None),
        (b"0", None),
        (b"0s", None),
        (b"20s", 20),
        (b"1m2.5s300ms", 62.8),
        (b"+1.s", 1),
        (b".5h", 1800),
        (b"100us", 1e-4),
        ("7µs".encode(), 7e-6),
        ("7μs".encode(), 7e-6),
        (b"5ns", 5e-9),
        (b"1h1h", 7200),
    ],
)
def test_reads_durations_as_go_does(value, seconds):
    assert duration(value) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    "value", [b"20", b"1d", b"-1s", b"s", b".s", b"1s ", b"1 s", b"9999999h", b"1S", b"1s1", b"\xff"]
)
def test_leaves_other_durations_to_dgraph(value):
    with pytest.raises(Unsure):
        duration(value)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (b"", {}),
        (b"a=1&ab=2&x=3", {b"a": b"1", b"ab": b"2"}),
        (b"a", {b"a": b""}),
        (b"a=", {b"a": b""}),
        (b"a=1=2", {b"a": b"1=2"}),
        (b"&&a=1&", {b"a": b"1"}),
        (b"%61=%3c+%2B", {b"a": b"< +"}),
        (b"A=1", {}),
        (b"x=1&x=2&a=3", {b"a": b"3"}),
        (b"a=?#", {b"a": b"?#"}),
        (b"a=%25", {b"a": b"%"}),
    ],
)
def test_reads_parameters_as_go_does(query, found):
    assert params(query, NAMES) == found


@pytest.mark.parametrize(
    "query", [b"a=1&a=2", b"a=1;ab=2", b"a=%", b"x=%zz", b"a=%6", b"a=\xff", b"a=b c", b"a=\x7f"]
)
def test_leaves_odd_parameters_to_dgraph(query):
    with pytest.raises(Unsure):
        params(query, NAMES)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (b"application/json", b"application/json"),
        (b" Application/JSON ", b"application/json"),
        (b"application/graphql+-", b"application/graphql+-"),
        (b"application/json; charset=utf-8", b"application/json"),
        (b'application/dql;charset="UTF-8" ;', b"application/dql"),
    ],
)
def test_reads_media_types_as_go_does(value, kind):
    assert media_type(value) == kind


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"application",
        b"application/json x",
        b"application/json; charset",
        b"application/json; charset=latin1",
        b"application/json; charset = utf-8",
        b"application/json; level=1",
        b"application/json, text/plain",
    ],
)
def test_leaves_other_media_types_to_dgraph(value):
    with pytest.raises(Unsure):
        media_type(value)


def test_knows_which_keys_go_ignores():
    names = ("query", "variables")
    assert ignorable("operationName", names)
    # Go folds case, also that of the long s and of the Kelvin sign.
    assert not any(ignorable(key, names) for key in ("QUERY", "Query", "variableſ", "ä"))


def test_leaves_broken_utf_8_to_dgraph():
    assert text_of("é".encode()) == "é"
    with pytest.raises(Unsure):
        text_of(b"\xff")


@pytest.mark.parametrize(
    ("text", "string"),
    [
        ("plain", b'"plain"'),
        ('"\\/', b'"\\"\\\\/"'),
        ("<&>", b'"\\u003c\\u0026\\u003e"'),
        ("\b\f\n\r\t\x00\x1f\x7f", b'"\\b\\f\\n\\r\\t\\u0000\\u001f\x7f"'),
        ("\u2028\u2029é🦦", b'"\\u2028\\u2029' + "é🦦".encode() + b'"'),
    ],
)
def test_writes_strings_as_go_does(text, string):
    assert quote(text) == string


def test_leaves_html_as_it_is_in_rdf():
    assert quoted_plain('<a> "b" & \u2028\n') == '"<a> \\"b\\" & \\u2028\\n"'


@given(st.text())
def test_what_is_written_reads_back(text):
    assert json.loads(quote(text)) == text
    assert json.loads(quoted_plain(text)) == text


def test_embeds_json_as_go_does():
    raw = '{"a<b":"x&y>\u2028é"}'.encode()
    assert compact(raw) == b'{"a\\u003cb":"x\\u0026y\\u003e\\u2028' + "é".encode() + b'"}'
    assert compact(b'{"a":1}') == b'{"a":1}'


@pytest.mark.parametrize("mark", "<>&\u2028\u2029")
def test_embeds_each_of_the_marks_escaped(mark):
    assert compact(f'"{mark}"'.encode()) == b'"\\u%04x"' % ord(mark)
