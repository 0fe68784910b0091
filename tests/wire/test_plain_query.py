"""Queries written and read without a message, as protobuf itself does it."""

import pytest
from google.protobuf.message import DecodeError
from hypothesis import example, given
from hypothesis import strategies as st

from otterd.wire import api_pb2 as api
from otterd.wire.plain_query import query_of, read_only

QUERIES = st.text(min_size=1, max_size=300) | st.sampled_from([127, 128, 16_383, 16_384]).map("q".__mul__)


@given(QUERIES)
@example("é" * 64)
def test_writes_what_protobuf_writes(query: str) -> None:
    assert read_only(query) == api.Request(query=query, read_only=True).SerializeToString()


@given(QUERIES, st.sampled_from([{}, {"read_only": True}, {"read_only": True, "best_effort": True}]))
def test_reads_a_query_and_what_says_nothing_more_of_it(query: str, flags: dict[str, bool]) -> None:
    payload = api.Request(query=query, **flags).SerializeToString()
    assert query_of(payload) == (query if len(query.encode()) < 16_384 else None)


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
    assert query_of(other.SerializeToString()) is None


@given(st.binary(max_size=40) | st.binary(max_size=40).map(b"\x22\x05{ q }".__add__))
@example(b"\x22")
@example(b"\x22\x80")
@example(b"\x22\x80\x00")
@example(b"\x22\x02q")
@example(b"\x22\x01\xff")
@example(b"\x22\x01q\x22\x01r")
def test_reads_no_bytes_in_another_way_than_protobuf(payload: bytes) -> None:
    try:
        query = query_of(payload)
    except UnicodeDecodeError:
        with pytest.raises(DecodeError):
            api.Request.FromString(payload)
        return
    if query is not None:
        request = api.Request.FromString(payload)
        assert request.query == query
        assert (dict(request.vars), list(request.mutations), request.start_ts) == ({}, [], 0)


def test_neither_writes_what_is_no_text() -> None:
    for write in (read_only, lambda query: api.Request(query=query)):
        with pytest.raises(ValueError, match="surrogate"):
            write("\ud800")
