"""One HTTP/1.1 connection: requests in, replies out in their order, everything bounded.

Requests are answered one after another. While one is being answered the connection reads on,
within `max_pipelined` and the size of one body, so that it sees a client hang up.
"""

from typing import TYPE_CHECKING

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IHalfCloseableProtocol, IPushProducer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from otterd.edges.http.exchange import Reply
from otterd.edges.http.inbox import Inbox
from otterd.edges.http.outbox import HUNG_UP, Outbox
from otterd.edges.http.patience import Patience
from otterd.edges.http.refused import Refused, malformed, overloaded
from otterd.edges.http.respond import CONTINUE
from otterd.edges.http.turn import Turn
from otterd.edges.http.wire import Wire

if TYPE_CHECKING:
    from otterd.edges.http.factory import HttpFactory

HANG_UP_GRACE = 1.0
"""For how many seconds a request is still worked on when its client's end was closed.

Whether the client has gone, or only sends no more, as `nc -N` does, cannot be told apart.
"""

UNREAD = 503
"""The status of an entry whose request came behind the connection's last reply; never sent."""

log = Logger()


@implementer(IHalfCloseableProtocol, IPushProducer)
class HttpConnection(Protocol):
    """The protocol of one connection; `keeper` keeps its time, and calls `tick` with it.

    As a producer (of the transport) it is paused when the client does not keep up.
    """

    _wire: Wire
    _inbox: Inbox
    _outbox: Outbox

    def __init__(self, keeper: "HttpFactory") -> None:
        self._keeper = keeper
        self._live = keeper.live
        self._turn: Turn | None = None
        self._pending: Deferred[Reply] | None = None
        self._patience = Patience(keeper)
        self._ended = False
        self._pumping = False

    # What the transport calls.

    def connectionMade(self) -> None:
        """Begin, or say that there is no room."""
        self._wire = Wire(self.transport, self._keeper)
        self._inbox = Inbox(self._keeper, self._wire)
        self._outbox = Outbox(self._keeper, self._wire, self._reply_ended)
        self._wire.pace(self)
        if not self._keeper.opened(self) and not self._wire.closing:
            self._inbox.refuse(overloaded("too many connections"))
        self._pump()

    def dataReceived(self, data: bytes) -> None:
        """Take what the client sent."""
        if self._outbox.tunnel is not None:
            self._outbox.tunnel.send(data)
        elif self._inbox.deaf or self._wire.closing:
            self._wire.drop(len(data))
        else:
            self._inbox.reader.feed(data)
            self._pump()

    def readConnectionLost(self) -> None:
        """Be told that the client sends nothing more; it may still read."""
        self._ended = True
        self._wire.client_ended()
        if self._outbox.tunnel is not None:
            self._patience.wait(self._live.config.idle_timeout)
            self._outbox.tunnel.send_end()
        else:
            self._pump()

    def writeConnectionLost(self) -> None:
        """Be told that the sending side is closed, as was asked."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Give up what is under way: nobody is there any more."""
        self._wire.closing = True
        self._give_up()
        self._keeper.lost(self)

    def pauseProducing(self) -> None:
        """Be told that the client does not keep up."""
        self._wire.clog()
        self._outbox.pause()

    def resumeProducing(self) -> None:
        """Be told that the client has read all there was."""
        self._wire.clogged = False
        self._outbox.resume()
        self._pump()

    def stopProducing(self) -> None:
        """Be told that the connection is lost; `connectionLost` follows."""

    # What the factory calls.

    @property
    def answering(self) -> bool:
        """Whether a request is in hand, whole or in part."""
        if self._wire.closing or self._outbox.tunnel is not None:
            return False
        return self._turn is not None or not self._inbox.empty

    def tick(self, now: float) -> None:
        """Act on the deadlines that have passed at `now`."""
        if self._patience.is_over(now) and not self._wire.closing:
            self._overdue()
        self._wire.tick(now)

    def drain(self) -> None:
        """End with what is in hand; an idle connection may bring one more request."""
        if self._outbox.tunnel is None and not self.answering:
            self._patience.wait_at_most(self._keeper.idle_allowed)

    def end(self) -> None:
        """Close both ends of a tunnel, or whatever this is."""
        self._end(lingering=False)

    def abort(self) -> None:
        """Cut off."""
        self._wire.abort()

    # Requests and their replies.

    def _pump(self) -> None:
        """Read and answer what can be now, then set pause and deadline to fit."""
        if self._pumping:
            return
        inbox, wire, outbox = self._inbox, self._wire, self._outbox
        self._pumping = True
        try:
            while not wire.closing and outbox.tunnel is None:
                inbox.collect()
                if self._turn is not None or not inbox.waiting or wire.clogged:
                    break
                self._begin(inbox.pop())
        finally:
            self._pumping = False
        if not wire.closing and outbox.tunnel is None:
            self._settle()

    def _begin(self, turn: Turn) -> None:
        self._turn = turn
        self._patience.restart()
        if turn.request is None:
            assert turn.refusal is not None
            self._answer(turn, turn.refusal)
            return
        try:
            outcome = self._keeper.site.handle(turn.request)
        except Exception:
            log.failure("the site raised")
            outcome = self._apology(turn)
        if isinstance(outcome, Deferred):
            self._pending = outcome
            outcome.addCallbacks(self._answered, self._failed)
        else:
            self._answer(turn, outcome)

    def _apology(self, turn: Turn) -> Reply:
        return self._keeper.site.refuse(turn.entry, 500, "internal error")

    def _answered(self, reply: Reply) -> None:
        turn, self._pending = self._turn, None
        if turn is None:
            if not isinstance(reply.body, bytes):
                reply.body.stop()
            return
        try:
            self._answer(turn, reply)
            if self._turn is not None:
                self._pump()
        except Exception:
            log.failure("a reply could not be sent")
            self.abort()

    def _failed(self, failure: Failure) -> None:
        if self._turn is None and failure.check(CancelledError):
            return
        log.failure("the site failed", failure)
        if self._turn is not None:
            self._answered(self._apology(self._turn))

    def _answer(self, turn: Turn, reply: Reply) -> None:
        self._inbox.release(turn)
        self._inbox.upgrading = False
        if reply.tunnel:
            self._open_tunnel(turn, reply)
        else:
            self._outbox.answer(turn, reply, close=self._is_last())

    def _is_last(self) -> bool:
        if self._inbox.waiting:
            return False
        return self._ended or (self._keeper.draining and not self._inbox.partial)

    def _open_tunnel(self, turn: Turn, reply: Reply) -> None:
        early = self._inbox.reader.buffer
        self._inbox.reader.surrender()
        self._patience.wait_for_ever()
        self._wire.pause(on=False)
        tunnel = self._outbox.open_tunnel(turn, reply, self._hold_client, self._release_client)
        tunnel.send(early)
        if self._ended:
            tunnel.send_end()

    def _hold_client(self) -> None:
        self._wire.pause(on=True)
        self._patience.wait(self._live.config.progress_timeout)

    def _release_client(self) -> None:
        self._wire.pause(on=False)
        if self._ended:
            self._patience.wait(self._live.config.idle_timeout)
        else:
            self._patience.wait_for_ever()

    def _reply_ended(self, turn: Turn, close: bool) -> None:
        self._turn = None
        if close:
            # A client that asked for the end, or began a tunnel, expects it.
            expected = turn.refusal is None and (not turn.keep_alive or self._outbox.tunnel is not None)
            self._end(lingering=not expected)
        else:
            self._pump()

    # What is waited for.

    def _settle(self) -> None:
        """Pause or resume reading, and set the deadline of what is waited for."""
        if self._inbox.empty and not self._ended:
            self._wire.pause(on=False)
            if self._turn is None:
                self._patience.wait_idle()
            else:
                self._patience.wait_for_ever()
            return
        full = self._inbox.full
        self._wire.pause(on=full)
        unfinished = not full and self._inbox.partial
        if self._ended and self._settle_ended(unfinished=unfinished):
            return
        if unfinished:
            self._wait_for_request()
        elif self._turn is None and not self._inbox.waiting:
            self._patience.wait_idle()
        else:
            self._patience.wait_for_ever()

    def _settle_ended(self, *, unfinished: bool) -> bool:
        """Do what follows from the client's end of sending; return False if that is nothing."""
        if unfinished:
            self._inbox.refuse(malformed("the connection ended before the request did"))
            self._pump()
        elif self._turn is None and not self._inbox.waiting:
            self.end()
        elif self._pending is not None:
            self._patience.wait(HANG_UP_GRACE)
        else:
            return False
        return True

    def _wait_for_request(self) -> None:
        head, config = self._inbox.reader.head, self._live.config
        if head is None:
            self._patience.wait_for_request(config.header_timeout)
            return
        if head.expects:
            if self._turn is not None or self._inbox.waiting:
                # The 100 must wait its turn, and the client waits for it.
                self._patience.wait_for_ever()
                return
            head.expects = False
            self._patience.restart()
            if not self._inbox.reader.held:
                self._wire.write(CONTINUE)
        self._patience.wait_for_request(config.request_timeout)

    def _overdue(self) -> None:
        if self._outbox.tunnel is not None:
            self.abort()
        elif self._ended:
            self._give_up()
            self.end()
        elif self._inbox.partial:
            what = "head" if self._inbox.reader.head is None else "body"
            self._inbox.refuse(Refused(408, f"the {what} of the request took too long"))
            self._pump()
        else:
            self.end()

    def _end(self, *, lingering: bool) -> None:
        self._inbox.drop(UNREAD)
        self._wire.end(lingering=lingering and not self._ended)

    def _give_up(self) -> None:
        """Cancel what is under way for a client that has gone."""
        turn, self._turn = self._turn, None
        pending, self._pending = self._pending, None
        self._outbox.give_up()
        if pending is not None and turn is not None:
            pending.cancel()
            self._inbox.release(turn)
            turn.entry.status = HUNG_UP
            self._keeper.ledger.close(turn.entry)
        self._inbox.drop(HUNG_UP)
