"""An alpha in memory that speaks HTTP/2 to a channel, on a clock that tests move."""

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from otterd.alphas.h2 import H2Channel
from otterd.alphas.resolve import Resolver
from otterd.wire.h2 import Limits, ServerConnection, block, pack

HEADED = block([(b":status", b"200"), (b"content-type", b"application/grpc")])
TRAILED = block([(b"grpc-status", b"0")])


class Asked:
    """A request as the alpha hears it."""

    def __init__(self, stream, head):
        self.stream = stream
        self.head = head
        self.body = b""
        self.whole = False
        self.reset = None

    def data(self, data):
        self.body += data

    def ended(self, trailers):
        self.whole = True

    def lost(self, lost):
        self.reset = lost.code

    def drained(self):
        pass


class Transport(StringTransport):
    """A transport whose end is told when the bytes are moved."""

    aborting = False

    def __init__(self, address):
        super().__init__(peerAddress=IPv4Address("TCP", address, 9080))
        self.writes = 0

    def write(self, data):
        self.writes += 1
        super().write(data)

    def abortConnection(self):
        self.aborting = True


class Connection:
    """One connection, seen from the alpha."""

    def __init__(self, clock, link, limits, address):
        self.clock = clock
        self.link = link
        self.transport = Transport(address)
        self.asked = []
        self.over = False
        self.greeted = False
        self.server = ServerConnection(self, limits)
        link.makeConnection(self.transport)

    def greet(self):
        self.greeted = True
        self.server.start(self.clock.seconds())
        self.pump()

    def pump(self):
        """Move what both sides have to say until neither has more."""
        while not self.over:
            self.clock.advance(0)
            if self.transport.aborting:
                self.lose()
                return
            if not self.greeted:
                return
            sent, came = self.transport.value(), self.server.data_to_send()
            self.transport.clear()
            if self.transport.disconnecting and not sent:
                self.lose()
            elif not sent and not came:
                return
            else:
                if sent:
                    self.server.receive(sent, self.clock.seconds())
                if came:
                    self.link.dataReceived(came)

    def lose(self):
        if not self.over:
            self.over = True
            self.link.connectionLost(Failure(ConnectionDone()))

    def answer(self, at, payload=b"ab"):
        self.server.answer(self.asked[at].stream, HEADED, pack(payload), TRAILED)
        self.pump()

    def wake(self):
        pass

    def accept(self, stream, head):
        self.asked.append(Asked(stream, head))
        return self.asked[-1]

    def closed(self, broken):
        pass

    def ponged(self, payload):
        pass

    def going_away(self, code):
        pass


class Net:
    """Stands for the endpoint; `dialled` are the tries to connect that nobody has decided yet."""

    def __init__(self, *, patience=5.0, known=("10.0.0.1",), chance=0.5):
        self.clock = Clock()
        self.dialled = []
        self.cancelled = 0
        self.connections = []
        self.known = known
        self.resolver = Resolver(self.clock, lambda host: succeed(self.known))
        self.resolver.follow(["alpha1"])
        self.resolver.refresh()
        self.channel = H2Channel(
            "alpha1:9080",
            self.resolver,
            self.clock,
            None,
            lambda: patience,
            endpoint=self,
            chance=lambda: chance,
        )

    def connect(self, factory):
        def given_up(_):
            self.cancelled += 1
            self.dialled.remove(trying)

        trying = (Deferred(lambda _: given_up(None)), factory)
        self.dialled.append(trying)
        return trying[0]

    def refuse(self, error):
        self.dialled.pop(0)[0].errback(error)

    def accept(self, *, limits=None, greets=True, address="10.0.0.1"):
        """Let the oldest try succeed; the alpha greets at once unless told otherwise."""
        trying, factory = self.dialled.pop(0)
        link = factory.buildProtocol(None)
        connection = Connection(self.clock, link, limits or Limits(), address)
        self.connections.append(connection)
        trying.callback(link)
        if greets:
            connection.greet()
        return connection

    def pass_time(self, seconds, step=0.02):
        """Let time pass as the reactor would: timers come in small steps."""
        for _ in range(round(seconds / step)):
            self.clock.advance(step)
        for connection in self.connections:
            connection.pump()
