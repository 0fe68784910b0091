"""One HTTP/2 connection of gRPC calls, each of which is on its way by itself."""

from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from otterd.core.operation import Caller, Door
from otterd.edges.grpc import blocks
from otterd.edges.grpc.asked import Asked, asked_of
from otterd.edges.grpc.call import Call
from otterd.edges.grpc.conversation import Conversation
from otterd.edges.grpc.foreign import Foreign
from otterd.edges.grpc.health import HealthCheck, HealthWatch
from otterd.edges.grpc.methods import CHECK, METHODS, STREAM, UNKNOWN, WATCH, Method
from otterd.edges.grpc.packing import ENCODINGS
from otterd.errors import NotBuilt, OtterError
from otterd.wire.h2 import NOBODY, Broken, Code, Head, Receiver, ServerConnection, Stream

if TYPE_CHECKING:
    from otterd.edges.grpc.factory import GrpcFactory

EASY = 4 << 20
"""Bytes of answers waiting for a reader up to which further calls are begun."""

LINGER = 5.0
"""Seconds that a client has to read what is left when its connection ends."""

SIGN = 20.0
"""Seconds that a client has to answer a ping."""

_PING = b"otterask"
_KINDS: dict[Method, type[Call]] = {CHECK: HealthCheck, WATCH: HealthWatch, STREAM: Conversation}

log = Logger()


