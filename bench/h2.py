"""Measure HTTP/2 framing, client and server in one, in memory: `python bench/h2.py`."""

import platform
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from otterd.wire.h2 import FOR_ALPHAS, ClientConnection, Memo, ServerConnection, block, field, pack
from otterd.wire.h2.errors import Broken, Lost
from otterd.wire.h2.fields import Head
from otterd.wire.h2.metadata import format_timeout
from otterd.wire.h2.stream import Receiver, Stream

CONSTANT = block(
    [
        (b":method", b"POST"),
        (b":scheme", b"http"),
        (b":path", b"/api.Dgraph/Query"),
        (b":authority", b"127.0.0.1:9080"),
        (b"content-type", b"application/grpc"),
        (b"user-agent", b"grpc-go/1.72.0"),
        (b"te", b"trailers"),
    ]
)
HEAD = block([(b":status", b"200"), (b"content-type", b"application/grpc")])
TRAILERS = block([(b"grpc-status", b"0"), (b"grpc-message", b"")])
REQUEST, ANSWER = pack(b"q" * 120), pack(b"a" * 600)
TOKEN = bytes(random.choices(b"abcdefghijklmnopqrstuvwxyz", k=300))


class Call:
    """One call, of either side."""

    def __init__(self, link: ClientConnection | ServerConnection) -> None:
        self.link = link
        self.stream: Stream | None = None

    def headers(self, head: Head) -> None:
        pass

    def informed(self, head: Head) -> None:
        pass

    def data(self, data: bytes) -> None:
        self.link.consumed(self.stream, len(data))  # type: ignore[arg-type]

    def ended(self, trailers: Head | None) -> None:
        if isinstance(self.link, ServerConnection):
            self.link.answer(self.stream, HEAD, ANSWER, TRAILERS)  # type: ignore[arg-type]

    def lost(self, lost: Lost) -> None:
        raise AssertionError(lost)

    def drained(self) -> None:
        pass


class Owner:
    """Who would hold a transport."""

    link: ServerConnection

    def wake(self) -> None:
        pass

    def closed(self, broken: Broken | None) -> None:
        raise AssertionError(broken)

    def ponged(self, payload: bytes) -> None:
        pass

    def going_away(self, code: int) -> None:
        pass

    def room_made(self) -> None:
        pass

    def accept(self, stream: Stream, head: Head) -> Receiver:
        call = Call(self.link)
        call.stream = stream
        return call


def pair() -> tuple[ClientConnection, ServerConnection]:
    """Return two connections that have met."""
    owner = Owner()
    client = ClientConnection(Owner(), FOR_ALPHAS, Memo())
    server = owner.link = ServerConnection(owner, memo=Memo())
    client.start(0.0)
    server.start(0.0)
    for _ in range(3):
        server.receive(client.data_to_send(), 0.0)
        client.receive(server.data_to_send(), 0.0)
    return client, server


def measure(head: Callable[[], bytes], batch: int, rounds: int = 9, calls: int = 6_400) -> tuple[float, ...]:
    """Return the best processor time of a call, client's and server's share, in µs, `batch` calls a turn."""
    best = (float("inf"), 0.0, 0.0)
    client, server = pair()
    heads = [head() for _ in range(calls)]
    clock = time.process_time
    for _ in range(rounds):
        asked = served = 0.0
        for turn in range(0, calls, batch):
            begun = clock()
            for number in range(batch):
                call = Call(client)
                call.stream = client.request(heads[turn + number], call, REQUEST)
            out = client.data_to_send()
            sent = clock()
            server.receive(out, float(turn))
            back = server.data_to_send()
            answered = clock()
            client.receive(back, float(turn))
            asked += sent - begun + clock() - answered
            served += answered - sent
        if asked + served < best[0]:
            best = (asked + served, asked, served)
    assert not client.streams
    assert not server.streams
    return tuple(part / calls * 1e6 for part in best)


def timed() -> bytes:
    """Return a request's head with a deadline of its own."""
    return CONSTANT + field(b"grpc-timeout", format_timeout(random.uniform(0.1, 60.0)))


def tokened() -> bytes:
    """Return a request's head with a deadline and a token."""
    return timed() + field(b"accessjwt", TOKEN)


def main() -> None:
    """Print the table."""
    print(f"Python {platform.python_version()}, {platform.machine()}; µs of processor time a call")
    print(f"{'requests':<28}{'a turn':>7}{'both':>8}{'client':>8}{'server':>8}")
    heads = {"constant heads": lambda: CONSTANT, "a deadline each": timed, "a deadline and a token": tokened}
    for name, head in heads.items():
        for batch in (1, 8, 32):
            both, asked, served = measure(head, batch)
            print(f"{name:<28}{batch:>7}{both:>8.2f}{asked:>8.2f}{served:>8.2f}")


if __name__ == "__main__":
    main()
