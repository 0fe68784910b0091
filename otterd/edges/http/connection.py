"""The protocol of one HTTP connection: what Twisted calls, passed on to a Conversation."""

from typing import TYPE_CHECKING

from twisted.internet.interfaces import IHalfCloseableProtocol, IPushProducer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from otterd.edges.http.conversation import Conversation

if TYPE_CHECKING:
    from otterd.edges.http.factory import HttpFactory


@implementer(IHalfCloseableProtocol, IPushProducer)
class HttpConnection(Protocol):
    """A connection of `factory`, which calls `tick` with the time.

    As a producer (of the transport) it is paused when the client does not keep up.
    """

    talk: Conversation

    def __init__(self, factory: "HttpFactory") -> None:
        self._factory = factory

    # What the transport calls.

    def connectionMade(self) -> None:
        """Begin, or say that there is no room."""
        self.talk = talk = Conversation(self._factory.keeper, self.transport)
        # Every request comes in through here, so it is spared the way through this class.
        self.dataReceived = talk.received  # type: ignore[method-assign]
        talk.wire.pace(self)
        talk.begin(welcome=self._factory.opened(self))

    def readConnectionLost(self) -> None:
        """Be told that the client sends nothing more; it may still read."""
        self.talk.client_ended()

    def writeConnectionLost(self) -> None:
        """Be told that the sending side is closed, as was asked."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Give up what is under way: nobody is there any more."""
        self.talk.lost()
        self._factory.lost(self)

    def pauseProducing(self) -> None:
        """Be told that the client does not keep up."""
        self.talk.hold()

    def resumeProducing(self) -> None:
        """Be told that the client has read all there was."""
        self.talk.go_on()

    def stopProducing(self) -> None:
        """Be told that the connection is lost; `connectionLost` follows."""

    # What the factory calls.

    @property
    def answering(self) -> bool:
        """Whether a request is in hand, whole or in part."""
        return self.talk.answering

    def tick(self, now: float) -> None:
        """Act on the deadlines that have passed at `now`."""
        self.talk.tick(now)

    def drain(self) -> None:
        """End with what is in hand; an idle connection may bring one more request."""
        self.talk.drain()

    def end(self) -> None:
        """Close both ends of a tunnel, or whatever this is."""
        self.talk.end()

    def abort(self) -> None:
        """Cut off."""
        self.talk.wire.abort()
