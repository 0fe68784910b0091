"""A channel's calls, connections and times, against an alpha in memory."""

from dataclasses import replace

import pytest
from twisted.internet.defer import CancelledError
from twisted.internet.error import ConnectionRefusedError
from twisted.logger import capturedLogs, formatEvent

from otterd.alphas.h2 import channel as module
from otterd.alphas.h2 import link as link_module
from otterd.alphas.h2.call import Call
from otterd.core.operation import Rpc
from otterd.errors import Lost, NotReached, TimedOut
from otterd.wire.h2 import Code, Limits, block, pack
from tests.alphas.h2.net import HEADED, TRAILED, Net
from tests.circles import left_in_circles

QUERY = Rpc("Query", b"\x22\x02{}")


class Result:
    """How a call ended; None while it has not."""

    def __init__(self, call):
        self.call = call
        self.answer = self.failure = None
        call.addCallbacks(self._answered, self._failed)

    def _answered(self, answer):
        self.answer = answer

    def _failed(self, failure):
        self.failure = failure.value

    @property
    def kind(self):
        return type(self.failure)

    @property
    def open(self):
        return self.answer is None and self.failure is None


@pytest.fixture
def call(net):
    def call(timeout=5.0, rpc=QUERY):
        return Result(net.channel.call(rpc, timeout))

    return call


def test_calls_wait_for_the_greeting_and_leave_in_one_write(net, call):
    results = [call() for _ in range(3)]
    connection = net.accept(greets=False)
    net.pass_time(0.1)
    before = connection.transport.writes
    assert connection.asked == []
    connection.greet()
    assert len(connection.asked) == 3
    assert connection.transport.writes == before + 1
    connection.answer(1, b"second")
    assert [result.open for result in results] == [True, False, True]
    assert results[1].answer.body == b"second"


def test_a_call_that_is_alone_leaves_at_once_and_others_together_when_the_turn_ends(net, call):
    call()
    connection = net.accept()
    connection.answer(0, b"first")
    before = connection.transport.writes
    call()
    assert connection.transport.writes == before + 1
    call()
    call()
    assert connection.transport.writes == before + 1
    net.clock.advance(0)
    assert connection.transport.writes == before + 2


def test_a_ping_is_answered_with_the_requests_of_the_turn(net, call):
    call()
    connection = net.accept()
    before = connection.transport.writes
    connection.server.ping(b"12345678")
    connection.link.dataReceived(connection.server.data_to_send())
    call()
    assert connection.transport.writes == before
    net.clock.advance(0)
    assert connection.transport.writes == before + 1
    assert b"12345678" in connection.transport.value()
    connection.pump()
    assert len(connection.asked) == 2


def test_a_request_says_what_grpc_wants_and_how_much_time_is_left(net, call):
    call(5.0, Rpc("Query", b"abc", (("accessjwt", "tok"), ("x-bin", b"\0\xff"))))
    net.clock.advance(1.5)
    [asked] = net.accept().asked
    assert (asked.body, asked.whole) == (b"\0\0\0\0\3abc", True)
    head = asked.head
    assert (head.method, head.path) == (b"POST", b"/api.Dgraph/Query")
    assert head.get(b"te") == b"trailers"
    assert head.get(b"content-type") == b"application/grpc"
    assert head.get(b":authority") == b"alpha1:9080"
    assert head.get(b"grpc-timeout") == b"3500m"
    assert (head.get(b"accessjwt"), head.get(b"x-bin")) == (b"tok", b"AP8")


@pytest.mark.parametrize(
    ("timeout", "told"), [(0.0123, b"12300000n"), (0.09, b"90m"), (29.9999, b"30000m"), (2e5, b"200000S")]
)
def test_a_short_time_is_told_finely_and_a_long_one_in_whole_ms(net, call, timeout, told):
    call()
    connection = net.accept()
    call(timeout)
    connection.pump()
    assert connection.asked[1].head.get(b"grpc-timeout") == told


def test_two_short_times_that_differ_by_less_than_a_ms_are_told_as_they_are(net, call):
    call()
    connection = net.accept()
    for timeout in (0.0123, 0.0127):
        call(timeout)
        connection.pump()
    told = [asked.head.get(b"grpc-timeout") for asked in connection.asked[-2:]]
    assert told == [b"12300000n", b"12700000n"]


