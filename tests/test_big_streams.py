"""A huge answer to a reader that does not read: what it costs the daemon, as a process."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from tests.cluster.shape import Address
from tests.live.instance import Otter

MIB = 1 << 20
SIZE = 200 * MIB
MOST_GROWTH = 2 * MIB
PATIENCE = 60.0
PIECE = b"x" * MIB


class BigAlpha(threading.Thread):
    """Answers each HTTP request with SIZE bytes; `stuck` is set while nobody takes them."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.stuck = threading.Event()
        self.door = socket.create_server(("127.0.0.1", 0))

    @property
    def address(self) -> Address:
        port = self.door.getsockname()[1]
        return Address(grpc="127.0.0.1:1", http=f"127.0.0.1:{port}")

    def run(self) -> None:
        while True:
            try:
                connection, _ = self.door.accept()
            except OSError:
                return
            threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def answer(self, connection: socket.socket) -> None:
        # A probe may have given up meanwhile.
        with connection, suppress(OSError):
            self.serve(connection)

    def serve(self, connection: socket.socket) -> None:
        head = connection.recv(65536)
        if not head.startswith(b"GET /ui/keywords"):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]")
            return
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % SIZE)
        connection.settimeout(1.0)
        left = SIZE
        while left:
            try:
                left -= connection.send(PIECE[:left])
                self.stuck.clear()
            except TimeoutError:
                self.stuck.set()


@contextmanager
def running(alpha: BigAlpha) -> Iterator[Otter]:
    otter = Otter([alpha.address], {"access_log": False})
    try:
        yield otter.start(ready=False)
    finally:
        otter.close()


def resident(otter: Otter) -> int:
    """Return the daemon's resident memory in bytes."""
    status = Path(f"/proc/{otter.pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) * 1024


def ask(otter: Otter) -> socket.socket:
    """Ask for the big answer and read its head only."""
    host, _, port = otter.http.partition(":")
    client = socket.create_connection((host, int(port)), timeout=PATIENCE)
    client.sendall(b"GET /ui/keywords HTTP/1.1\r\nHost: otter\r\n\r\n")
    head = b""
    while b"\r\n\r\n" not in head:
        head += client.recv(1)
    assert head.startswith(b"HTTP/1.1 200 OK")
    return client


def drained(client: socket.socket, expected: int = SIZE) -> int:
    """Read the body to its end, or to the `expected` length, and return its length."""
    size = 0
    while size < expected:
        piece = client.recv(65536)
        if not piece:
            break
        size += len(piece)
    return size


def test_a_200_mb_answer_to_a_slow_reader_costs_at_most_2_mb() -> None:
    alpha = BigAlpha()
    with closing(alpha.door):
        alpha.start()
        with running(alpha) as otter:
            # The first answer pays for what every later one shares.
            with closing(ask(otter)) as client:
                assert drained(client) == SIZE
            alpha.stuck.clear()
            before = resident(otter)
            with closing(ask(otter)) as client:
                assert alpha.stuck.wait(PATIENCE), "the alpha was never held back"
                assert resident(otter) - before <= MOST_GROWTH
                assert drained(client) == SIZE
                assert resident(otter) - before <= MOST_GROWTH
