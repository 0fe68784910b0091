"""Both engines, against an alpha and scripted servers on loopback: the same calls end in the same way."""

import pytest
import pytest_twisted
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater

from otterd.alphas.fields import sendable
from otterd.alphas.grpcio import GrpcioChannel
from otterd.alphas.h2 import H2Channel
from otterd.alphas.resolve import Resolver
from otterd.core.judge import DEADLINE_EXCEEDED
from otterd.core.operation import Answer, Rpc
from otterd.errors import Lost, NotReached, TimedOut
from tests.alphas.calling import QUERY, Heard, Names, failure, until, unused
from tests.fakes.alpha import APPLY_AND_BREAK, BREAK, HANG, FakeAlpha, ok
from tests.fakes.frames import HEAD, Server, fields, sends


@pytest_twisted.async_yield_fixture
async def alpha(reactor):
    alpha = FakeAlpha(reactor)
    await alpha.start()
    yield alpha
    await alpha.stop()


@pytest.fixture(params=[GrpcioChannel, H2Channel])
def engine(request):
    return request.param


@pytest_twisted.async_yield_fixture
async def connect(reactor, engine):
    """Make channels, and close them after the test."""
    channels = []

    def connect(address, names=None, connect_timeout=5.0):
        resolver = Resolver(reactor, (names or Names()).lookup)
        channel = engine(address, resolver, reactor, None, lambda: connect_timeout)
        connect.resolvers.append(resolver)
        channels.append(channel)
        return channel

    connect.resolvers = []
    yield connect
    for channel in channels:
        await channel.close()
    # gRPC's own cleaning up takes some turns of the loop.
    await deferLater(reactor, 0)


async def test_an_answer_comes_with_its_metadata(alpha, connect):
    alpha.on(
        "Query",
        Answer(0, b"body", headers=((b"dgraph-toucheduids", b"2"),), trailers=((b"x-bin", b"\x00\xff"),)),
    )
    answer = await connect(alpha.grpc_address).call(QUERY, 5)
    assert (answer.status, answer.body) == (0, b"body")
    assert (b"dgraph-toucheduids", b"2") in answer.headers
    assert answer.trailers == ((b"x-bin", b"\x00\xff"),)


async def test_metadata_of_the_request_arrives(alpha, connect):
    rpc = Rpc("Query", b"", (("accessjwt", "tok"), ("some-bin", b"\x00\xfe")))
    await connect(alpha.grpc_address).call(rpc, 5)
    assert {("accessjwt", "tok"), ("some-bin", b"\x00\xfe")} <= set(alpha.seen[0].metadata)


@pytest.mark.parametrize("code", [1, 2, 4, 10, 13, 14, 16])
async def test_an_alphas_own_status_is_an_answer_whatever_its_code(alpha, connect, code):
    alpha.on("Query", Answer(code, message="of its own: ü"))
    answer = await connect(alpha.grpc_address).call(QUERY, 5)
    assert (answer.status, answer.message) == (code, "of its own: ü")


async def test_a_long_error_text_comes_whole(alpha, connect):
    alpha.on("Query", Answer(2, message="while lexing " + "x" * 300_000))
    answer = await connect(alpha.grpc_address).call(QUERY, 5)
    assert (answer.status, len(answer.message)) == (2, 300_013)


async def test_a_large_answer_comes_whole(alpha, connect):
    alpha.on("Query", Answer(0, bytes(20_000_000)))
    assert len((await connect(alpha.grpc_address).call(QUERY, 20)).body) == 20_000_000


async def connects_again(channel, reactor, *meanwhile):
    """Call until it is answered; it may fail `meanwhile` in these ways."""
    for _ in range(100):
        try:
            assert (await channel.call(QUERY, 5)).status == 0
            return
        except meanwhile:
            await deferLater(reactor, 0.02)
    raise AssertionError("never connected again")


async def test_a_refused_connect_did_not_reach_and_a_later_call_connects_again(alpha, connect, reactor):
    channel = connect(alpha.grpc_address)
    await alpha.refuse()
    for _ in range(2):
        assert isinstance(await failure(channel.call(QUERY, 5)), NotReached)
    alpha.accept()
    await connects_again(channel, reactor, NotReached)


