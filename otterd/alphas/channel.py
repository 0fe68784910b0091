"""The way to one alpha: what every engine offers."""

from typing import Protocol

from twisted.internet.defer import Deferred

from otterd.core.operation import Answer, HttpCall, Rpc


class Channel(Protocol):
    """gRPC calls to one alpha.

    `call` fires with the alpha's own Answer, also when that is an error status that
    came over the wire. It fails with `NotReached` when the request provably never
    left, `Lost` when the connection broke after it may have, `TimedOut` at the
    deadline. Cancelling the Deferred cancels the call on the wire. A long answer to an Rpc that
    `streams` may fire with a Body; the deadline then binds its beginning only, unless it is `strict`. A
    Duplex fires with a Tunnel once the alpha has begun to answer, and sends nothing before but what it
    carries; the engine `grpcio` takes none.
    """

    address: str

    @property
    def open(self) -> int:
        """Return how many long answers flow, whose calls have fired already."""

    def call(self, rpc: Rpc, timeout: float) -> Deferred[Answer]:
        """Send `rpc`; `timeout` is in seconds from now and reaches the alpha."""

    def close(self) -> Deferred[None]:
        """End the connections; calls in flight fail with `Lost`."""


class HttpChannel(Protocol):
    """Pass-through HTTP requests to one alpha; the same failures as `Channel`.

    The Deferred fires when the head of the answer is in; `timeout` bounds that, and
    after it each `progress` seconds must bring bytes while the body is not paused.
    """

    address: str

    @property
    def open(self) -> int:
        """Return how many requests, bodies and tunnels are under way."""

    def send(self, call: HttpCall, timeout: float, *, upgrade: bool = False) -> Deferred[Answer]:
        """Send `call` on a connection of its own; `upgrade` allows a 101 with a Tunnel."""

    def close(self) -> Deferred[None]:
        """End what is open."""
