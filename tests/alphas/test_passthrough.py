"""HTTP to an alpha's own port, over a transport in memory."""

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from otterd.alphas.exchange import HEAD_LIMIT
from otterd.alphas.passthrough import PassThrough
from otterd.core.operation import HttpCall
from otterd.errors import Lost, NotReached, TimedOut
from tests.fakes.alpha import Collector

GET = HttpCall(b"GET", b"/state?x=1", ((b"Accept", b"*/*"),))


class Transport(StringTransport):
    """Notes pauses and aborts, and tells the protocol of the latter at once."""

    paused = aborted = halved = False

    def pauseProducing(self):
        self.paused = True

    def resumeProducing(self):
        self.paused = False

    def abortConnection(self):
        if not self.aborted:
            self.aborted = True
            self.protocol.connectionLost(Failure(ConnectionLost()))

    def loseWriteConnection(self):
        self.halved = True


class Endpoint:
    """Connects when the test says so."""

    def __init__(self):
        self.secure = False
        self.transport = Transport()

    def connect(self, factory):
        self.attempt = Deferred()
        self.protocol = self.transport.protocol = factory.buildProtocol(None)
        return self.attempt

    def up(self):
        self.protocol.makeConnection(self.transport)
        self.attempt.callback(self.protocol)

    def says(self, data):
        self.protocol.dataReceived(data)

    def hangs_up(self, reason=None):
        self.protocol.connectionLost(Failure(reason or ConnectionDone()))


class Trial:
    """One request on its way."""

    def __init__(self, call=GET, timeout=10, *, secure=False, up=True, upgrade=False):
        self.clock = Clock()
        self.alpha = Endpoint()
        self.alpha.secure = secure
        self.http = PassThrough("alpha1:8080", self.alpha, self.clock, lambda: 5, lambda: 3)
        self.answer, self.failure = None, None
        self.sending = self.http.send(call, timeout, upgrade=upgrade)
        self.sending.addCallbacks(self._answered, self._failed)
        if up:
            self.alpha.up()

    def _answered(self, answer):
        self.answer = answer

    def _failed(self, failure):
        self.failure = failure

    @property
    def sent(self):
        return self.alpha.transport.value()

    def flow(self):
        sink = Collector()
        self.answer.body.start(sink)
        return sink

    def is_over(self):
        return self.http.open == 0 and not self.clock.getDelayedCalls()


def test_sends_the_request_whole_with_its_own_connection_fields():
    call = HttpCall(
        b"POST",
        b"/alter",
        ((b"X-Dgraph-AuthToken", b"t"), (b"Host", b"evil"), (b"Connection", b"keep-alive"), (b"TE", b"x")),
        b"name: string .",
    )
    assert Trial(call).sent == (
        b"POST /alter HTTP/1.1\r\nHost: alpha1:8080\r\nX-Dgraph-AuthToken: t\r\n"
        b"Content-Length: 14\r\nConnection: close\r\n\r\nname: string ."
    )


def test_an_empty_post_says_that_it_is_empty():
    assert b"Content-Length: 0\r\n" in Trial(HttpCall(b"POST", b"/admin/draining", ())).sent
    assert b"Content-Length" not in Trial(GET).sent


def test_the_answer_comes_with_its_head_and_the_body_waits():
    trial = Trial()
    fields = b"Content-Length: 4\r\nX-A: b\r\nX-A: c\r\nConnection: close, x-h\r\nX-H: 1\r\n"
    trial.alpha.says(b"HTTP/1.1 200 OK\r\n" + fields + b"\r\nab")
    assert (trial.answer.status, trial.answer.headers) == (
        200,
        ((b"Content-Length", b"4"), (b"X-A", b"b"), (b"X-A", b"c")),
    )
    assert trial.alpha.transport.paused
    sink = trial.flow()
    assert (sink.data, sink.finished, trial.alpha.transport.paused) == (b"ab", False, False)
    trial.alpha.says(b"cd")
    assert (sink.data, sink.finished) == (b"abcd", True)
    assert trial.is_over()


def test_chunks_are_decoded_and_trailers_dropped():
    trial = Trial()
    trial.alpha.says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
    sink = trial.flow()
    trial.alpha.says(b"1;x=y\r\nc\r\n0\r\nX-T: 1\r\n\r\n")
    assert (trial.answer.headers, sink.data, sink.finished) == ((), b"abc", True)


