"""One try to connect to an alpha: its name, TCP, TLS and the alpha's greeting, all within one time."""

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as Late
from twisted.internet.interfaces import IAddress, IProtocol, IReactorTime, IStreamClientEndpoint
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure

from otterd.alphas.h2.link import Link
from otterd.alphas.h2.protocol import LinkProtocol
from otterd.errors import NotReached


class _One(Factory):
    """Makes the protocol of the one connection that comes of a try."""

    noisy = False

    def __init__(self, make: Callable[[], Link]) -> None:
        self._make = make

    def buildProtocol(self, addr: IAddress | None) -> LinkProtocol:
        return LinkProtocol(self._make())


def attempt(
    endpoint: IStreamClientEndpoint, make: Callable[[], Link], clock: IReactorTime, timeout: float
) -> Deferred[Link]:
    """Fire with a Link that takes calls; fail with NotReached, at the latest after `timeout` seconds."""

    def connected(protocol: IProtocol) -> Deferred[Link]:
        assert isinstance(protocol, LinkProtocol)
        return protocol.link.ready

    trying: Deferred[Link] = endpoint.connect(_One(make)).addCallback(connected)
    return trying.addTimeout(timeout, clock).addErrback(_failed)


def _failed(failure: Failure) -> Failure:
    if failure.check(NotReached):
        return failure
    if failure.check(Late):
        return Failure(NotReached("connecting took too long"))
    return Failure(NotReached(str(failure.value) or type(failure.value).__name__))
