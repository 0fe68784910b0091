"""Long answers, which flow no faster than they are read."""

import pytest

from otterd.alphas.h2 import link as link_module
from otterd.alphas.h2.long_answer import WHOLE
from otterd.core.operation import Rpc
from otterd.errors import TimedOut
from otterd.wire.h2 import Code, Limits, block
from tests.alphas.h2.net import HEADED, TRAILED
from tests.alphas.h2.test_channel import Result
from tests.fakes.alpha import Collector

FLOWS = Rpc("Query", b"", streams=True)
SIZE = 8 << 20
GENEROUS = Limits(queued_stream_bytes=64 << 20, queued_bytes=64 << 20)


def head_of(size):
    return b"\0" + size.to_bytes(4)


def begin(net, *, size=SIZE, rpc=FLOWS, timeout=5.0):
    """Return a call whose long answer has begun, the connection and the alpha's stream."""
    result = Result(net.channel.call(rpc, timeout))
    connection = net.connections[0] if net.connections else net.accept(limits=GENEROUS)
    connection.pump()
    stream = connection.asked[-1].stream
    connection.server.head(stream, HEADED)
    for at in range(0, size, 1 << 20):
        piece = bytes([at >> 20]) * min(1 << 20, size - at)
        connection.server.send(stream, piece if at else head_of(size) + piece)
    connection.pump()
    return result, connection, stream


def end(connection, stream, trailers=TRAILED):
    connection.server.finish(stream, trailers)
    connection.pump()


def held(connection, stream):
    """Return how many bytes the alpha was not yet allowed to send."""
    return stream.queued


def test_it_flows_whole_and_gets_its_trailers_at_the_end(net):
    result, connection, stream = begin(net)
    assert net.channel.open == 1
    end(connection, stream, block([(b"grpc-status", b"0"), (b"x", b"y")]))
    sink = Collector()
    result.answer.body.start(sink)
    connection.pump()
    assert (sink.finished, len(sink.data)) == (True, SIZE)
    assert sink.data[:: 1 << 20] == bytes(range(8))
    assert result.answer.trailers == ((b"x", b"y"),)
    assert net.channel.open == 0
    assert result.answer.length == SIZE


def test_a_reader_that_waits_holds_the_alpha_at_one_window(net):
    result, connection, stream = begin(net)
    assert SIZE - held(connection, stream) <= link_module.LIMITS.stream_window
    sink = Collector()
    taken = []

    def write(data):
        taken.append(len(data))
        result.answer.body.pause()

    sink.write = write
    result.answer.body.start(sink)
    connection.pump()
    assert len(taken) == 1
    assert held(connection, stream) > SIZE - (2 << 20)
    for _ in range(20_000):
        if not held(connection, stream):
            break
        result.answer.body.resume()
        connection.pump()
    end(connection, stream)
    while not sink.finished:
        result.answer.body.resume()
    assert sum(taken) == SIZE


def test_only_who_asked_for_it_gets_a_stream(net):
    result, connection, stream = begin(net, rpc=Rpc("Query", b""))
    end(connection, stream)
    assert len(result.answer.body) == SIZE


def test_a_short_answer_is_whole(net):
    result, connection, stream = begin(net, size=WHOLE)
    end(connection, stream)
    assert len(result.answer.body) == WHOLE


def test_the_alpha_has_time_to_be_rid_of_it_but_not_to_begin_late(net):
    late = Result(net.channel.call(FLOWS, 1.0))
    connection = net.accept()
    assert connection.asked[0].head.get(b"grpc-timeout") == b"601000m"
    net.pass_time(1.1)
    assert late.kind is TimedOut
    assert connection.asked[0].reset == Code.CANCEL


def test_the_deadline_does_not_bind_what_has_begun_while_its_reader_waits(net):
    result, connection, stream = begin(net, timeout=1.0)
    sink = Collector()
    result.answer.body.start(sink)
    result.answer.body.pause()
    net.pass_time(100, step=1.0)
    result.answer.body.resume()
    end(connection, stream)
    assert sink.finished


@pytest.mark.parametrize("reads", [True, False])
def test_a_strict_deadline_binds_its_end_too(net, reads):
    result, connection, _ = begin(net, rpc=Rpc("Query", b"", streams=True, strict=True), timeout=10.0)
    assert connection.asked[0].head.get(b"grpc-timeout") == b"10000m"
    sink = Collector()
    connection.server.hold()
    result.answer.body.start(sink)
    if not reads:
        result.answer.body.pause()
    net.pass_time(9.9, step=0.1)
    assert not sink.failed
    assert connection.asked[0].reset is None
    net.pass_time(0.2)
    assert connection.asked[0].reset == Code.CANCEL
    if not reads:
        result.answer.body.resume()
    assert sink.failed


def test_an_alpha_that_does_not_go_on_is_given_up(net):
    result, connection, _ = begin(net)
    sink = Collector()
    connection.server.hold()
    result.answer.body.start(sink)
    net.pass_time(30.5, step=0.5)
    assert sink.failed
    assert connection.asked[0].reset == Code.CANCEL


def test_stopping_tells_the_alpha_and_frees_the_window(net):
    result, connection, _ = begin(net)
    result.answer.body.stop()
    result.answer.body.stop()
    connection.pump()
    assert connection.asked[0].reset == Code.CANCEL
    for _ in range(100):
        again, _, _ = begin(net)
        again.answer.body.stop()
        connection.pump()


class Brief(Collector):
    """Takes more than half of a window, so that the alpha may send the rest, and then pauses."""

    def __init__(self, body):
        super().__init__()
        self.body = body

    def write(self, data):
        super().write(data)
        if len(self.data) > 600_000:
            self.body.pause()


def test_stopping_after_the_end_frees_the_window(net):
    for _ in range(200):
        result, connection, stream = begin(net, size=WHOLE + 1000)
        body = result.answer.body
        body.start(Brief(body))
        connection.pump()
        end(connection, stream)
        assert not stream.local_open
        body.stop()


@pytest.mark.parametrize(
    "breaks",
    [
        lambda connection, stream: end(connection, stream, block([(b"grpc-status", b"13")])),
        lambda connection, stream: connection.server.reset(stream, Code.INTERNAL_ERROR),
        lambda connection, stream: connection.lose(),
    ],
)
def test_what_breaks_in_the_middle_is_told(net, breaks):
    result, connection, stream = begin(net, size=SIZE)
    sink = Collector()
    result.answer.body.start(sink)
    connection.pump()
    breaks(connection, stream)
    connection.pump()
    assert sink.failed
    assert not sink.finished


def test_an_answer_that_ends_early_breaks(net):
    result = Result(net.channel.call(FLOWS, 5))
    connection = net.accept(limits=GENEROUS)
    stream = connection.asked[0].stream
    connection.server.head(stream, HEADED)
    connection.server.send(stream, head_of(SIZE) + b"abc")
    end(connection, stream)
    sink = Collector()
    result.answer.body.start(sink)
    assert sink.failed


def test_a_connection_with_many_slow_readers_takes_no_more_calls(net):
    for _ in range(link_module.MOST_FLOWING):
        begin(net, size=WHOLE + 1)
    net.pass_time(1.5)
    Result(net.channel.call(FLOWS, 5))
    net.connections[0].pump()
    assert len(net.connections[0].asked) == link_module.MOST_FLOWING
    assert net.dialled
