"""What connections cost that are open and idle: resident memory of a fresh Otter with 1,000 of them."""

import socket
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from bench import asking, machine
from bench.gateways import Gateway, otter
from tests.cluster.shape import Address

IDLE = 1000
LIVEZ = b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
SETTLED = 2.0
"""Seconds between the last connection and the reading."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of a gateway with nobody connected and with `idle` connections, each of which has asked once."""

    door: str
    idle: int
    before: int
    after: int

    @property
    def each(self) -> float:
        """Return the bytes that one connection costs."""
        return (self.after - self.before) / self.idle

    def raw(self) -> dict[str, object]:
        """Return it as it is kept."""
        return asdict(self)


def measured(alphas: Sequence[Address], core: int) -> list[Memory]:
    """Return what each door's idle connections cost, each in an Otter of its own."""
    found = []
    for door in ("http", "ws", "grpc"):
        gateway = otter(alphas, core)
        try:
            if door in gateway.ports:
                found.append(_of(gateway, door))
        finally:
            gateway.close()
    return found


def _of(gateway: Gateway, door: str) -> Memory:
    for one in [_opened(gateway, door) for _ in range(50)]:  # what is made only once is made now
        one.close()
    time.sleep(SETTLED)
    before = machine.resident(gateway.pid)
    held = [_opened(gateway, door) for _ in range(IDLE)]
    time.sleep(SETTLED)
    after = machine.resident(gateway.pid)
    for one in held:
        one.close()
    return Memory(door, len(held), before, after)


def _opened(gateway: Gateway, door: str) -> socket.socket:
    """Return a connection that has asked once and was answered."""
    end = socket.create_connection(("127.0.0.1", gateway.ports[door]), 10)
    if door == "http":
        end.sendall(LIVEZ)
        _until(end, b"\r\n\r\n")
    elif door == "ws":
        hello = asking.websocket(gateway.token, distinct=False).hello
        upgrade, papers = hello.split(b"\r\n\r\n", 1)
        end.sendall(upgrade + b"\r\n\r\n")
        _until(end, b"\r\n\r\n")
        end.sendall(papers)
        _until(end, b"authenticated")
    else:
        asked = asking.grpc(distinct=False)
        end.sendall(asked.hello + asking.frame(4, 1, 0, b"") + asked.request)
        _until(end, asking.ANSWER)
    return end


def _until(end: socket.socket, text: bytes) -> None:
    heard = b""
    while text not in heard:
        piece = end.recv(65536)
        if not piece:
            raise ConnectionError(f"closed after {heard[-100:]!r}")
        heard += piece