@pytest.mark.parametrize(("outcome", "applied"), [(BREAK, 0), (APPLY_AND_BREAK, 1)])
async def test_a_connection_that_breaks_under_a_call_loses_it(alpha, connect, reactor, outcome, applied):
    alpha.on("Query", outcome, ok())
    channel = connect(alpha.grpc_address)
    assert isinstance(await failure(channel.call(QUERY, 5)), Lost)
    assert (len(alpha.seen), len(alpha.applied)) == (1, applied)
    # A call may still leave on a connection whose end gRPC has not noticed yet.
    await connects_again(channel, reactor, NotReached, Lost)


async def test_the_deadline_ends_a_call_and_reaches_the_alpha(alpha, connect):
    alpha.on("Query", HANG)
    try:
        answer = await connect(alpha.grpc_address).call(QUERY, 0.1)
    except TimedOut:
        pass
    else:
        # The alpha may say so a moment before.
        assert answer.status == DEADLINE_EXCEEDED
    assert 0 < alpha.time_left <= 0.1


async def test_cancelling_ends_the_call_on_the_wire(alpha, connect, reactor):
    alpha.on("Query", HANG)
    call = connect(alpha.grpc_address).call(QUERY, 5)
    await until(reactor, lambda: alpha.seen)
    call.cancel()
    assert isinstance(await failure(call), CancelledError)
    await until(reactor, lambda: alpha.given_up)


@pytest.fixture
def mistakes(monkeypatch):
    """Collect what is logged of ears that raise."""
    logged = []
    monkeypatch.setattr("otterd.alphas.awaited.log.failure", logged.append)
    return logged


async def test_an_ear_hears_the_end_once_and_giving_up_later_means_nothing(alpha, connect, reactor):
    alpha.on("Query", Answer(0, b"body"), BREAK)
    channel = connect(alpha.grpc_address)
    ear = Heard()
    for expected in (Answer, Lost):
        asked = channel.ask(QUERY, 5, ear)
        await until(reactor, lambda: ear.told)
        asked.cancel()
        asked.cancel()
        await deferLater(reactor, 0.02)
        assert [type(end) for end in ear.told] == [expected]
        ear.told.clear()


async def test_an_ear_that_gave_up_hears_nothing_more_and_the_alpha_is_told(alpha, connect, reactor):
    alpha.on("Query", HANG)
    ear, channel = Heard(), connect(alpha.grpc_address)
    asked = channel.ask(QUERY, 5, ear)
    await until(reactor, lambda: alpha.seen)
    asked.cancel()
    asked.cancel()
    await until(reactor, lambda: alpha.given_up)
    await channel.close()
    assert ear.told == []


async def test_giving_up_before_there_is_a_connection_leaves_no_work(alpha, connect, reactor):
    channel, given_up, other = connect(alpha.grpc_address), Heard(), Heard()
    asked = channel.ask(QUERY, 5, given_up)
    channel.ask(QUERY, 5, other)
    asked.cancel()
    await until(reactor, lambda: other.told)
    # One of the engines has begun a stream by then, which it ends.
    await until(reactor, lambda: len(alpha.seen) - alpha.given_up == 1)
    assert given_up.told == []


async def test_what_is_refused_at_once_is_told_before_ask_returns(alpha, connect):
    channel = connect(alpha.grpc_address)
    bad = Heard()
    channel.ask(Rpc("Query", b"", (("accessjwt", "t\u00fc"),)), 5, bad).cancel()
    await channel.close()
    closed = Heard()
    channel.ask(QUERY, 5, closed).cancel()
    assert [type(end) for end in bad.told + closed.told] == [NotReached, NotReached]
    assert not alpha.seen


async def test_an_ear_that_raises_harms_no_other_call(alpha, connect, reactor, mistakes):
    def fall(end):
        raise RuntimeError("a mistake")

    alpha.on("Query", Answer(0, b"body"))
    channel = connect(alpha.grpc_address)
    ears = [Heard(fall), Heard(), Heard(fall), Heard()]
    for ear in ears:
        channel.ask(QUERY, 5, ear)
    await until(reactor, lambda: all(ear.told for ear in ears))
    assert [[end.body for end in ear.told] for ear in ears] == [[b"body"]] * 4
    await channel.close()
    closed = Heard(fall)
    channel.ask(QUERY, 5, closed)
    assert len(closed.told) == 1
    assert len(mistakes) == 3


async def test_an_ear_may_ask_again_when_it_hears(alpha, connect, reactor):
    channel, later = connect(alpha.grpc_address), Heard()
    first = Heard(lambda end: channel.ask(QUERY, 5, later))
    channel.ask(QUERY, 5, first)
    await until(reactor, lambda: later.told)
    assert [type(end) for end in first.told + later.told] == [Answer, Answer]