def test_an_alpha_that_does_not_greet_is_not_reached(net, call):
    result = call(60)
    net.accept(greets=False)
    net.pass_time(4.9)
    assert result.open
    net.pass_time(0.2)
    assert result.kind is NotReached
    assert "too long" in result.failure.reason
    assert net.connections[0].over


def test_a_connect_that_hangs_is_given_up(net, call):
    result = call(60)
    net.pass_time(5.1)
    assert result.kind is NotReached
    assert net.cancelled == 1


def test_the_deadline_of_a_call_that_was_never_sent_leaves_no_doubt(net, call):
    result = call(0.5)
    net.pass_time(0.6)
    assert result.kind is NotReached
    net.accept()
    assert net.connections[0].asked == []


def test_a_connection_that_comes_too_late_is_given_nothing_that_is_over_time(net, call):
    late, timely = call(timeout=1.0), call(timeout=2.0)
    net.clock.advance(0.99)
    net.clock.rightNow += 0.01
    connection = net.accept()
    assert len(connection.asked) == 1
    net.pass_time(0.1)
    assert late.kind is NotReached
    connection.answer(0)
    assert timely.answer is not None


def test_between_two_tries_calls_fail_at_once_and_the_pauses_grow(net, call):
    assert call().open
    pauses = []
    for _ in range(6):
        net.refuse(ConnectionRefusedError())
        result = call()
        assert result.kind is NotReached
        assert "refused" in result.failure.reason
        before = net.clock.seconds()
        while not net.dialled:
            net.clock.advance(0.01)
        pauses.append(round(net.clock.seconds() - before, 1))
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    result = call()
    net.accept().answer(0)
    assert result.answer.body == b"ab"


@pytest.mark.parametrize(("chance", "pause"), [(0.0, 0.08), (1.0, 0.12)])
def test_the_pause_is_spread_by_chance(chance, pause):
    net = Net(chance=chance)
    Result(net.channel.call(QUERY, 5))
    net.refuse(ConnectionRefusedError())
    net.clock.advance(pause - 0.01)
    assert not net.dialled
    net.clock.advance(0.02)
    assert net.dialled
    net.channel.close()


def test_a_connection_that_was_lost_is_made_again_without_a_call(net, call):
    call()
    connection = net.accept()
    connection.answer(0)
    net.pass_time(2)
    connection.lose()
    assert len(net.dialled) == 1
    net.accept()
    call()
    net.connections[1].pump()
    assert len(net.connections[1].asked) == 1


def test_connections_that_do_not_last_are_no_reason_to_hurry(net, call):
    call()
    for _ in range(3):
        net.accept().lose()
        assert not net.dialled
        assert call().kind is NotReached
        net.pass_time(1.2)
        assert net.dialled


def test_what_was_sent_is_lost_with_its_connection_and_what_was_not_is_not_reached(net, call):
    sent = call()
    connection = net.accept()
    connection.pump()
    unsent = call()
    connection.lose()
    assert (sent.kind, unsent.kind) == (Lost, NotReached)


def test_a_missed_deadline_cancels_the_stream(net, call):
    result = call(1.0)
    connection = net.accept()
    net.pass_time(0.96)
    assert result.open
    net.pass_time(0.08)
    assert result.kind is TimedOut
    assert connection.asked[0].reset == Code.CANCEL


@pytest.mark.parametrize(("after", "kind"), [(0.5, Lost), (0.95, TimedOut)])
def test_a_cancel_from_the_alpha_is_its_deadline_only_near_ours(net, call, after, kind):
    result = call(1.0)
    connection = net.accept()
    net.pass_time(after)
    connection.server.reset(connection.asked[0].stream, Code.CANCEL)
    connection.pump()
    assert result.kind is kind


def test_cancelling_reaches_the_alpha(net, call):
    result = call()
    connection = net.accept()
    result.call.cancel()
    connection.pump()
    assert result.kind is CancelledError
    assert connection.asked[0].reset == Code.CANCEL


def test_a_cancelled_call_that_waits_is_never_sent(net, call):
    result = call()
    result.call.cancel()
    assert result.kind is CancelledError
    assert net.accept().asked == []


