"""Calls with messages both ways, against an alpha in memory."""

from math import inf

import pytest
from twisted.internet.defer import CancelledError

from otterd.alphas.h2 import channel as channel_module
from otterd.alphas.h2 import link as link_module
from otterd.core.operation import Duplex
from otterd.errors import Lost, NotReached, TimedOut
from otterd.wire.h2 import Code, Limits, block
from tests.alphas.h2.net import HEADED, TRAILED
from tests.alphas.h2.test_channel import Result
from tests.fakes.alpha import Collector

FIRST = b"\0\0\0\0\x02\x08\x01"
NARROW = Limits(stream_window=100)
REFUSED = block(
    [(b":status", b"200"), (b"grpc-status", b"9"), (b"grpc-message", b"not armed%21"), (b"t", b"1")]
)


def opened(net, *, timeout=5.0, limits=None, **fields):
    """Return a call that was sent, the connection, and the request as the alpha hears it."""
    result = Result(net.channel.call(Duplex("StreamExtSnapshot", FIRST, **fields), timeout))
    connection = net.connections[0] if net.connections else net.accept(limits=limits)
    connection.pump()
    return result, connection, connection.asked[-1]


def begun(net, **keys):
    """Return the same of a call that the alpha has begun to answer, and a sink of what comes."""
    result, connection, asked = opened(net, **keys)
    connection.server.head(asked.stream, HEADED)
    connection.pump()
    sink = Collector()
    result.answer.body.start(sink)
    return result, connection, asked, sink


def send(connection, tunnel, data):
    tunnel.send(data)
    connection.pump()


def test_the_first_message_goes_with_the_call_and_the_stream_stays_open(net):
    result, _, asked = opened(net, metadata=(("accessjwt", "x"), ("a-bin", b"\xff")))
    assert (asked.body, asked.whole, result.open) == (FIRST, False, True)
    fields = dict(asked.head.fields)
    assert fields[b":path"] == b"/api.Dgraph/StreamExtSnapshot"
    assert fields[b"content-type"] == b"application/grpc"
    assert (fields[b"accessjwt"], fields[b"a-bin"]) == (b"x", b"/w")
    assert fields[b"grpc-accept-encoding"] == b"identity"
    assert b"grpc-timeout" not in fields
    assert b"grpc-encoding" not in fields


def test_what_is_packed_is_said_to_be(net):
    _, _, asked = opened(net, encoding=b"gzip")
    fields = dict(asked.head.fields)
    assert (fields[b"grpc-encoding"], fields[b"grpc-accept-encoding"]) == (b"gzip", b"identity,gzip")


def test_a_call_that_says_all_at_once_ends_with_it(net):
    _, _, asked = opened(net, ended=True)
    assert (asked.body, asked.whole) == (FIRST, True)


def test_messages_pass_both_ways_and_the_end_is_the_alphas(net):
    result, connection, asked, sink = begun(net)
    assert net.channel.open == 1
    send(connection, result.answer.body, b"one")
    connection.server.send(asked.stream, b"\0\0\0\0\0")
    send(connection, result.answer.body, b"two")
    assert (asked.body, sink.data) == (FIRST + b"onetwo", b"\0\0\0\0\0")
    result.answer.body.send_end()
    connection.pump()
    assert asked.whole
    connection.server.send(asked.stream, b"last")
    connection.server.finish(
        asked.stream, block([(b"grpc-status", b"2"), (b"grpc-message", b"no"), (b"x", b"y")])
    )
    connection.pump()
    assert (sink.data, sink.finished) == (b"\0\0\0\0\0last", True)
    answer = result.answer
    assert (answer.status, answer.message, answer.trailers) == (2, "no", ((b"x", b"y"),))
    assert net.channel.open == 0


def test_how_the_alpha_packs_is_told(net):
    result, connection, asked = opened(net, encoding=b"gzip")
    connection.server.head(asked.stream, HEADED + block([(b"grpc-encoding", b"gzip"), (b"h", b"1")]))
    connection.pump()
    assert result.answer.headers == ((b"h", b"1"), (b"grpc-encoding", b"gzip"))
    result.answer.body.stop()


def test_a_refusal_is_told_as_it_came(net):
    result, connection, asked = opened(net)
    connection.server.head(asked.stream, REFUSED, end=True)
    connection.pump()
    answer = result.answer
    assert (answer.status, answer.body, answer.message) == (9, b"", "not armed!")
    assert answer.trailers == ((b"t", b"1"),)


def test_an_alpha_that_has_nothing_to_say_ends_it_well(net):
    result, connection, asked = opened(net)
    connection.server.head(asked.stream, HEADED + TRAILED, end=True)
    connection.pump()
    assert (result.answer.status, result.answer.body) == (0, b"")


@pytest.mark.parametrize(
    "head", [block([(b":status", b"503")]), block([(b":status", b"200"), (b"grpc-status", b"x")])]
)
def test_what_is_no_grpc_is_no_answer(net, head):
    result, connection, asked = opened(net)
    connection.server.head(asked.stream, head, end=True)
    connection.pump()
    assert result.kind is Lost


def test_an_alpha_that_does_not_keep_up_holds_the_caller(net):
    result, connection, asked, _ = begun(net, limits=NARROW)
    tunnel, told = result.answer.body, []
    tunnel.on_pressure(lambda: told.append("slower"), lambda: told.append("faster"))
    send(connection, tunnel, bytes(100 - len(FIRST)))
    assert told == []
    send(connection, tunnel, bytes(50))
    send(connection, tunnel, bytes(50))
    assert (told, len(asked.body)) == (["slower"], 100)
    connection.server.consumed(asked.stream, 100)
    connection.pump()
    assert (told, len(asked.body)) == (["slower", "faster"], 200)
    tunnel.stop()