async def test_closing_loses_what_is_in_flight_and_takes_no_more(alpha, connect, reactor):
    alpha.on("Query", HANG)
    channel = connect(alpha.grpc_address)
    call = channel.call(QUERY, 5)
    await until(reactor, lambda: alpha.seen)
    closing = channel.close()
    assert isinstance(await failure(call), Lost)
    await closing
    assert isinstance(await failure(channel.call(QUERY, 5)), NotReached)


async def test_a_connect_that_hangs_is_given_up_in_time(alpha, connect):
    alpha.freeze()
    assert isinstance(
        await failure(connect(alpha.grpc_address, connect_timeout=0.2).call(QUERY, 5)), NotReached
    )


async def test_metadata_that_grpc_cannot_carry_is_not_sent(alpha, connect):
    rpc = Rpc("Query", b"", (("accessjwt", "t\u00fc"),))
    assert isinstance(await failure(connect(alpha.grpc_address).call(rpc, 5)), NotReached)
    assert not sendable((("a", "b\n"),))
    assert not sendable((("a-bin", "b"),))
    assert not sendable((("a", b"b"),))
    assert sendable((("a-bin", b"\x00"), ("a", "b c")))


async def test_a_call_waits_for_a_name_that_is_being_looked_up_but_not_for_ever(connect):
    class Slow(Names):
        def lookup(self, host):
            return Deferred()

    channel = connect("alpha1:9080", Slow(), connect_timeout=0.05)
    assert isinstance(await failure(channel.call(QUERY, 5)), NotReached)
    resolver = connect.resolvers[-1]
    for call in resolver._asking.pop("alpha1"):
        call.called or call.cancel()
    await channel.close()
    for call in resolver._clock.getDelayedCalls():
        call.cancel()


@pytest_twisted.async_yield_fixture
async def server(reactor):
    servers = []

    def serve(answer):
        servers.append(Server(reactor, answer))
        return servers[-1].address

    yield serve
    for each in servers:
        await each.stop()


BROKEN = {
    "closed without an answer": sends(close=True),
    "goaway for too many pings": sends((7, 0, (1).to_bytes(4, "big") + (11).to_bytes(4, "big")), close=True),
    "reset with an internal error": sends((3, 0, (2).to_bytes(4, "big"))),
    "reset with cancel before the deadline": sends((3, 0, (8).to_bytes(4, "big"))),
    "closed after the head": sends((1, 4, fields(*HEAD)), close=True),
    "closed in the middle of the message": sends((1, 4, fields(*HEAD)), (0, 0, b"\0\0\0\0\3ab"), close=True),
    "closed before the status": sends((1, 4, fields(*HEAD)), (0, 0, b"\0\0\0\0\2ab"), close=True),
    "ended without a status": sends((1, 4, fields(*HEAD)), (0, 1, b"\0\0\0\0\2ab")),
    "success without a message": sends((1, 5, fields(*HEAD, (b"grpc-status", b"0")))),
    "a proxy's page": sends((1, 5, fields((b":status", b"503")))),
}


@pytest.mark.parametrize("how", BROKEN)
async def test_what_breaks_after_sending_is_lost(server, connect, how):
    channel = connect(server(BROKEN[how]))
    assert isinstance(await failure(channel.call(QUERY, 5)), Lost), how


async def test_a_goaway_below_the_stream_is_told_from_a_lost_call_by_one_engine(server, connect, engine):
    channel = connect(server(sends((7, 0, bytes(8)), close=True)))
    told = NotReached if engine is H2Channel else Lost
    assert isinstance(await failure(channel.call(QUERY, 5)), told)


async def test_a_refused_stream_did_not_reach(server, connect):
    channel = connect(server(sends((3, 0, (7).to_bytes(4, "big")))))
    assert isinstance(await failure(channel.call(QUERY, 5)), NotReached)


async def test_a_status_that_arrived_before_the_close_is_the_alphas(server, connect):
    status = fields(*HEAD, (b"grpc-status", b"14"), (b"grpc-message", b"Socket closed"))
    answer = await connect(server(sends((1, 5, status), close=True))).call(QUERY, 5)
    assert (answer.status, answer.message) == (14, "Socket closed")


async def test_a_port_where_nobody_listens_is_not_reached(connect):
    error = await failure(connect(unused()).call(QUERY, 5))
    assert isinstance(error, NotReached)
    assert "Connection refused" in error.reason
