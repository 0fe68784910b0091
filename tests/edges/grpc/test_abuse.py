"""What clients must not do: each ends their own connection at most, and leaves nothing held."""

from dataclasses import replace

import pytest
from h2.errors import ErrorCodes

from otterd.core.operation import Answer
from otterd.edges.grpc.factory import POLITE
from tests.doors import PeerWire
from tests.edges.grpc.peer import Peer, framed
from tests.edges.grpc.rig import DGRAPH, Rig, mutation, query
from tests.fakes.memory import HANG

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def bare(rig: Rig, data: bytes) -> PeerWire:
    """Send raw bytes on a connection of their own."""
    wire = PeerWire("192.0.2.9")
    wire.protocol = rig.calls.buildProtocol(None)
    wire.protocol.makeConnection(wire)
    wire.protocol.dataReceived(data)
    return wire


GARBAGE = [
    b"GET / HTTP/1.1\r\nHost: otter\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40),
    PREFACE + frame(0, 0, 1, b"x"),
    PREFACE + frame(4, 0, 0) + frame(0, 0, 1, b"data before headers"),
    PREFACE + frame(4, 0, 0) + frame(1, 4, 1, b"\xff\xff\xff\xff\xff\xff"),
    PREFACE + frame(4, 0, 0) + frame(9, 4, 1, b"a continuation of nothing"),
    PREFACE + frame(4, 0, 0) + frame(0, 0, 1, bytes(16_385)),
    PREFACE + frame(4, 0, 0) + frame(4, 0, 0) * 200,
    PREFACE + frame(4, 0, 0) + frame(6, 0, 0, bytes(8)) * 1_000,
]


@pytest.mark.parametrize("data", GARBAGE, ids=range(len(GARBAGE)))
def test_bytes_that_break_the_rules_end_the_connection(data: bytes) -> None:
    rig = Rig()
    wire = bare(rig, data)
    assert wire.protocol is None
    assert rig.calls.connections == 1
    assert rig.call().code == 0


def test_rapid_resets_end_the_connection_and_leave_no_call() -> None:
    rig = Rig()
    for alpha in rig.alphas.values():
        alpha.channel.on("Query", HANG)
    payload = framed(query())
    for _ in range(5_000):
        if rig.client.wire.protocol is None:
            break
        stream = rig.client.open(DGRAPH + "Query")
        rig.client.h2.send_data(stream, payload, end_stream=True)
        rig.client.h2.reset_stream(stream, 8)
        rig.client.talk()
    assert rig.client.goaways[-1][1] == ErrorCodes.ENHANCE_YOUR_CALM
    assert rig.gateway.in_flight == 0
    assert len(rig.rpcs) < 2_000
    assert all(entry.status == 1 for entry in rig.ledger.closed)


def test_streams_over_the_limit_are_refused_unprocessed() -> None:
    rig = Rig(grpc_max_streams=2)
    for alpha in rig.alphas.values():
        alpha.channel.on("Query", HANG)
    wire = bare(rig, PREFACE + frame(4, 0, 0))
    block = (
        b"\x83\x86\x04\x11" + b"/api.Dgraph/Query" + b"\x5f\x10application/grpc"
    )  # POST, http, the path, the content type
    for stream in (1, 3, 5):
        wire.protocol.dataReceived(frame(1, 4, stream, block) + frame(0, 1, stream, framed(query())))
    assert frame(3, 0, 5, b"\0\0\0\7") in wire.received
    assert len(rig.rpcs) == 2


def test_connections_far_over_the_limit_are_cut_unheard() -> None:
    rig = Rig(grpc_max_connections=1)
    kept = []
    for _ in range(POLITE + 3):
        wire = PeerWire("192.0.2.9")
        wire.stalled = True
        wire.protocol = rig.calls.buildProtocol(None)
        wire.protocol.makeConnection(wire)
        kept.append(wire)
    assert [wire.closing for wire in kept[-4:]] == ["lose", "abort", "abort", "abort"]
    rig.clock.pump([0.5] * 12)
    assert rig.calls.connections == 1


