"""One client's connection, without its transport's events: takes requests and keeps their time."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from twisted.logger import Logger

from otterd.core.operation import Caller, Door
from otterd.edges.grpc import blocks
from otterd.edges.grpc.arriving import Arriving
from otterd.edges.grpc.asked import Asked, asked_of
from otterd.edges.grpc.call import Call
from otterd.edges.grpc.conversation import Conversation
from otterd.edges.grpc.foreign import Foreign
from otterd.edges.grpc.health import HealthCheck, HealthWatch
from otterd.edges.grpc.methods import CHECK, METHODS, STREAM, UNKNOWN, WATCH, Method
from otterd.edges.grpc.packing import ENCODINGS
from otterd.edges.grpc.seams import Books, Corridor, Gatekeeper
from otterd.edges.http.reader import Budget
from otterd.errors import NotBuilt, OtterError
from otterd.wire.h2 import NOBODY, Broken, Code, Head, Receiver, ServerConnection, Stream

if TYPE_CHECKING:
    from otterd.edges.grpc.factory import GrpcFactory

EASY: Final = 4 << 20
"""Bytes of answers waiting for a reader up to which further calls are begun."""

LINGER = 5.0
"""Seconds that a client has to read what is left when its connection ends."""

SIGN = 20.0
"""Seconds that a client has to answer a ping."""

_PING = b"otterask"
_GRPC: Final = Door.GRPC
_KINDS: dict[Method, type[Call]] = {CHECK: HealthCheck, WATCH: HealthWatch, STREAM: Conversation}

log = Logger(__name__)


class Line:
    """One connection, on a `transport`; `keeper` keeps its time, and calls `tick` with it.

    What each call needs is taken from the keeper once.
    """

    def __init__(self, keeper: "GrpcFactory", transport: Any) -> None:
        # Any: what is used of a transport is spread over four of Twisted's interfaces.
        self._transport = transport
        self.keeper = keeper
        self.live = keeper.live
        self.gateway: Corridor = keeper.gateway
        self.guard: Gatekeeper = keeper.guard
        self.ledger: Books = keeper.ledger
        self.store: Budget = keeper.store
        self.seconds: Callable[[], float] = keeper.seconds
        self.link = ServerConnection(self, keeper.limits, keeper.memo)
        self.most = 0
        """Bytes of the longest message, by the configuration in force."""
        self.watching: dict[HealthWatch, None] = {}
        """Calls that are told when Otter's readiness changes."""
        # In order; an empty deque would take ten times the room on each idle connection.
        self.waiting: dict[Arriving, None] = {}
        self._peer = str(getattr(transport.getPeer(), "host", ""))
        self._stranger = Asked().caller(self._peer)
        self._owner = Caller(_GRPC, self._peer, own_token=True)
        """The caller of a request that shows its own token for the alpha, and tells no more of itself."""
        self._reading = self._clogged = False
        self._ended_at: float | None = None
        self._heard_at = self.seconds()
        self._pinged_at: float | None = None

    # What the transport brings.

    def start(self) -> None:
        """Say the preface, or that there is no room."""
        keeper = self.keeper
        self._reading = True
        self.link.start(self._heard_at)
        if not keeper.opened(self):
            self.link.close()
            self.closed(None)
        elif keeper.draining:
            self.link.drain()
        self._reading = False
        self.flush()

    def receive(self, data: bytes) -> None:
        """Take what the client sent."""
        now = self._heard_at = self.seconds()
        self.most = self.live.config.grpc_max_message_bytes
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

    def lost(self) -> None:
        """Give up what is under way: nobody is there any more."""
        self._ended_at = self._ended_at or self.seconds()
        self.waiting.clear()
        self.link.disconnected()
        self.keeper.lost(self)

    def pause(self) -> None:
        """Be told that the client does not keep up."""
        self._clogged = True
        self.link.hold()

    def resume(self) -> None:
        """Be told that the client has read all there was."""
        self._clogged = False
        self.link.release()
        self.flush()

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
        self._ended_at = self.seconds()
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
        asked = head.note
        problem: OtterError | None = None
        if not isinstance(asked, Asked):
            try:
                asked = asked_of(head, self.guard)
            except OtterError as error:
                problem = error
                asked = Asked()
                asked.method = METHODS.get(head.path, UNKNOWN)
        caller = self._stranger
        if asked.known:
            caller = self._owner if asked.access else asked.caller(self._peer)
        entry = self.ledger.open(_GRPC, asked.method.route, asked.request_id)
        if asked.usual:
            return Call(self, stream, asked, caller, entry)
        kind = Call if asked.method.plan is not None else _KINDS.get(asked.method, Call)
        return self._odd(kind(self, stream, asked, caller, entry), problem, posted=head.method == b"POST")

    def _odd(self, call: Call, problem: OtterError | None, *, posted: bool) -> Receiver:
        """Return who hears of a request that is no usual call."""
        asked = call.asked
        method = asked.method
        if posted and problem is not None:
            self._refuse(call, problem)
        elif not posted or not asked.kind.startswith(b"application/grpc"):
            self._name(call)
            return Foreign(self, call.stream, asked, call.caller, call.entry, posted=posted)
        elif method.refused:
            self._refuse(call, NotBuilt(method.refused))
        elif asked.encoding not in ENCODINGS:
            self._refuse(call, NotBuilt("messages are taken in gzip or as they are"), blocks.ENCODINGS)
        else:
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
        call.entry.client = self.guard.client(call.caller) or ""

    # What calls need.

    def ready(self, call: Arriving) -> None:
        """Begin `call`, or let it wait while its client leaves much unread."""
        if self.waiting or self.link.queued > EASY:
            self.waiting[call] = None
        else:
            call.begin()

    def eased(self) -> None:
        """Begin what waits, if the client has read enough."""
        while self.waiting and self.link.queued <= EASY:
            call = next(iter(self.waiting))
            del self.waiting[call]
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
        link, config = self.link, self.live.config
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
