"""An upgraded connection: bytes both ways between a client and an alpha, each at the other's pace."""

from collections.abc import Callable

from otterd.core.operation import Tunnel
from otterd.edges.http.outflow import Flow, Outlet


class Tunnelling(Flow):
    """Sink of `tunnel`, and the way of the client's bytes into it.

    `slower` and `faster` are called when the alpha does not keep up and when it does again.
    """

    def __init__(
        self, outlet: Outlet, tunnel: Tunnel, slower: Callable[[], None], faster: Callable[[], None]
    ) -> None:
        super().__init__(outlet, tunnel)
        self._tunnel = tunnel
        self._slower = slower
        self._faster = faster
        self.received = 0

    def start(self) -> None:
        """Open the tunnel."""
        self._tunnel.on_pressure(self._slower, self._faster)
        self._tunnel.start(self)

    def send(self, data: bytes) -> None:
        """Pass on what the client sent."""
        if not self._over and data:
            self.received += len(data)
            self._tunnel.send(data)

    def send_end(self) -> None:
        """Pass on that the client sends nothing more."""
        if not self._over:
            self._tunnel.send_end()

    def write(self, data: bytes) -> None:
        """Pass on what the alpha sent."""
        if not self._over and data:
            self.sent += len(data)
            self._outlet.put([data])

    def finish(self) -> None:
        """End the connection: the alpha has."""
        if not self._over:
            self.stop()
            self._outlet.stream_ended(self.sent)