@pytest.mark.parametrize("timeouts", [(5.0, 0.3, 0.29, 2.0, 0.005), (0.005, 0.3), (1.5, 1.49, 0.02, 3.0)])
def test_each_call_ends_at_its_deadline_whatever_the_others_have(net, call, timeouts):
    call(60.0)
    net.accept()
    began = net.clock.seconds()
    results = []
    for timeout in timeouts:
        results.append((net.clock.seconds() + timeout, call(timeout)))
        net.clock.advance(0.001)
    late = {}
    while net.clock.seconds() < began + 6.0:
        net.clock.advance(0.001)
        for deadline, result in results:
            if not result.open:
                late.setdefault(deadline, net.clock.seconds() - deadline)
    assert all(0 <= after <= module.TICK + 0.002 for after in late.values())
    assert len(late) == len(timeouts)
    assert {result.kind for _, result in results} == {TimedOut}


def test_one_timer_keeps_all_deadlines_and_none_runs_when_nothing_does(net, call):
    call(1.0)
    connection = net.accept()
    before = len(net.clock.getDelayedCalls())
    connection.answer(0)
    results = [call(1.0 + n / 1000) for n in range(module.BUSY)]
    connection.pump()
    assert len(net.clock.getDelayedCalls()) == before == 1
    for at in range(module.BUSY):
        connection.answer(at + 1)
    net.pass_time(module.LOOK)
    assert not any(result.open for result in results)
    assert not net.clock.getDelayedCalls()


def test_a_goaway_ends_no_call_that_the_alpha_took_and_tells_the_rest(net, call):
    taken = call()
    connection = net.accept()
    connection.pump()
    net.pass_time(2)
    late = call()
    net.clock.advance(0)
    connection.transport.clear()
    connection.server.drain()
    connection.pump()
    assert len(net.dialled) == 1
    connection.server.tick(net.clock.seconds() + 10)
    connection.pump()
    assert late.kind is NotReached
    assert taken.open
    connection.answer(0)
    assert taken.answer.body == b"ab"
    assert connection.over
    later = call()
    net.accept().answer(0)
    assert later.answer.body == b"ab"


def test_an_alpha_that_pings_for_each_request_keeps_its_connection(net, call):
    first = call()
    connection = net.accept()
    connection.answer(0)
    for number in range(1, 1_000):
        last = call()
        connection.pump()
        # Go's gRPC does so to measure the way.
        connection.server.ping(b"\2\4\x10\x10\t\x0e\7\7")
        connection.answer(number)
        assert last.answer is not None
    assert first.answer is not None
    assert len(net.connections) == 1
    assert not net.dialled


def test_a_broken_connection_is_told_with_its_reason(net, call):
    result = call()
    connection = net.accept()
    with capturedLogs() as events:
        connection.link.dataReceived(bytes.fromhex("000000000000000000"))
    connection.pump()
    assert result.kind is Lost
    assert "DATA on a stream that was never opened" in result.failure.reason
    [event] = events
    assert formatEvent(event) == (
        "ended a connection to the alpha at 10.0.0.1: PROTOCOL_ERROR: DATA on a stream that was never opened"
    )


def test_a_refused_stream_did_not_reach(net, call):
    result = call()
    connection = net.accept()
    connection.server.refuse(connection.asked[0].stream)
    connection.pump()
    assert result.kind is NotReached


def test_calls_over_the_alphas_limit_wait_and_ask_for_a_further_connection(net, call):
    results = [call(), call(), call(1.0)]
    one = net.accept(limits=Limits(open_streams=1))
    assert len(one.asked) == 1
    assert len(net.dialled) == 1
    one.answer(0)
    assert len(one.asked) == 2
    net.pass_time(1.1)
    assert results[2].kind is NotReached
    fourth = call()
    two = net.accept(limits=Limits(open_streams=1))
    assert len(two.asked) == 1
    two.answer(0)
    assert fourth.answer.body == b"ab"


def test_when_one_connection_breaks_the_others_take_no_more_calls(net, call):
    slow = call()
    one = net.accept()
    others = [call() for _ in range(module.BUSY)]
    two = net.accept()
    net.pass_time(2)
    on_two = call()
    two.pump()
    one.lose()
    assert {result.kind for result in (slow, *others)} == {Lost}
    later = call()
    two.pump()
    assert len(two.asked) == 1
    two.answer(0)
    assert on_two.answer.body == b"ab"
    assert two.over
    net.accept().answer(0)
    assert later.answer.body == b"ab"


