"""A huge answer to a query and a reader that does not read: what it costs the daemon, as a process."""

import json
import socket
import threading
import time
from contextlib import closing, suppress

import pytest

from otterd.wire import api_pb2 as api
from otterd.wire.h2 import ClientConnection, Memo, ServerConnection, block, field, pack
from otterd.wire.h2.messages import head
from tests.cluster.ports import free_ports
from tests.cluster.shape import Address
from tests.edges.ws.fakes import HEAD, frame
from tests.live.instance import TOKEN, Otter
from tests.test_big_streams import PATIENCE, resident

MIB = 1 << 20
SIZE = 256 * MIB
MOST_GROWTH = 40 * MIB
PIECE = b"1" * (64 << 10)
AFTER = api.Response(txn=api.TxnContext(start_ts=7), latency=api.Latency(total_ns=5)).SerializeToString()
BEFORE = b"\x0a\x80\x80\x80\x80\x01"
HEADED = block([(b":status", b"200"), (b"content-type", b"application/grpc"), (b"dgraph-toucheduids", b"3")])
TRAILED = block([(b"grpc-status", b"0")])
ASKED = block(
    [
        (b":method", b"POST"),
        (b":scheme", b"http"),
        (b":path", b"/api.Dgraph/Query"),
        (b"content-type", b"application/grpc"),
    ]
)


class Talk:
    """One gRPC connection, blocking: a query is answered with SIZE bytes of data, all else with nothing."""

    def __init__(self, connection, stuck):
        self.connection, self.stuck = connection, stuck
        self.server = ServerConnection(self, None, Memo())
        self.left = 0
        self.stream = None

    def run(self):
        self.server.start(time.monotonic())
        self.flush()
        while data := self.connection.recv(65536):
            self.server.receive(data, time.monotonic())
            self.flush()
            while self.left and self.stream.queue is None:
                self.stuck.clear()
                self.left -= len(PIECE)
                self.server.send(self.stream, PIECE)
                if not self.left:
                    self.server.send(self.stream, AFTER)
                    self.server.finish(self.stream, TRAILED)
                self.flush()
            if self.left:
                self.stuck.set()

    def flush(self):
        if data := self.server.data_to_send():
            self.connection.sendall(data)

    def accept(self, stream, request):
        return Asked(self, stream, request.path)

    def wake(self):
        pass

    def closed(self, broken):
        pass

    def going_away(self, code):
        pass


class Asked:
    def __init__(self, talk, stream, path):
        self.talk, self.stream, self.path = talk, stream, path

    def data(self, data):
        self.talk.server.consumed(self.stream, len(data))

    def ended(self, trailers):
        talk = self.talk
        if self.path != b"/api.Dgraph/Query":
            talk.server.answer(self.stream, HEADED, pack(b""), TRAILED)
            return
        talk.server.head(self.stream, HEADED)
        talk.server.send(self.stream, head(len(BEFORE) + SIZE + len(AFTER)) + BEFORE)
        talk.stream, talk.left = self.stream, SIZE

    def lost(self, lost):
        self.talk.left = 0

    def drained(self):
        pass


class Alpha:
    """A gRPC port and an HTTP port that is healthy; `stuck` is set while nobody takes the answer."""

    def __init__(self):
        self.stuck = threading.Event()
        self.doors = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        for door, serve in zip(self.doors, (self.grpc, self.http), strict=True):
            threading.Thread(target=self.listen, args=(door, serve), daemon=True).start()

    @property
    def address(self):
        return Address(*(f"127.0.0.1:{door.getsockname()[1]}" for door in self.doors))

    def listen(self, door, serve):
        while True:
            try:
                connection, _ = door.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    def grpc(self, connection):
        with connection, suppress(OSError):
            Talk(connection, self.stuck).run()

    def http(self, connection):
        with connection, suppress(OSError):
            connection.recv(65536)
            page = b'[{"instance":"alpha","status":"healthy","group":"1","version":"v25.4.0"}]'
            start = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
            connection.sendall(start % len(page) + page)

    def close(self):
        for door in self.doors:
            door.close()


