"""A connection against the `h2` library as the alpha, whatever the pieces in which its bytes come."""

import h2.config
import h2.connection
import h2.events
import pytest
from twisted.internet.defer import succeed
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from otterd.alphas.h2 import H2Channel
from otterd.alphas.resolve import Resolver
from otterd.core.operation import Rpc

SIZES = (1, 2, 3, 7, 16, 100, 1000, 100_000)


class Library:
    """An alpha made of the `h2` library, which uses HPACK's table and Huffman where it may."""

    def __init__(self, answer):
        self.connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        self.answer = answer
        self.heads = []
        self.bodies = {}
        self.connection.initiate_connection()

    def hear(self, data):
        """Take `data`, and return what the alpha says to it."""
        for event in self.connection.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                self.heads.append(dict(event.headers))
                self.bodies[event.stream_id] = b""
            elif isinstance(event, h2.events.DataReceived):
                self.bodies[event.stream_id] += event.data
                self.connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                self.answer(self.connection, event.stream_id, self.bodies[event.stream_id])
        return self.connection.data_to_send()


def answers(connection, stream, body):
    """Answer with the request's own message, and fields that repeat."""
    connection.send_headers(
        stream, [(":status", "200"), ("content-type", "application/grpc"), ("x", f"{stream}"), ("y", "same")]
    )
    for at in range(0, len(body), 10_000):
        connection.send_data(stream, body[at : at + 10_000])
    connection.send_headers(stream, [("grpc-status", "0"), ("z-bin", "AP8")], end_stream=True)


def refuses(connection, stream, body):
    head = [(":status", "200"), ("content-type", "application/grpc")]
    connection.send_headers(
        stream, [*head, ("grpc-status", "2"), ("grpc-message", "no%20" + "x" * 40_000)], end_stream=True
    )


def converse(answer, payloads, size):
    """Return how calls with `payloads` end when every write of the alpha comes in pieces of `size` bytes."""
    clock, library = Clock(), Library(answer)
    transports = []

    class Endpoint:
        def connect(self, factory):
            link = factory.buildProtocol(None)
            link.makeConnection(StringTransport())
            transports.append(link)
            return succeed(link)

    channel = H2Channel(
        "10.0.0.1:1", Resolver(clock, lambda host: None), clock, None, lambda: 5.0, endpoint=Endpoint()
    )
    results = []
    for payload in payloads:
        channel.call(Rpc("Query", payload), 5.0).addBoth(results.append)
    [link] = transports
    while True:
        clock.advance(0)
        sent = link.transport.value()
        link.transport.clear()
        said = library.hear(sent)
        for at in range(0, len(said), size):
            link.dataReceived(said[at : at + size])
        if not said and not link.transport.value():
            break
    assert len(results) == len(payloads)
    channel.close()
    link.connectionLost()
    clock.advance(0)
    return results, library


@pytest.mark.parametrize("size", SIZES)
def test_answers_are_the_same_in_any_pieces(size):
    payloads = [b"", b"a" * 600, b"b" * 40_000, bytes(range(256)) * 10]
    results, library = converse(answers, payloads, size)
    assert [result.body for result in results] == payloads
    for at, result in enumerate(results):
        assert result.headers == ((b"x", b"%d" % (1 + 2 * at)), (b"y", b"same"))
        assert result.trailers == ((b"z-bin", b"\0\xff"),)
    assert {head[b":path"] for head in library.heads} == {b"/api.Dgraph/Query"}


@pytest.mark.parametrize("size", SIZES)
def test_long_refusals_are_the_same_in_any_pieces(size):
    results, _ = converse(refuses, [b"a", b"b"], size)
    assert [(result.status, result.message) for result in results] == [(2, "no " + "x" * 40_000)] * 2
