"""A port of an alpha, as its process has it: closed and opened, frozen and thawed, connections cut."""

from __future__ import annotations

import socket
import struct
from typing import Any, Protocol

from twisted.internet.defer import Deferred


class Connection(Protocol):
    """A connection that a Port keeps."""

    transport: Any

    def freeze(self) -> None:
        """Read nothing and write nothing."""

    def thaw(self) -> None:
        """Go on."""


class Port:
    """Takes connections for `factory` on 127.0.0.1; `number` 0 takes any port, and then keeps it."""

    def __init__(self, reactor: Any, factory: Any, number: int = 0) -> None:
        self._reactor = reactor
        self._factory = factory
        self.number = number
        self.connections: set[Connection] = set()
        self.frozen = False
        self._wanted = False
        self._listening: Any = None
        self._closing: Deferred[None] | None = None

    @property
    def closing(self) -> bool:
        """Whether it is not closed yet, though it shall be or was to be."""
        return self._closing is not None

    def accept(self) -> None:
        """Take connections (again), at the latest when the port has been closed."""
        self._wanted = True
        if self._listening is None and self._closing is None:
            self._listening = self._reactor.listenTCP(self.number, self._factory, interface="127.0.0.1")
            self.number = self._listening.getHost().port

    def refuse(self) -> Deferred[None]:
        """Take no more connections, and reset those that are; the Deferred fires when that is done."""
        self._wanted = self.frozen = False
        self.cut()
        closed: Deferred[None] = Deferred()
        if self._listening is not None:
            listening, self._listening = self._listening, None
            self._closing = listening.stopListening()
            if self._closing is not None:
                self._closing.addCallback(self._closed)
        if self._closing is None:
            closed.callback(None)
        else:
            self._closing.addCallback(lambda _: closed.callback(None))
        return closed

    def _closed(self, _: object) -> None:
        self._closing = None
        if self._wanted:
            self.accept()

    def cut(self) -> None:
        """Reset all connections."""
        for connection in list(self.connections):
            reset(connection.transport)

    def freeze(self) -> None:
        """Take connections and serve none, as a stopped process."""
        if not self.frozen:
            self.frozen = True
            for connection in self.connections:
                connection.freeze()

    def thaw(self) -> None:
        """Go on after `freeze`."""
        if self.frozen:
            self.frozen = False
            for connection in list(self.connections):
                connection.thaw()


def reset(transport: Any) -> None:
    """Close the socket of `transport` with a RST."""
    handle = transport.getHandle()
    if handle is not None and handle.fileno() >= 0:
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abortConnection()
