"""Whatever is read from the bytes is what protobuf reads in them, or is left to it."""

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from otterd.edges.http.extensions import told
from otterd.edges.http.render import tail
from otterd.wire import api_pb2 as api

number = st.integers(0, 2**64 - 1) | st.integers(0, 300)
latency = st.builds(
    api.Latency,
    parsing_ns=number,
    processing_ns=number,
    encoding_ns=number,
    assign_timestamp_ns=number,
    total_ns=number,
)
txn = st.builds(
    api.TxnContext,
    start_ts=number,
    hash=st.text(),
    commit_ts=st.sampled_from((0, 0, 0, 7)),
    keys=st.sampled_from(([], [], ["k"])),
)
metrics = st.builds(api.Metrics, num_uids=st.dictionaries(st.text() | st.just("_total"), number))
responses = st.builds(
    api.Response,
    json=st.binary(),
    latency=st.none() | latency,
    txn=st.none() | txn,
    metrics=st.none() | metrics,
    rdf=st.sampled_from((b"", b"", b"x")),
)


def agree(body: bytes) -> bool:
    """Tell whether `body` was read, and insist that protobuf reads the same."""
    found = told(body)
    if found is None:
        return False
    response = api.Response.FromString(body)
    data, extensions, touched = found
    assert data == response.json
    assert b',"extensions":{%b}}' % extensions.encode() == tail(response)
    assert touched == response.metrics.num_uids.get("_total", 0)
    return True


@given(responses)
def test_answers_are_read_as_protobuf_reads_them(response: api.Response) -> None:
    agree(response.SerializeToString())


@given(st.lists(responses, min_size=2, max_size=3))
def test_parts_that_are_to_be_merged_are_left_to_protobuf(parts: list[api.Response]) -> None:
    agree(b"".join(part.SerializeToString() for part in parts))


@given(responses, st.data())
def test_no_broken_bytes_are_read_otherwise(response: api.Response, data: st.DataObject) -> None:
    body = bytearray(response.SerializeToString())
    at = data.draw(st.integers(0, len(body)))
    body[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    agree(bytes(body))


@given(st.binary(max_size=20))
def test_no_bytes_at_all_are_read_otherwise(body: bytes) -> None:
    agree(body)


def test_a_plain_answer_is_read() -> None:
    response = api.Response(json=b'{"q":[]}', latency=api.Latency(parsing_ns=1, total_ns=2**40))
    response.txn.start_ts = 300
    response.txn.hash = "a<b"
    for name, count in (("_total", 70_000), ("é", 2), ("name" * 20, 128)):
        response.metrics.num_uids[name] = count
    assert agree(response.SerializeToString())
    assert agree(api.Response(latency=api.Latency(), txn=api.TxnContext(), metrics={}).SerializeToString())
    assert agree(b"")


@pytest.mark.parametrize(
    "response",
    [
        api.Response(rdf=b"x"),
        api.Response(uids={"a": "0x1"}),
        api.Response(txn=api.TxnContext(start_ts=1, commit_ts=2)),
        api.Response(txn=api.TxnContext(preds=["a"])),
        api.Response(metrics=api.Metrics(num_uids={"n" * 200: 1})),
    ],
)
def test_what_is_rare_is_left_to_protobuf(response: api.Response) -> None:
    assert not agree(response.SerializeToString())


def test_bytes_that_are_no_text_are_left_to_protobuf() -> None:
    body = (
        api.Response(metrics=api.Metrics(num_uids={"xx": 1})).SerializeToString().replace(b"xx", b"\xff\xff")
    )
    assert told(body) is None
    with pytest.raises(DecodeError):
        api.Response.FromString(body)
