"""A long answer as it comes: byte for byte what it would be in one piece."""

import zlib

import pytest

from otterd.core.operation import Answer
from otterd.edges.http.render import query_answer
from otterd.wire import api_pb2 as api
from tests.fakes.alpha import Collector, FakeBody

RESPONSE = api.Response(
    json=b'{"q":[' + b'{"uid":"0x1"},' * 50 + b"{}]}",
    txn=api.TxnContext(start_ts=7, preds=["1-0-name"]),
    latency=api.Latency(parsing_ns=1, total_ns=5),
    metrics=api.Metrics(num_uids={"_total": 300, "name": 1}),
)
DATA = RESPONSE.SerializeToString()
HEADERS = ((b"dgraph-toucheduids", b"300"),)


def flowing(pieces, *, gzip=False):
    body = FakeBody(*pieces)
    made = query_answer(Answer(0, body, HEADERS), rdf=False, gzip=gzip)
    return made, body


def gathered(pieces, *, gzip=False):
    made, body = flowing(pieces, gzip=gzip)
    sink = Collector()
    made.stream.start(sink)
    return made, sink, body


def test_every_cut_gives_the_same_bytes():
    whole = query_answer(Answer(0, DATA, HEADERS), rdf=False, gzip=False)
    for cut in range(len(DATA)):
        made, sink, _ = gathered([DATA[:cut], DATA[cut:]])
        assert (sink.data, sink.finished) == (whole.body, True)
        assert (made.status, made.headers, made.touched) == (whole.status, whole.headers, whole.touched)


def test_it_is_compressed_on_its_way():
    whole = query_answer(Answer(0, DATA, HEADERS), rdf=False, gzip=True)
    made, sink, _ = gathered([DATA[at : at + 7] for at in range(0, len(DATA), 7)], gzip=True)
    assert zlib.decompress(sink.data, 31) == whole.body
    assert made.headers == whole.headers
    assert not made.gzip


@pytest.mark.parametrize("pieces", [[DATA[:-1]], [DATA[:100]], [b"\x08\x01"], [b"\x12\x02\x08"]])
def test_what_is_no_response_breaks_off(pieces):
    _, sink, body = gathered(pieces)
    assert sink.failed
    assert not sink.finished
    assert body.stopped


def test_pressure_and_giving_up_reach_the_alpha():
    made, body = flowing([DATA])
    made.stream.pause()
    assert body.paused
    made.stream.resume()
    assert not body.paused
    made.stream.stop()
    assert body.stopped
