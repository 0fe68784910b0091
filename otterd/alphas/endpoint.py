"""How to connect to an alpha's port: its addresses one after the other, over TLS if so configured."""

from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint, wrapClientTLS
from twisted.internet.error import ConnectError
from twisted.internet.interfaces import (
    IProtocol,
    IProtocolFactory,
    IStreamClientEndpoint,
)
from zope.interface import implementer

from otterd.alphas.resolve import Resolver, split
from otterd.alphas.tls import ClientTls
from otterd.errors import NotReached
from otterd.transport.eager import Dialler


@implementer(IStreamClientEndpoint)
class AlphaEndpoint:
    """Connects to `address` ("host:port") within `timeout()` seconds; `protocols` are offered by ALPN."""

    def __init__(
        self,
        reactor: Any,
        resolver: Resolver,
        address: str,
        tls: ClientTls | None,
        timeout: Callable[[], float],
        protocols: Sequence[bytes] = (),
    ) -> None:
        self._reactor = reactor
        self._dialler = Dialler(reactor)
        self._resolver = resolver
        self._host, self._port = split(address)
        self._creator = tls.creator(self._host, protocols) if tls else None
        self._timeout = timeout

    @property
    def secure(self) -> bool:
        """Whether the connection is over TLS, whose handshake follows the connect."""
        return self._creator is not None

    def connect(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        """Fire with the protocol once connected; fails with NotReached."""
        return Deferred.fromCoroutine(self._connect(factory))

    async def _connect(self, factory: IProtocolFactory) -> IProtocol:
        deadline = self._reactor.seconds() + self._timeout()
        reason = ""
        for address in await self._resolver.find(self._host):
            left = deadline - self._reactor.seconds()
            if left <= 0:
                break
            kind = TCP6ClientEndpoint if ":" in address else TCP4ClientEndpoint
            endpoint: IStreamClientEndpoint = kind(self._dialler, address, self._port, timeout=left)
            if self._creator is not None:
                endpoint = wrapClientTLS(self._creator, endpoint)
            try:
                return await endpoint.connect(factory)
            except ConnectError as error:
                reason = str(error).rstrip(".")
        raise NotReached(reason or "connecting took too long")
