"""The way to one alpha: what every engine offers."""

from typing import Protocol

from twisted.internet.defer import Deferred

from otterd.core.operation import Answer, HttpCall, Rpc
from otterd.errors import AlphaFailure


class Ear(Protocol):
    """Who hears how a call ended: exactly one of the two is called, once, perhaps before `ask` has returned.

    What it raises is logged and harms neither the connection nor other calls.
    """

    def answered(self, answer: Answer) -> None:
        """Be told the alpha's own answer."""

    def failed(self, failure: AlphaFailure) -> None:
        """Be told why there is none."""


class Asked(Protocol):
    """A call that was sent, or waits to be."""

    def cancel(self) -> None:
        """Give up: the ear hears nothing more, and the alpha is told. Safe twice, and after the end."""


class Channel(Protocol):
    """gRPC calls to one alpha.

    A call ends with the alpha's own Answer, also when that is an error status that
    came over the wire. It fails with `NotReached` when the request provably never
    left, `Lost` when the connection broke after it may have, `TimedOut` at the
    deadline. A long answer to an Rpc that
    `streams` may come as a Body; the deadline then binds its beginning only, unless it is `strict`. A
    Duplex is answered with a Tunnel once the alpha has begun to answer, and sends nothing before but what it
    carries; the engine `grpcio` takes none.
    """

    address: str

    @property
    def open(self) -> int:
        """Return how many long answers flow, whose calls have fired already."""

    def ask(self, rpc: Rpc, timeout: float, ear: Ear) -> Asked:
        """Send `rpc`, and let `ear` hear the end; `timeout` is in seconds from now and reaches the alpha."""

    def call(self, rpc: Rpc, timeout: float) -> Deferred[Answer]:
        """Ask for those who like a Deferred; cancelling it gives the call up."""

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
