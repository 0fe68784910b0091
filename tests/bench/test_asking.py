import json

import h2.config
import h2.connection
import h2.events
import pytest

from bench import asking
from otterd.wire import api_pb2


@pytest.mark.parametrize("distinct", [True, False])
def test_the_body_is_as_long_as_its_head_says(distinct):
    head, _, body = asking.http(distinct=distinct).request.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head


def test_a_settled_request_has_no_run_left():
    for asked in (asking.http(distinct=False), asking.websocket("t", distinct=False)):
        assert b"\x01" not in asked.request
        assert b"\x02" not in asked.request
    assert json.loads(asking.settled(asking.body()))["query"] == asking.query("4711004711")


def test_a_distinct_request_has_a_literal_a_deadline_and_a_token_to_choose():
    request = asking.http(distinct=True).request.decode()
    for run in (asking.DIGITS, asking.DEADLINE, asking.TOKEN):
        assert run in request


@pytest.mark.parametrize("distinct", [True, False])
def test_an_http2_server_takes_the_call(distinct):
    server = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    asked = asking.grpc(distinct=distinct)
    template = asking.settled(asked.request)
    events = server.receive_data(asked.hello + template)
    called = next(event for event in events if isinstance(event, h2.events.RequestReceived))
    assert (b":path", b"/api.Dgraph/Query") in called.headers
    assert ((b"grpc-timeout", b"5000m") in called.headers) is distinct
    data = b"".join(event.data for event in events if isinstance(event, h2.events.DataReceived))
    assert api_pb2.Request.FromString(data[5:]).query == asking.query("4711004711")
    assert any(isinstance(event, h2.events.StreamEnded) for event in events)


def test_a_text_frame_says_how_long_it_is():
    assert asking.text_frame(b"x" * 125)[1] == 0x80 | 125
    assert asking.text_frame(b"x" * 126)[:4] == b"\x81\xfe\x00\x7e"


def test_the_answer_is_some_600_bytes_of_json():
    assert 550 <= len(api_pb2.Response.FromString(asking.answer()).json) <= 650
