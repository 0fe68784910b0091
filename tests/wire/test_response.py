"""An api.Response split into its JSON and the rest, in pieces of any size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otterd.wire import api_pb2 as api
from otterd.wire import response as module
from otterd.wire.response import BadResponse, ResponseReader

WHOLE = api.Response(
    json=b"[" + b"1," * 300 + b"1]",
    txn=api.TxnContext(start_ts=7, preds=["1-0-name"] * 40),
    latency=api.Latency(total_ns=5),
    metrics=api.Metrics(num_uids={"_total": 300, "name": 1}),
)


def read(data, cuts=()):
    reader = ResponseReader()
    pieces = [data[a:b] for a, b in zip((0, *cuts), (*cuts, len(data)), strict=True)]
    return b"".join(map(reader.feed, pieces)), reader


def check(data, cuts):
    found, reader = read(data, cuts)
    rest = api.Response.FromString(reader.rest)
    assert found == WHOLE.json
    assert not rest.json
    rest.json = found
    assert rest == WHOLE


def test_one_cut_anywhere_changes_nothing():
    data = WHOLE.SerializeToString()
    for cut in range(len(data)):
        check(data, (cut,))


@given(st.lists(st.integers(0, WHOLE.ByteSize()), max_size=20))
def test_many_cuts_change_nothing(cuts):
    check(WHOLE.SerializeToString(), tuple(sorted(cuts)))


def test_the_json_may_come_last_or_not_at_all():
    tail = api.Response(json=b"{}").SerializeToString()
    rest = api.Response(txn=api.TxnContext(start_ts=7)).SerializeToString()
    found, reader = read(rest + tail)
    assert (found, reader.rest) == (b"{}", rest)
    found, reader = read(rest)
    assert (found, reader.rest) == (b"", rest)


@pytest.mark.parametrize("data", [b"\x08\x01", b"\x8a\x01\x00", b"\x0a\xff\xff\xff\xff\xff\x01"])
def test_what_is_no_response_is_refused(data):
    with pytest.raises(BadResponse):
        read(data)


@pytest.mark.parametrize("data", [b"\x0a", b"\x0a\x05ab", b"\x12\x05ab"])
def test_what_breaks_off_is_refused_at_its_end(data):
    _, reader = read(data)
    with pytest.raises(BadResponse):
        _ = reader.rest


def test_what_is_kept_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "MOST_REST", 10)
    with pytest.raises(BadResponse):
        read(b"\x12\x0b" + b"x" * 11)
