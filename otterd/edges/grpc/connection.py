"""The protocol of a connection of gRPC calls: what Twisted calls, and no more."""

from typing import TYPE_CHECKING

from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from otterd.edges.grpc.line import Line

if TYPE_CHECKING:
    from otterd.edges.grpc.factory import GrpcFactory


@implementer(IPushProducer)
class GrpcConnection(Protocol):
    """Passes the transport's events on to a Line.

    As a producer (of the transport) it is paused when the client does not keep up.
    """

    _line: Line

    def __init__(self, keeper: "GrpcFactory") -> None:
        self._keeper = keeper

    def connectionMade(self) -> None:
        """Let the Line speak first."""
        line = self._line = Line(self._keeper, self.transport)
        # The transport then calls it without a detour by way of this class.
        self.dataReceived = line.receive  # type: ignore[method-assign]
        self.transport.registerProducer(self, True)  # type: ignore[union-attr]
        line.start()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Be told that nobody is there any more."""
        self._line.lost()

    def pauseProducing(self) -> None:
        """Be told that the client does not keep up."""
        self._line.pause()

    def resumeProducing(self) -> None:
        """Be told that the client has read all there was."""
        self._line.resume()

    def stopProducing(self) -> None:
        """Be told that the connection is lost; `connectionLost` follows."""