def test_pressure_that_was_there_before_anybody_asked_is_told(net):
    result, connection, _, _ = begun(net, limits=NARROW)
    send(connection, result.answer.body, bytes(200))
    told = []
    result.answer.body.on_pressure(lambda: told.append("slower"), lambda: told.append("faster"))
    assert told == ["slower"]
    result.answer.body.stop()


def test_a_caller_that_does_not_read_holds_the_alpha_at_one_window(net):
    result, connection, asked, sink = begun(net)
    window = link_module.LIMITS.stream_window
    result.answer.body.pause()
    connection.server.send(asked.stream, bytes(window + 1000))
    connection.pump()
    assert (sink.data, asked.stream.queued) == (b"", 1000)
    result.answer.body.resume()
    connection.pump()
    assert (len(sink.data), asked.stream.queued) == (window + 1000, 0)
    result.answer.body.stop()


def test_more_than_the_connection_holds_breaks_it_off(net):
    result, connection, asked, sink = begun(net, limits=NARROW)
    tunnel = result.answer.body
    tunnel.send(bytes(link_module.LIMITS.queued_stream_bytes))
    tunnel.send(bytes(200))
    tunnel.send(b"x")
    connection.pump()
    assert sink.failed == "too many bytes wait for the alpha"
    assert asked.reset == Code.CANCEL


def test_cancelling_reaches_the_alpha(net):
    result, connection, asked = opened(net)
    result.call.cancel()
    connection.pump()
    assert (result.kind, asked.reset) == (CancelledError, Code.CANCEL)


def test_stopping_reaches_the_alpha_and_is_safe_to_do_twice(net):
    result, connection, asked, sink = begun(net)
    for _ in range(2):
        result.answer.body.stop()
        connection.pump()
    assert asked.reset == Code.CANCEL
    result.answer.body.send(b"late")
    result.answer.body.send_end()
    connection.pump()
    assert (asked.body, sink.finished, sink.failed, net.channel.open) == (FIRST, False, None, 0)


def test_a_connection_that_breaks_is_told_and_before_it_began_as_lost(net):
    result, connection, _ = opened(net)
    begins = opened(net)
    connection.server.head(begins[2].stream, HEADED)
    connection.pump()
    sink = Collector()
    begins[0].answer.body.start(sink)
    connection.lose()
    assert (result.kind, sink.failed) == (Lost, "the transport closed (INTERNAL_ERROR)")


@pytest.mark.parametrize("code", [Code.INTERNAL_ERROR, Code.CANCEL, Code.REFUSED_STREAM])
def test_a_reset_after_it_began_breaks_it_off(net, code):
    _, connection, asked, sink = begun(net)
    connection.server.reset(asked.stream, code)
    connection.pump()
    assert sink.failed == f"the peer reset the stream ({code.name})"


def test_only_what_the_alpha_refused_unseen_may_be_sent_elsewhere(net):
    result, connection, asked = opened(net)
    connection.server.refuse(asked.stream)
    connection.pump()
    assert result.kind is NotReached


def test_the_deadline_of_the_caller_binds_the_whole(net):
    _, _, asked, sink = begun(net, timeout=1.0, beyond=2.0)
    assert dict(asked.head.fields)[b"grpc-timeout"] == b"3000000u"
    net.pass_time(2.9)
    assert sink.failed is None
    net.pass_time(0.2)
    assert (sink.failed, asked.reset) == ("no answer within the deadline", Code.CANCEL)


def test_the_time_spent_waiting_for_a_connection_is_off_the_deadline(net):
    net.channel.call(Duplex("StreamExtSnapshot", FIRST, beyond=2.0), 1.0).addErrback(lambda _: None)
    net.pass_time(0.5)
    connection = net.accept()
    connection.pump()
    told = dict(connection.asked[-1].head.fields)[b"grpc-timeout"]
    assert abs(int(told[:-1]) - 2_500_000) <= 1


def test_an_alpha_that_does_not_begin_is_given_up(net):
    result, _, asked = opened(net, timeout=1.0, beyond=inf)
    net.pass_time(1.1)
    assert (result.kind, asked.reset) == (TimedOut, Code.CANCEL)


def test_without_a_deadline_it_may_last(net):
    _, connection, asked, sink = begun(net, timeout=1.0)
    net.pass_time(30, step=channel_module.TICK * 25)
    connection.server.send(asked.stream, b"still")
    connection.pump()
    assert (sink.data, sink.failed) == (b"still", None)
    connection.server.finish(asked.stream, TRAILED)
    connection.pump()
    assert sink.finished


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_it_does_not_matter_how_the_alphas_bytes_are_cut(net, size):
    result, connection, asked = opened(net)
    server = connection.server
    server.head(asked.stream, HEADED)
    server.send(asked.stream, b"\0\0\0\0\x01a")
    server.finish(asked.stream, TRAILED)
    came = server.data_to_send()
    sink = Collector()
    result.call.addCallback(lambda _: result.answer.body.start(sink))
    for at in range(0, len(came), size):
        connection.link.dataReceived(came[at : at + size])
    assert (sink.data, sink.finished, result.answer.status) == (b"\0\0\0\0\x01a", True, 0)