@implementer(IPushProducer)
class GrpcConnection(Protocol):
    """The protocol of one connection; `keeper` keeps its time, and calls `tick` with it.

    As a producer (of the transport) it is paused when the client does not keep up.
    """

    link: ServerConnection

    def __init__(self, keeper: "GrpcFactory") -> None:
        self.keeper = keeper
        self.watching: dict[HealthWatch, None] = {}
        """Calls that are told when Otter's readiness changes."""
        # In order; an empty deque would take ten times the room on each idle connection.
        self._waiting: dict[Call, None] = {}
        self._reading = self._clogged = False
        self._ended_at: float | None = None
        self._heard_at = 0.0
        self._pinged_at: float | None = None

    # What the transport calls.

    def connectionMade(self) -> None:
        """Say the preface, or that there is no room."""
        keeper, transport = self.keeper, self._transport
        now = self._heard_at = keeper.seconds()
        self._stranger = Asked(Caller(Door.GRPC, str(getattr(transport.getPeer(), "host", ""))))
        self.link = ServerConnection(self, keeper.limits, keeper.memo)
        transport.registerProducer(self, True)
        self._reading = True
        self.link.start(now)
        if not keeper.opened(self):
            self.link.close()
            self.closed(None)
        elif keeper.draining:
            self.link.drain()
        self._reading = False
        self.flush()

    def dataReceived(self, data: bytes) -> None:
        """Take what the client sent."""
        now = self._heard_at = self.keeper.seconds()
        self._pinged_at = None
        self._reading = True
        try:
            self.link.receive(data, now)
        except Exception:
            log.failure("a gRPC connection failed")
            self.abort()
            return
        finally:
            self._reading = False
        self.flush()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Give up what is under way: nobody is there any more."""
        self._ended_at = self._ended_at or self.keeper.seconds()
        self._waiting.clear()
        self.link.disconnected()
        self.keeper.lost(self)

    def pauseProducing(self) -> None:
        """Be told that the client does not keep up."""
        self._clogged = True
        self.link.hold()

    def resumeProducing(self) -> None:
        """Be told that the client has read all there was."""
        self._clogged = False
        self.link.release()
        self.flush()

    def stopProducing(self) -> None:
        """Be told that the connection is lost; `connectionLost` follows."""

    # What the link calls.

    def wake(self) -> None:
        """Send what there is when this turn ends."""
        if not self._reading:
            self.keeper.flush_later(self)

    def closed(self, broken: Broken | None) -> None:
        """Send what is left, and close."""
        if self._ended_at is not None:
            return
        if broken is not None:
            log.debug("a gRPC connection ended: {why}", why=broken)
        self._ended_at = self.keeper.seconds()
        transport = self._transport
        transport.unregisterProducer()
        transport.write(self.link.data_to_send())
        transport.loseConnection()

    def ponged(self, payload: bytes) -> None:
        """Take it for what it is: a sign of life, as all that comes."""

    def going_away(self, code: int) -> None:
        """Note nothing: what the client began is still answered."""

    def room_made(self) -> None:
        """Never called on a server's side."""

    def accept(self, stream: Stream, head: Head) -> Receiver:
        """Take a request, or answer at once what no call can come of."""
        method = METHODS.get(head.path, UNKNOWN)
        keeper, asked, problem = self.keeper, self._stranger, None
        try:
            asked = asked_of(head, asked.caller, keeper.guard)
        except OtterError as error:
            problem = error
        entry = keeper.ledger.open(Door.GRPC, method.route, asked.request_id)
        kind = Call if method.plan is not None else _KINDS.get(method, Call)
        call = kind(self, stream, method, asked, entry, self.link.now)
        posted = head.method == b"POST"
        if posted and problem is not None:
            self._refuse(call, problem)
        elif not posted or not asked.kind.startswith(b"application/grpc"):
            self._name(call)
            return Foreign(self, stream, method, asked, entry, self.link.now, posted=posted)
        elif method.refused:
            self._refuse(call, NotBuilt(method.refused))
        elif asked.encoding not in ENCODINGS:
            self._refuse(call, NotBuilt("messages are taken in gzip or as they are"), blocks.ENCODINGS)
        else:
            if method.plan is None:
                self._name(call)
            return call
        return NOBODY

    def _refuse(self, call: Call, error: OtterError, more: bytes = b"") -> None:
        """Answer with trailers only."""
        self._name(call)
        call.entry.verdict = error.word
        call.over_with(error.grpc)
        told = blocks.head_of(call.entry, None) + more + blocks.refusal(error)
        self.link.head(call.stream, told, end=True)

    def _name(self, call: Call) -> None:
        """Write down who asks, for what does not reach the corridor."""
        call.entry.client = self.keeper.guard.client(call.asked.caller) or ""

    # What calls need.

    def ready(self, call: Call) -> None:
        """Begin `call`, or let it wait while its client leaves much unread."""
        if self._waiting or self.link.queued > EASY:
            self._waiting[call] = None
        else:
            call.begin()

    def eased(self) -> None:
        """Begin what waits, if the client has read enough."""
        while self._waiting and self.link.queued <= EASY:
            call = next(iter(self._waiting))
            del self._waiting[call]
            call.begin()

    # What the factory calls.

    def flush(self) -> None:
        """Send what there is, unless the client does not keep up."""
        if not self._clogged and self._ended_at is None:
            data = self.link.data_to_send()
            if data:
                self._transport.write(data)

    def tick(self, now: float) -> None:
        """Act on what takes too long at `now`."""
        if self._ended_at is not None:
            if now - self._ended_at > LINGER:
                self.abort()
            return
        link, config = self.link, self.keeper.live.config
        link.tick(now)
        for stream in link.stalled(now - config.progress_timeout):
            receiver = stream.receiver
            link.reset(stream, Code.CANCEL)
            if isinstance(receiver, Call):
                receiver.lost_reader()
        for stream in list(link.streams.values()):
            if isinstance(stream.receiver, Call):
                stream.receiver.overdue(config.request_timeout, now)
        for watch in list(self.watching):
            watch.look()
        self.eased()
        self._look_for_life(now, config.idle_timeout)

    def drain(self) -> None:
        """End with what is in hand; what the client sends before it knows is still taken."""
        self.link.drain()
        for watch in list(self.watching):
            watch.leave()

    def abort(self) -> None:
        """Cut off."""
        self._transport.abortConnection()

    def _look_for_life(self, now: float, idle: float) -> None:
        """Part from an idle client, and make sure that one with calls is still there."""
        if self._pinged_at is not None and now - self._pinged_at > SIGN:
            self.abort()
        elif now - self._heard_at > idle and self._pinged_at is None:
            if self.link.streams:
                self._pinged_at = now
                self.link.ping(_PING)
            else:
                self.link.drain()

    @property
    def _transport(self) -> Any:
        # Any: what is used here is spread over four of Twisted's interfaces.
        return self.transport
