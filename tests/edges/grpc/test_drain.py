"""A stop at the gRPC door: what was begun ends, what was sent before the client knew is served."""

from otterd.core.operation import Answer
from tests.edges.grpc.peer import Peer, framed
from tests.edges.grpc.rig import DGRAPH, Rig, query
from tests.edges.ws.fakes import Wire
from tests.fakes.memory import HANG


def test_calls_in_flight_and_those_on_their_way_are_answered() -> None:
    rig = Rig()
    rig.alphas["a:9080"].channel.on("Query", HANG)
    begun = rig.client.ask(DGRAPH + "Query", query())
    rig.calls.drain()
    rig.clock.advance(0)
    first = rig.client.wire.received[rig.client._read :]
    assert b"\x7f\xff\xff\xff\0\0\0\0" in first
    # Sent before the client has read that.
    stream = rig.client.h2.get_next_available_stream_id()
    rig.client.open(DGRAPH + "Query")
    rig.client.h2.send_data(stream, framed(query()), end_stream=True)
    rig.client.wire.protocol.dataReceived(rig.client.h2.data_to_send())
    rig.client.talk()
    assert rig.client.told[stream].code == 0
    assert rig.calls.connections == 1
    [call] = rig.alphas["a:9080"].channel.calls
    rig.alphas["a:9080"].channel.settle(call, Answer(0, b"x"))
    rig.settle(begun)
    assert begun.body == b"x"
    assert rig.client.goaways[:2] == [(2**31 - 1, 0), (stream, 0)]
    assert rig.calls.connections == 0


def test_closed_fires_with_the_last_connection() -> None:
    rig = Rig()
    rig.alphas["a:9080"].channel.on("Query", HANG)
    begun = rig.client.ask(DGRAPH + "Query", query())
    rig.calls.drain()
    ended: list[object] = []
    rig.calls.closed().addCallback(ended.append)
    rig.settle(begun)
    assert not ended
    [call] = rig.alphas["a:9080"].channel.calls
    rig.alphas["a:9080"].channel.settle(call, Answer(0, b"x"))
    rig.settle(begun)
    assert ended == [None]
    rig.calls.closed().addCallback(ended.append)
    assert ended == [None, None]


def test_a_connection_that_comes_while_it_stops_is_told_at_once() -> None:
    rig = Rig()
    rig.calls.drain()
    late = Peer(rig.calls)
    assert late.goaways[0] == (2**31 - 1, 0)
    assert late.wire.protocol is None


def test_a_client_that_answers_nothing_is_parted_from_after_a_second() -> None:
    rig = Rig()
    rig.calls.drain()
    rig.clock.pump([0.5] * 3)
    assert rig.client.wire.protocol is None


def test_abort_cuts_what_is_left() -> None:
    rig = Rig()
    for alpha in rig.alphas.values():
        alpha.channel.on("Query", HANG)
    rig.client.ask(DGRAPH + "Query", query())
    wire = Wire()
    Peer(rig.calls, wire)
    rig.calls.abort()
    assert rig.calls.connections == rig.gateway.in_flight == 0
    assert wire.closing == "abort"
