"""A question put together by hand is what protobuf reads, and writes, itself."""

import pytest
from google.protobuf.message import DecodeError
from hypothesis import example, given
from hypothesis import strategies as st

from otterd.wire import api_pb2 as api
from otterd.wire.question import READ_ONLY, question, text_of

LENGTHS = (0, 1, 127, 128, 16383, 16384, 2_097_152)


@given(st.text(), st.dictionaries(st.text(), st.text()))
def test_protobuf_reads_what_was_asked(text: str, variables: dict[str, str]) -> None:
    assert api.Request.FromString(question(text, variables)) == api.Request(query=text, vars=variables)


def test_lengths_of_every_size_are_told() -> None:
    for length in LENGTHS:
        text = "é" * length
        variables = {text: "", "": text}
        assert api.Request.FromString(question(text, variables)) == api.Request(query=text, vars=variables)


def test_the_bytes_are_those_of_protobuf() -> None:
    for text, variables in (("", {}), ("{ q }", {}), ("q" * 300, {"$a": "b"}), ("", {"": ""})):
        assert question(text, variables) == api.Request(query=text, vars=variables).SerializeToString()
    assert question("{ q }") == question("{ q }", {})
    assert question("{ q }") + READ_ONLY == api.Request(query="{ q }", read_only=True).SerializeToString()


def test_what_is_no_text_is_not_written() -> None:
    with pytest.raises(UnicodeEncodeError):
        question("\ud800")


QUERIES = st.text(min_size=1, max_size=300) | st.sampled_from([127, 128, 16_383, 16_384]).map("q".__mul__)


@given(QUERIES, st.sampled_from([{}, {"read_only": True}, {"read_only": True, "best_effort": True}]))
def test_reads_a_query_and_what_says_nothing_more_of_it(query: str, flags: dict[str, bool]) -> None:
    payload = api.Request(query=query, **flags).SerializeToString()
    assert text_of(payload) == (query if len(query.encode()) < 16_384 else None)


@pytest.mark.parametrize(
    "other",
    [
        api.Request(),
        api.Request(query="q", vars={"$a": "1"}),
        api.Request(query="q", start_ts=7, read_only=True),
        api.Request(query="q", mutations=[api.Mutation(set_nquads=b"m")]),
        api.Request(query="q", resp_format=api.Request.RDF),
        api.Request(query="q", commit_now=True),
    ],
)
def test_leaves_every_other_request_to_protobuf(other: api.Request) -> None:
    assert text_of(other.SerializeToString()) is None


@given(st.binary(max_size=40) | st.binary(max_size=40).map(b"\x22\x05{ q }".__add__))
@example(b"\x22")
@example(b"\x22\x80")
@example(b"\x22\x80\x00")
@example(b"\x22\x02q")
@example(b"\x22\x01\xff")
@example(b"\x22\x01q\x22\x01r")
def test_reads_no_bytes_in_another_way_than_protobuf(payload: bytes) -> None:
    try:
        query = text_of(payload)
    except UnicodeDecodeError:
        with pytest.raises(DecodeError):
            api.Request.FromString(payload)
        return
    if query is not None:
        request = api.Request.FromString(payload)
        assert request.query == query
        assert (dict(request.vars), list(request.mutations), request.start_ts) == ({}, [], 0)
