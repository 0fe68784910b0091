"""Twisted's stream transports, sending at once what the socket takes and reading without detours.

Twisted's own put every write off to the reactor's next turn, which costs a registration with the
kernel, a call through the logging context and a deregistration for each answer. Here the kernel is
asked first; what is written while a connection's own input is handled goes out as one
piece when that is done. What the kernel does not take, and all that is not plain writing (an end
asked for, a producer that is paused or pulled, TLS begun midway), goes Twisted's own way.
"""

from __future__ import annotations

from collections.abc import Iterable
from errno import ECONNRESET, EHOSTUNREACH, ENETUNREACH, ETIMEDOUT
from socket import MSG_PEEK
from typing import TYPE_CHECKING, Any

from twisted.internet import tcp, unix
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.interfaces import IConnector, IListeningPort
from twisted.internet.main import CONNECTION_DONE, CONNECTION_LOST
from twisted.logger import Logger
from twisted.python.failure import Failure

if TYPE_CHECKING:
    Base = tcp.Connection
else:
    Base = object

log = Logger(__name__)

BROKEN = (ECONNRESET, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH)
"""Errors that tell of a lost connection. EPIPE does not: it may follow an orderly end."""


class Eager(Base):
    """Mixed in before a connection of Twisted's: sends at once while nothing waits before it."""

    _broken = False
    _usual = True
    """Whether `doRead` is that of a TCP connection."""

    def __init__(self, *args: Any) -> None:
        self._reading = False
        self._held = False
        # What each write looks at is found soonest in the instance.
        self.dataBuffer = b""
        self.disconnecting = 0
        self.producer = None
        self.TLS = self._writeDisconnecting = self._aborting = False
        super().__init__(*args)

    def write(self, data: bytes) -> None:
        """Send `data` after all that was written before; silent once the connection is lost."""
        if (
            self.dataBuffer
            or not self.connected
            or self.disconnecting
            or self._writeDisconnecting
            or self._aborting
            or self.TLS
            or (self.producer is not None and not self.streamingProducer)
            or type(data) is not bytes
            or not data
        ):
            super().write(data)
            return
        waiting = self._tempDataLen
        if self._reading:
            size = waiting + len(data)
            if size > self.bufferSize:
                super().write(data)  # it may hold the producer back
                return
            self._tempDataBuffer.append(data)
            self._tempDataLen = size
            self._held = True
            return
        if waiting:
            super().write(data)
            return
        try:
            sent = self.socket.send(
                data if len(data) <= self.SEND_LIMIT else memoryview(data)[: self.SEND_LIMIT]
            )
        except OSError as error:
            sent = 0
            # The kernel tells this once; whoever asks it next would take it for an orderly end.
            self._broken = error.errno in BROKEN
        if sent < len(data):
            self.dataBuffer = data
            self.offset = sent
            self._maybePauseProducer()
            self.startWriting()

    def writeSequence(self, iovec: Iterable[bytes]) -> None:
        """Send all of `iovec` in order, as `write` does."""
        pieces = iovec if isinstance(iovec, list | tuple) else list(iovec)
        for piece in pieces:
            if type(piece) is not bytes:
                super().writeSequence(pieces)
                return
        self.write(b"".join(pieces))

    def doRead(self) -> Any:
        """Read once, then send what was written meanwhile."""
        self._reading = True
        try:
            return super().doRead()
        finally:
            self._reading = False
            if self._held:
                self._release()

    def startWriting(self) -> None:
        """Be called when something can be written, or look for that once the reading is done."""
        if self._reading:
            self._held = True
            return
        try:
            super().startWriting()
        except RuntimeError:
            # uvloop watches a socket no more once it saw an error on it, and tells only who had read all.
            reactor: Any = self.reactor
            reactor.callLater(0, self._give_up)

    def _give_up(self) -> None:
        if self.connected:
            self._end(self.reactor, CONNECTION_LOST)

    def look(self) -> None:
        """Notice an end that was not told, for there was something to read before it."""
        if not self.connected:
            return
        try:
            self.socket.recv(1, MSG_PEEK)
        except BlockingIOError:
            pass
        except OSError:
            self._give_up()

    def _release(self) -> None:
        """Send what was written while reading, in one piece, unless TLS began or a producer was held back."""
        self._held = False
        pieces = self._tempDataBuffer
        if not pieces or self.TLS or self.producerPaused or self._aborting:
            if self.connected and not self._aborting:
                self.startWriting()
            return
        self._tempDataBuffer = []
        self._tempDataLen = 0
        self.write(pieces[0] if len(pieces) == 1 else b"".join(pieces))

    def startReading(self) -> None:
        """Be called when there is something to read."""
        super().startReading()
        reactor: Any = self.reactor
        if isinstance(reactor, AsyncioSelectorReactor):
            # The reactor keeps the books; its call through the logging context is what is left out.
            # One that is connecting, or aborted, has a `doRead` of its own.
            usual = self._usual and "doRead" not in self.__dict__
            read = self._read if usual else self._read_by_reactor
            reactor._asyncioEventloop.add_reader(self.fileno(), read, reactor)

    def _read(self, reactor: Any) -> None:
        """Do in one step what the reactor does with `doRead`."""
        try:
            data = self.socket.recv(self.bufferSize)
        except BlockingIOError:
            return
        except Exception:
            self._end(reactor, CONNECTION_LOST)
            return
        if not data:
            self._end(reactor, CONNECTION_DONE)
            return
        why = None
        self._reading = True
        try:
            self.protocol.dataReceived(data)
        except Exception as error:
            reactor._log.failure(None)
            why = error
        finally:
            self._reading = False
            if self._held:
                self._release()
        if why is not None:
            self._end(reactor, why)

    def _read_by_reactor(self, reactor: Any) -> None:
        try:
            reactor._readOrWrite(self, True)
        except Exception:
            log.failure("a connection could not be ended")

    def _end(self, reactor: Any, why: Exception) -> None:
        if self.fileno() == -1:
            self._read_by_reactor(reactor)
            return
        try:
            reactor._disconnectSelectable(self, why, True)
        except Exception:
            log.failure("a connection could not be ended")

    def readConnectionLost(self, reason: Failure) -> None:
        """Be told that nothing more can be read."""
        if self._broken:
            self.connectionLost(Failure(CONNECTION_LOST))
        else:
            super().readConnectionLost(reason)