def test_there_are_not_more_connections_than_allowed(net, call):
    for _ in range(20):
        call()
    while net.dialled:
        net.accept(limits=Limits(open_streams=1))
    assert len(net.connections) == module.MOST_LINKS


def test_a_busy_connection_gets_a_second_one_and_the_less_busy_is_chosen(net, call):
    call()
    one = net.accept()
    for _ in range(module.BUSY):
        call()
    assert len(net.dialled) == 1
    two = net.accept()
    for _ in range(10):
        call()
    for each in (one, two):
        each.pump()
    assert (len(one.asked), len(two.asked)) == (module.BUSY + 1, 10)
    assert not net.dialled


def test_calls_that_wait_are_bounded(net, call, monkeypatch):
    monkeypatch.setattr(module, "MOST_WAITING", 2)
    results = [call() for _ in range(3)]
    assert [result.kind for result in results] == [type(None), type(None), NotReached]


def test_a_silent_connection_is_left_when_a_deadline_is_missed(net, call):
    call()
    connection = net.accept()
    connection.answer(0)
    slow = call(60)
    net.pass_time(6)
    missed = call(0.5)
    connection.pump()
    # From here on nothing that is sent arrives.
    net.clock.advance(0.6)
    assert missed.kind is TimedOut
    assert slow.open
    assert len(net.dialled) == 1
    fresh = call()
    net.accept().answer(0)
    assert fresh.answer.body == b"ab"
    connection.pump()
    connection.answer(1)
    assert slow.answer.body == b"ab"
    assert connection.over


def test_a_deadline_missed_on_a_connection_that_lives_changes_nothing(net, call):
    call()
    connection = net.accept()
    connection.answer(0)
    net.pass_time(6)
    missed, quick = call(0.5), call(0.5)
    connection.pump()
    connection.answer(2)
    assert quick.answer.body == b"ab"
    net.clock.advance(0.6)
    assert missed.kind is TimedOut
    assert not net.dialled


def test_requests_wait_while_the_transport_takes_no_more(net, call):
    call()
    connection = net.accept()
    connection.answer(0)
    connection.transport.producer.pauseProducing()
    call(rpc=Rpc("Query", b"x" * 50_000))
    connection.pump()
    assert (len(connection.asked), connection.asked[1].body) == (2, b"")
    connection.transport.producer.resumeProducing()
    connection.pump()
    assert len(connection.asked[1].body) == 50_005
    assert connection.asked[1].whole


def test_a_call_that_a_full_connection_did_not_take_goes_when_it_has_room(net, call, monkeypatch):
    monkeypatch.setattr(link_module, "LIMITS", replace(link_module.LIMITS, queued_bytes=100))
    monkeypatch.setattr(module, "MOST_LINKS", 1)
    call()
    connection = net.accept()
    connection.link.pauseProducing()
    call(rpc=Rpc("Query", bytes(1_000)))
    third = call(timeout=20.0)
    connection.pump()
    assert len(connection.asked) == 2
    connection.link.resumeProducing()
    net.pass_time(1.1)
    assert [asked.whole for asked in connection.asked] == [True] * 3
    connection.answer(2)
    assert third.answer is not None


def test_an_address_that_is_no_longer_the_alphas_is_left(net, call):
    slow = call()
    connection = net.accept()
    net.pass_time(2)
    net.known = ("10.0.0.1", "10.0.0.2")
    net.resolver.refresh()
    assert not net.dialled
    net.known = ("10.0.0.2",)
    net.resolver.refresh()
    assert len(net.dialled) == 1
    fresh = call()
    net.accept(address="10.0.0.2").answer(0)
    assert fresh.answer.body == b"ab"
    connection.answer(0)
    assert slow.answer.body == b"ab"
    assert connection.over


def test_a_new_address_ends_the_pause(net, call):
    call()
    net.refuse(ConnectionRefusedError())
    net.known = ("10.0.0.2",)
    net.resolver.refresh()
    net.clock.advance(0)
    assert net.dialled


