"""A transaction's timestamp, heard in a gRPC answer that flows by."""

import pytest

from otterd.core.started import Starting
from otterd.gateway.listening import Listening
from otterd.wire import api_pb2 as api
from tests.fakes.alpha import Collector, FakeBody

DATA = api.Response(
    json=b'{"q":[{"txn":{"start_ts":9}}]}', txn=api.TxnContext(start_ts=7), latency=api.Latency(total_ns=5)
).SerializeToString()


def heard(*pieces):
    told, sink = [], Collector()
    Listening(FakeBody(*pieces), Starting(), told.append).start(sink)
    return told, sink


def test_it_is_told_at_the_end_wherever_the_pieces_are_cut():
    for cut in range(len(DATA)):
        told, sink = heard(DATA[:cut], DATA[cut:])
        assert (told, sink.data, sink.finished) == ([7], DATA, True)


@pytest.mark.parametrize("data", [b"", b"\x08\x01", DATA[:-1], api.Response(json=b"{}").SerializeToString()])
def test_what_names_none_passes_all_the_same(data):
    told, sink = heard(data)
    assert (told, sink.data, sink.finished) == ([], data, True)
