"""The timestamp in the bytes of a Response."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otterd.core.started import groups_of_commit, started
from otterd.wire import api_pb2 as api

numbers = st.integers(0, 2**64 - 1)


@given(
    st.binary(max_size=400),
    numbers,
    numbers,
    st.lists(st.text(max_size=9), max_size=4),
    st.binary(max_size=99),
)
def test_finds_what_protobuf_finds(data: bytes, start: int, commit: int, keys: list[str], rdf: bytes) -> None:
    txn = api.TxnContext(start_ts=start, commit_ts=commit, keys=keys)
    message = api.Response(json=data, txn=txn, latency=api.Latency(total_ns=5), rdf=rdf)
    assert started(message.SerializeToString()) == start


def test_a_response_without_a_transaction_has_none() -> None:
    assert started(api.Response(json=b"{}").SerializeToString()) == 0
    assert started(b"") == 0


@pytest.mark.parametrize("junk", [b"\x12", b"\x12\x05\x08", b"\xff" * 40, b"\x0a\xff\xff\xff\xff\x0f"])
def test_what_is_no_message_has_none(junk: bytes) -> None:
    assert started(junk) == 0


@given(st.binary(max_size=60))
def test_no_bytes_make_it_fail(junk: bytes) -> None:
    started(junk)


def test_a_commit_names_the_tablets_that_it_touches() -> None:
    context = api.TxnContext(start_ts=3, preds=["1-0-name", "12-2a-a-b", "x-y"])
    assert groups_of_commit(context.SerializeToString()) == {
        "0-name": 1,
        "2a-a-b": 12,
        "y": 0,
    }
    assert groups_of_commit(b"\xff\xff") == {}