def test_closing_loses_what_was_sent_and_nothing_else(net, call):
    sent = call()
    connection = net.accept(limits=Limits(open_streams=1))
    waiting = call()
    closed = []
    net.channel.close().addCallback(closed.append)
    assert (sent.kind, waiting.kind) == (Lost, NotReached)
    assert closed == []
    connection.pump()
    assert closed == [None]
    assert call().kind is NotReached
    assert net.channel.close().called


def test_closing_gives_up_connecting(net, call):
    result = call()
    assert net.channel.close().called
    assert result.kind is NotReached
    assert net.cancelled == 1


def test_a_connection_that_never_came_to_be_does_not_hold_up_the_end(net, call):
    result = call()
    connecting, factory = net.dialled.pop()
    # As when TLS cannot be set up: the transport breaks before the protocol has it.
    factory.buildProtocol(None)
    connecting.errback(ConnectionRefusedError())
    assert result.kind is NotReached
    closed = []
    net.channel.close().addCallback(closed.append)
    assert closed == [None]


def test_a_peer_that_does_not_close_is_cut(net, call):
    call()
    connection = net.accept()
    net.channel.close()
    assert not connection.transport.aborting
    net.clock.advance(1.1)
    assert connection.transport.aborting
    connection.lose()


def test_who_hears_of_a_lost_call_may_close_or_call_again(net, call):
    again = []
    result = call()
    connection = net.accept()
    result.call.addCallback(lambda _: again.append(call()))
    net.pass_time(2)
    connection.lose()
    assert result.kind is Lost
    net.accept().answer(0)
    assert again[0].answer.body == b"ab"


def test_who_hears_of_a_lost_call_may_close_the_channel(net, call):
    result = call()
    connection = net.accept()
    result.call.addCallback(lambda _: net.channel.close())
    connection.lose()
    assert result.kind is Lost
    net.clock.advance(0)
    assert not net.clock.getDelayedCalls()


@pytest.mark.parametrize(
    ("data", "tail"),
    [
        (b"\0\0\0\0\3ab", TRAILED),
        (b"\0\0\0\0\1ab", TRAILED),
        (b"\2\0\0\0\2ab", TRAILED),
        (b"\1\0\0\0\2ab", TRAILED),
        (b"\0\0", TRAILED),
        (b"\0\0\0\0\2ab", block([(b"x", b"y")])),
    ],
)
def test_what_is_no_whole_message_is_lost_also_under_a_head_that_came_before(net, call, data, tail):
    results = [call() for _ in range(4)]
    connection = net.accept()
    for at in (0, 1):
        connection.answer(at)
    for at in (2, 3):
        connection.server.answer(connection.asked[at].stream, HEADED, data, tail)
        connection.pump()
    assert [result.kind for result in results[2:]] == [Lost, Lost]
    assert [result.answer.body for result in results[:2]] == [b"ab", b"ab"]


def test_what_a_head_says_is_told_with_each_answer_that_it_begins_or_ends(net, call):
    results = [call() for _ in range(4)]
    connection = net.accept()
    head = HEADED + block([(b"a", b"1"), (b"b-bin", b"AP8")])
    tails = [TRAILED + block([(b"c", b"2")]), block([(b"grpc-status", b"2"), (b"grpc-message", b"no")])]
    for at in range(4):
        connection.server.answer(connection.asked[at].stream, head, pack(b"ab"), tails[at // 2])
        connection.pump()
    for result in results:
        assert result.answer.headers == ((b"a", b"1"), (b"b-bin", b"\0\xff"))
    assert [r.answer.trailers for r in results] == [((b"c", b"2"),), ((b"c", b"2"),), (), ()]
    assert [(r.answer.status, r.answer.message, r.answer.body) for r in results] == [
        *([(0, "", b"ab")] * 2),
        *([(2, "no", b"")] * 2),
    ]


def test_no_time_left_means_not_sent(net, call):
    assert call(0).kind is NotReached
    assert not net.dialled


def test_an_answered_call_is_gone_without_a_collection(net, call):
    call()
    connection = net.accept()

    def answered():
        result = call()
        connection.pump()
        connection.answer(1, b"second")
        assert result.answer.body == b"second"
        connection.asked.clear()

    assert left_in_circles(answered, Call) == 0