def test_a_body_without_a_length_ends_with_the_connection():
    trial = Trial()
    trial.alpha.says(b"HTTP/1.1 200 OK\r\n\r\nab")
    sink = trial.flow()
    trial.alpha.says(b"cd")
    assert not sink.finished
    trial.alpha.hangs_up()
    assert (sink.data, sink.finished) == (b"abcd", True)
    assert trial.is_over()


def test_a_half_closed_connection_ends_such_a_body_too():
    trial = Trial()
    trial.alpha.says(b"HTTP/1.1 200 OK\r\n\r\nab")
    sink = trial.flow()
    trial.alpha.protocol.readConnectionLost()
    assert sink.finished
    assert trial.is_over()


@pytest.mark.parametrize(
    "head", [b"Content-Length: 9\r\n\r\nab", b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"]
)
@pytest.mark.parametrize("reason", [ConnectionDone(), ConnectionLost()])
def test_a_truncated_body_fails(head, reason):
    trial = Trial()
    trial.alpha.says(b"HTTP/1.1 200 OK\r\n" + head)
    sink = trial.flow()
    trial.alpha.hangs_up(reason)
    assert (sink.data, sink.finished) == (b"ab", False)
    assert sink.failed


def test_a_body_without_a_length_that_is_reset_fails():
    trial = Trial()
    trial.alpha.says(b"HTTP/1.1 200 OK\r\n\r\nab")
    sink = trial.flow()
    trial.alpha.hangs_up(ConnectionLost())
    assert sink.failed


def test_what_came_before_start_is_told_at_start():
    trial = Trial()
    trial.alpha.says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab")
    trial.alpha.hangs_up(ConnectionLost())
    sink = trial.flow()
    assert (sink.data, bool(sink.failed)) == (b"ab", True)


def test_a_bad_chunk_fails():
    trial = Trial()
    trial.alpha.says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
    sink = trial.flow()
    trial.alpha.says(b"zz\r\n")
    assert sink.failed.startswith("not HTTP")
    assert trial.is_over()


@pytest.mark.parametrize(
    ("method", "status"), [(b"HEAD", b"200 OK"), (b"GET", b"204 No Content"), (b"GET", b"304 Not Modified")]
)
def test_some_answers_have_no_body(method, status):
    trial = Trial(HttpCall(method, b"/", ()))
    trial.alpha.says(b"HTTP/1.1 " + status + b"\r\nContent-Length: 9\r\n\r\n")
    sink = trial.flow()
    assert (sink.data, sink.finished) == (b"", True)
    assert trial.answer.headers == ((b"Content-Length", b"9"),)
    assert trial.is_over()


def test_informational_answers_are_skipped():
    trial = Trial()
    trial.alpha.says(b"HTTP/1.1 100 Continue\r\nX-I: 1\r\n\r\n")
    trial.alpha.says(
        b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    )
    assert (trial.answer.status, trial.answer.headers) == (200, ((b"Content-Length", b"0"),))
    assert trial.flow().finished


def test_a_paused_sink_stops_the_reading_and_holds_the_rest():
    trial = Trial()
    trial.alpha.says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    sink = trial.flow()
    body = trial.answer.body
    taken = sink.write
    sink.write = lambda data: (taken(data), body.pause())
    trial.alpha.says(b"1\r\na\r\n1\r\nb\r\n0\r\n\r\n")
    assert (sink.data, sink.finished) == (b"a", False)
    body.resume()
    assert (sink.data, sink.finished) == (b"ab", False)
    body.resume()
    assert sink.finished


def test_stopping_a_body_closes_the_connection_and_tells_the_sink_nothing():
    trial = Trial()
    trial.alpha.says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
    sink = trial.flow()
    trial.answer.body.stop()
    trial.answer.body.stop()
    assert trial.alpha.transport.aborted
    assert (sink.finished, sink.failed) == (False, None)
    assert trial.is_over()


def test_a_body_that_is_stopped_unread_closes_the_connection():
    trial = Trial()
    trial.alpha.says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
    trial.answer.body.stop()
    assert trial.is_over()


def test_a_wanted_body_must_make_progress():
    trial = Trial()
    trial.alpha.says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
    trial.clock.advance(20)
    sink = trial.flow()
    trial.clock.advance(2)
    trial.alpha.says(b"a")
    trial.clock.advance(2)
    assert sink.failed is None
    trial.answer.body.pause()
    trial.clock.advance(20)
    assert sink.failed is None
    trial.answer.body.resume()
    trial.clock.advance(2)
    assert sink.failed is None
    trial.clock.pump([1, 1])
    assert sink.failed == "the alpha made no progress"
    assert trial.is_over()


def test_a_failed_connect_did_not_reach():
    trial = Trial(up=False)
    trial.alpha.attempt.errback(NotReached("refused"))
    assert trial.failure.check(NotReached)
    assert trial.is_over()


def test_a_connect_that_hangs_did_not_reach():
    trial = Trial(up=False)
    trial.clock.advance(5)
    assert trial.failure.check(NotReached)
    assert trial.is_over()


def test_over_tls_nothing_is_sent_before_the_handshake():
    trial = Trial(secure=True)
    assert not trial.sent
    trial.alpha.hangs_up(ConnectionLost())
    assert trial.failure.check(NotReached)
    trial = Trial(secure=True)
    trial.clock.advance(5)
    assert trial.failure.check(NotReached)
    trial = Trial(secure=True)
    trial.alpha.protocol.handshakeCompleted()
    assert trial.sent
    trial.alpha.hangs_up(ConnectionLost())
    assert trial.failure.check(Lost)
    assert trial.is_over()


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * HEAD_LIMIT,
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
    ],
)
def test_once_sent_a_request_without_a_proper_head_is_lost(said):
    trial = Trial()
    if said:
        trial.alpha.says(said)
    if not trial.failure:
        trial.alpha.hangs_up()
    assert trial.failure.check(Lost)
    assert trial.is_over()