def test_a_client_that_never_acknowledges_is_parted_from() -> None:
    rig = Rig()
    wire = bare(rig, PREFACE + frame(4, 0, 0))
    rig.clock.pump([0.5] * 22)
    assert wire.protocol is None


def test_an_idle_client_is_parted_from_in_two_steps() -> None:
    rig = Rig(idle_timeout=10.0)
    assert rig.call().code == 0
    rig.clock.pump([0.5] * 21)
    rig.client.talk()
    assert rig.client.goaways[0] == (2**31 - 1, 0)
    rig.client.talk()
    assert rig.client.wire.protocol is None


def test_a_silent_client_with_calls_is_asked_for_a_sign_and_then_cut() -> None:
    rig = Rig(idle_timeout=10.0, answer_timeout=100.0)
    rig.alphas["a:9080"].channel.on("Query", HANG)
    rig.client.ask(DGRAPH + "Query", query())
    rig.clock.pump([0.5] * 21)
    rig.client.talk()
    rig.clock.pump([0.5] * 30)
    assert rig.client.wire.protocol is not None
    rig.clock.pump([0.5] * 45)
    assert rig.client.wire.protocol is None
    assert rig.gateway.in_flight == 0


def test_a_client_that_reads_nothing_is_not_written_to_without_bound() -> None:
    rig = Rig()
    for alpha in rig.alphas.values():
        alpha.channel.on("Query", Answer(0, bytes(60_000)))
    rig.client.wire.stalled = True
    told = [rig.client.ask(DGRAPH + "Query", query()) for _ in range(40)]
    rig.clock.advance(0)
    rig.client.talk()
    assert len(rig.client.wire.dataBuffer) < 1 << 20
    rig.client.wire.stalled = False
    rig.client.wire.take()
    for _ in range(100):
        rig.settle(told[0])
    assert all(each.ended for each in told)


def test_guesses_at_a_token_with_long_messages_are_counted() -> None:
    rig = Rig(client_token="visitor", rate_limit_rps=0.5, rate_limit_burst=2)
    told = []
    for _ in range(3):
        stream = rig.client.open(DGRAPH + "Query", (("authorization", "Bearer guess"),))
        rig.client.send(stream, framed(bytes(100_000))[:50], end=False)
        told.append(rig.settle(rig.client.told[stream]).code)
    assert told == [16, 16, 8]


def test_a_client_that_asks_and_does_not_read_gets_nothing_more_buffered() -> None:
    rig = Rig()
    for alpha in rig.alphas.values():
        alpha.channel.on("Query", Answer(0, bytes(60_000)))
    wire = rig.client.wire
    rig.client.h2.increment_flow_control_window(1 << 20)
    rig.client.talk()
    wire.stalled = True
    for _ in range(3):
        rig.client.ask(DGRAPH + "Query", query())
        rig.clock.advance(0)
    held = len(wire.dataBuffer)
    assert held > 65_536
    for number in range(100):
        rig.client.h2.ping(number.to_bytes(8))
    rig.client.talk()
    assert len(wire.dataBuffer) == held
    wire.stalled = False
    wire.take()
    rig.client.talk()
    assert len(rig.client.wire.received) > held + 100 * 17


@pytest.mark.parametrize(("payload", "code"), [(query(read_only=True), 14), (mutation(commit_now=True), 2)])
def test_an_answer_that_cannot_be_held_asks_for_no_write_to_be_sent_again(payload: bytes, code: int) -> None:
    rig = Rig()
    rig.calls.limits = replace(rig.calls.limits, queued_bytes=1_000)
    rig.client = Peer(rig.calls)
    rig.client.auto = False
    for alpha in rig.alphas.values():
        alpha.channel.on("Query", Answer(0, bytes(100_000)), Answer(0, b"small"))
    unread = rig.call(payload=query())
    assert not unread.ended
    told = rig.call(payload=payload)
    assert told.code == code
    assert told.message.startswith("outcome unknown: ") == (code == 2)
    assert bool(told.details) == (code == 14)
    assert rig.ledger.closed[0].verdict == ("ErrorOverloaded" if code == 14 else "ErrorOutcomeUnknown")