def ask(otter):
    """Ask and read the head of the answer only."""
    host, _, port = otter.http.partition(":")
    client = socket.create_connection((host, int(port)), timeout=PATIENCE)
    body = b"{q(func: uid(1)) {uid}}"
    client.sendall(
        b"POST /query HTTP/1.0\r\nHost: otter\r\nContent-Type: application/dql\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    )
    said = b""
    while b"\r\n\r\n" not in said:
        said += client.recv(1)
    assert said.startswith(b"HTTP/1.1 200 OK"), said
    assert b"Dgraph-Toucheduids: 3" in said
    return client


def rest(client):
    """Read to the end; return how much it was and how it ended."""
    size, last = 0, b""
    while piece := client.recv(MIB):
        size += len(piece)
        last = (last + piece)[-200:]
    return size, last


class Caller:
    """A blocking gRPC call with the fields `more`; it takes what the windows let through, then all."""

    def __init__(self, port, more=b""):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.link = ClientConnection(self, None, Memo())
        self.size, self.code, self.reading = 0, None, False
        self.link.start(time.monotonic())
        query = api.Request(query="{q(func: uid(1)) {uid}}").SerializeToString()
        self.stream = self.link.request(ASKED + more, self, pack(query))
        self.flush()

    def flush(self):
        if data := self.link.data_to_send():
            self.socket.sendall(data)

    def take(self):
        self.link.receive(self.socket.recv(MIB), time.monotonic())
        self.flush()

    def read_on(self):
        self.reading = True
        self.link.consumed(self.stream, self.size)
        self.flush()
        while self.code is None:
            self.take()

    def wake(self):
        pass

    def closed(self, broken):
        pass

    def headers(self, answer):
        assert answer.get(b"dgraph-toucheduids") == b"3"

    def data(self, data):
        self.size += len(data)
        if self.reading:
            self.link.consumed(self.stream, len(data))

    def ended(self, trailers):
        self.code = trailers.get(b"grpc-status")

    def lost(self, lost):
        raise AssertionError(lost)


class Socket:
    """A blocking WebSocket that reads when it is told to."""

    def __init__(self, address):
        host, _, port = address.partition(":")
        self.socket = socket.create_connection((host, int(port)), timeout=PATIENCE)
        self.socket.sendall(HEAD + b"\r\n")
        self.held = b""
        while b"\r\n\r\n" not in self.held:
            self.held += self.socket.recv(1)
        self.held = b""

    def say(self, **members):
        self.socket.sendall(frame(1, json.dumps(members).encode()))

    def message(self):
        """Read one message; return its size, in how many frames it came, and its last bytes."""
        size, count, last, final = 0, 0, b"", False
        while not final:
            first, length = self.take(2)
            if length >= 126:
                length = int.from_bytes(self.take(2 if length == 126 else 8))
            last = (last + self.take(length))[-200:]
            size, count, final = size + length, count + 1, first >= 128
        return size, count, last

    def take(self, size):
        while len(self.held) < size:
            self.held += self.socket.recv(MIB)
        taken, self.held = self.held[:size], self.held[size:]
        return taken


@pytest.fixture
def alpha():
    with closing(Alpha()) as alpha:
        yield alpha


def test_a_256_mb_answer_to_a_slow_reader_costs_at_most_40_mb(alpha):
    otter = Otter([alpha.address], {"access_log": False})
    try:
        otter.start()
        before = resident(otter)
        with closing(ask(otter)) as client:
            assert alpha.stuck.wait(PATIENCE), "the alpha was never held back"
            stuck = resident(otter) - before
            size, last = rest(client)
            read = resident(otter) - before
        tail = b',"extensions":{"server_latency":{"total_ns":5},"txn":{"start_ts":7}}}'
        assert last.endswith(b"111" + tail)
        assert size == SIZE + len(tail) + len(b'{"data":')
        assert stuck <= MOST_GROWTH
        assert read <= MOST_GROWTH
    finally:
        otter.close()


def test_a_256_mb_answer_to_a_slow_socket_costs_at_most_40_mb(alpha):
    otter = Otter([alpha.address], {"access_log": False})
    try:
        otter.start()
        reader = Socket(otter.ws)
        with closing(reader.socket):
            reader.say(type="auth", token=TOKEN)
            assert reader.message()[2] == b'{"status":"authenticated"}'
            before = resident(otter)
            reader.say(type="query", query="{q(func: uid(1)) {uid}}", id="long", verbose=True)
            assert alpha.stuck.wait(PATIENCE), "the alpha was never held back"
            stuck = resident(otter) - before
            size, count, last = reader.message()
            read = resident(otter) - before
            reader.say(type="ping")
            assert reader.message()[2] == b'{"status":"pong"}'
        assert last.endswith(b'111,"latencyNs":5}')
        assert size == SIZE + len(b'{"id":"long","data":,"latencyNs":5}')
        assert count > SIZE // MIB
        assert stuck <= MOST_GROWTH
        assert read <= MOST_GROWTH
    finally:
        otter.close()


@pytest.mark.parametrize("more", [b"", field(b"grpc-timeout", b"250S")], ids=["patient", "with a deadline"])
def test_a_256_mb_answer_to_a_slow_grpc_caller_costs_at_most_40_mb(alpha, more):
    [port] = free_ports(1)
    keys = {"access_log": False, "enable_grpc": True, "grpc_port": port}
    otter = Otter([alpha.address], keys)
    try:
        otter.start()
        before = resident(otter)
        caller = Caller(port, more)
        with closing(caller.socket):
            while not caller.size >= MIB:
                caller.take()
            assert alpha.stuck.wait(PATIENCE), "the alpha was never held back"
            stuck = resident(otter) - before
            caller.read_on()
            read = resident(otter) - before
        assert caller.code == b"0"
        assert caller.size == 5 + len(BEFORE) + SIZE + len(AFTER)
        assert stuck <= MOST_GROWTH
        assert read <= MOST_GROWTH
    finally:
        otter.close()