class EagerServer(Eager, tcp.Server):
    """An accepted TCP connection; it starts with TCP_NODELAY on."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        # Pieces that are sent one by one must not wait for the peer's acknowledgement.
        self.setTcpNoDelay(True)


class EagerUnixServer(Eager, unix.Server):
    """An accepted connection of a UNIX socket; it reads as Twisted does, for descriptors may come, too."""

    _usual = False

    def write(self, data: bytes) -> None:
        """Send `data` after all that was written before, descriptors with it; silent once it is lost."""
        if self._sendmsgQueue:
            unix.Server.write(self, data)
        else:
            super().write(data)


class EagerClient(Eager, tcp.Client):
    """A TCP connection that was asked for; it starts with TCP_NODELAY on."""

    def _connectDone(self) -> None:
        self.setTcpNoDelay(True)
        super()._connectDone()


class EagerConnector(tcp.Connector):
    """Connects with an EagerClient."""

    def _makeTransport(self) -> tcp.Client:
        return EagerClient(self.host, self.port, self.bindAddress, self, self.reactor)


class Dialler:
    """Stands for `reactor` where Twisted's TCP client endpoints want one."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor

    def connectTCP(
        self, host: str, port: int, factory: Any, timeout: float = 30, bindAddress: Any = None
    ) -> IConnector:
        """Connect within `timeout` seconds; returns the connector, which can stop that."""
        connector = EagerConnector(host, port, factory, timeout, bindAddress, self._reactor)
        connector.connect()
        return connector


def hasten(port: IListeningPort) -> IListeningPort:
    """Let the connections that `port` accepts from now on be eager; returns `port`."""
    made: Any = port
    if isinstance(port, unix.Port):
        made.transport = EagerUnixServer
    elif isinstance(port, tcp.Port):
        made.transport = EagerServer
    return port
