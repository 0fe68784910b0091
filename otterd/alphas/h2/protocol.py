"""The protocol of a connection to an alpha: what Twisted calls, passed on to a Link."""

from typing import Any

from twisted.internet.interfaces import IHandshakeListener, IPushProducer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from otterd.alphas.h2.link import Link


@implementer(IPushProducer, IHandshakeListener)
class LinkProtocol(Protocol):
    """Stands between a transport and `link`. As a producer it is paused when the alpha does not keep up."""

    transport: Any

    def __init__(self, link: Link) -> None:
        self.link = link
        # Every answer comes in through here, so it is spared the way through this class.
        self.dataReceived = link.received  # type: ignore[method-assign]

    def connectionMade(self) -> None:
        """Begin."""
        self.transport.registerProducer(self, True)
        self.link.begin(self.transport)

    def handshakeCompleted(self) -> None:
        """Be told that TLS was agreed on."""
        self.link.shaken()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Lose what was under way."""
        assert reason.value is not None
        self.link.lost(reason.value)

    def pauseProducing(self) -> None:
        """Let requests wait: the transport takes no more."""
        self.link.connection.hold()

    def resumeProducing(self) -> None:
        """Let requests flow."""
        self.link.connection.release()

    def stopProducing(self) -> None:
        """Take no note: the connection's end says it."""