def test_without_a_head_in_time_it_is_timed_out():
    trial = Trial()
    trial.clock.advance(10)
    assert trial.failure.check(TimedOut)
    assert trial.is_over()


@pytest.mark.parametrize("up", [True, False])
def test_cancelling_closes_the_connection(up):
    trial = Trial(up=up)
    trial.sending.cancel()
    if not up:
        trial.alpha.attempt.called or trial.alpha.attempt.cancel()
    assert trial.failure.check(CancelledError)
    assert trial.is_over()
    assert trial.alpha.transport.aborted == up


def test_closing_the_channel_cuts_what_is_under_way():
    trial = Trial()
    trial.http.close()
    assert trial.failure.check(Lost)
    assert trial.is_over()
    trial = Trial(up=False)
    trial.http.close()
    assert trial.failure.check(NotReached)
    trial = Trial()
    trial.alpha.says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
    sink = trial.flow()
    trial.http.close()
    assert sink.failed
    refused = []
    trial.http.send(GET, 1).addErrback(refused.append)
    assert refused[0].check(NotReached)


class TestUpgrade:
    """A 101 and the tunnel behind it."""

    HEAD = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

    @pytest.fixture
    def trial(self):
        return Trial(upgrade=True)

    def test_asks_for_it(self, trial):
        assert trial.sent.endswith(b"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")

    def test_leftover_bytes_are_the_tunnels(self, trial):
        trial.alpha.says(self.HEAD + b"\x81\x00")
        assert trial.answer.status == 101
        sink = trial.flow()
        trial.alpha.says(b"more")
        assert sink.data == b"\x81\x00more"
        trial.clock.advance(1000)
        assert sink.failed is None
        trial.alpha.hangs_up()
        assert sink.finished
        assert trial.is_over()

    def test_bytes_go_both_ways(self, trial):
        trial.alpha.says(self.HEAD)
        trial.flow()
        trial.alpha.transport.clear()
        trial.answer.body.send(b"hello")
        assert trial.sent == b"hello"
        trial.answer.body.send_end()
        assert trial.alpha.transport.halved

    def test_the_alphas_pace_is_passed_on(self, trial):
        trial.alpha.says(self.HEAD)
        said = []
        trial.answer.body.on_pressure(lambda: said.append("slower"), lambda: said.append("faster"))
        trial.alpha.transport.producer.pauseProducing()
        trial.alpha.transport.producer.resumeProducing()
        assert said == ["slower", "faster"]

    def test_a_broken_tunnel_fails(self, trial):
        trial.alpha.says(self.HEAD)
        sink = trial.flow()
        trial.alpha.hangs_up(ConnectionLost())
        assert sink.failed
        trial.answer.body.send(b"into the void")
        trial.answer.body.send_end()

    def test_a_refusal_is_an_ordinary_answer(self, trial):
        trial.alpha.says(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno")
        sink = trial.flow()
        assert (trial.answer.status, sink.data, sink.finished) == (400, b"no", True)
