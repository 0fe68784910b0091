"""What is said on one HTTP/1.1 connection: requests in, replies out in their order, everything bounded.

Requests are answered one after another. While one is being answered the connection reads on,
within `max_pipelined` and the size of one body, so that it sees a client hang up.
"""

from typing import Any

from twisted.internet.defer import CancelledError
from twisted.logger import Logger

from otterd.edges.http.exchange import Reply
from otterd.edges.http.inbox import Inbox
from otterd.edges.http.keeper import Keeper
from otterd.edges.http.outbox import HUNG_UP, Outbox
from otterd.edges.http.patience import Patience
from otterd.edges.http.refused import Refused, malformed, overloaded
from otterd.edges.http.respond import CONTINUE
from otterd.edges.http.turn import Turn
from otterd.edges.http.wire import Wire
from otterd.gateway.seams import Asked

HANG_UP_GRACE = 1.0
"""For how many seconds a request is still worked on when its client's end was closed.

Whether the client has gone, or only sends no more, as `nc -N` does, cannot be told apart.
"""

UNREAD = 503
"""The status of an entry whose request came behind the connection's last reply; never sent."""

log = Logger(__name__)


class Conversation:
    """Holds what one client asks over `transport`, and what it is answered.

    `_resting` is True while nothing is in hand and the client may send what it likes.
    """

    def __init__(self, keeper: Keeper, transport: Any) -> None:
        self._keeper = keeper
        self._live = keeper.live
        self.wire = Wire(transport, keeper)
        self._inbox = Inbox(keeper, self.wire)
        self._outbox = Outbox(keeper, self.wire, self._reply_ended)
        self._patience = Patience(keeper)
        self._turn: Turn | None = None
        self._pending: Asked | None = None
        self._ended = False
        self._pumping = False
        self._resting = False

    # What the connection passes on.

    def begin(self, *, welcome: bool) -> None:
        """Begin, or say that there is no room."""
        if not welcome and not self.wire.closing:
            self._inbox.refuse(overloaded("too many connections"))
        self._pump()

    def received(self, data: bytes) -> None:
        """Take what the client sent."""
        inbox, wire = self._inbox, self.wire
        if self._resting and not (wire.closing or wire.clogged):
            # Nearly always this is one whole request like others before, and nothing needs to be queued.
            head = inbox.reader.whole(data)
            if head is not None:
                self._resting = False
                self._begin(inbox.admit(head))
                if self._pending is None and self._turn is not None:
                    self._pump()
                return
        self._resting = False
        if self._outbox.tunnel is not None:
            self._outbox.tunnel.send(data)
        elif inbox.deaf or wire.closing:
            wire.drop(len(data))
        else:
            inbox.reader.feed(data)
            self._pump()

    def client_ended(self) -> None:
        """Be told that the client sends nothing more; it may still read."""
        self._ended = True
        self._resting = False
        self.wire.client_ended()
        if self._outbox.tunnel is not None:
            self._patience.wait(self._live.config.idle_timeout)
            self._outbox.tunnel.send_end()
        else:
            self._pump()

    def lost(self) -> None:
        """Give up what is under way: nobody is there any more."""
        self.wire.closing = True
        self._give_up()

    def hold(self) -> None:
        """Be told that the client does not keep up."""
        self.wire.clog()
        self._outbox.pause()

    def go_on(self) -> None:
        """Be told that the client has read all there was."""
        self.wire.clogged = False
        self._outbox.resume()
        self._pump()

    @property
    def answering(self) -> bool:
        """Whether a request is in hand, whole or in part."""
        if self.wire.closing or self._outbox.tunnel is not None:
            return False
        return self._turn is not None or not self._inbox.empty

    def tick(self, now: float) -> None:
        """Act on the deadlines that have passed at `now`."""
        if self._patience.is_over(now) and not self.wire.closing:
            self._overdue()
        self.wire.tick(now)

    def drain(self) -> None:
        """End with what is in hand; an idle connection may bring one more request."""
        if self._outbox.tunnel is None and not self.answering:
            self._patience.wait_at_most(self._keeper.idle_allowed)

    def end(self) -> None:
        """Close both ends of a tunnel, or whatever this is."""
        self._end(lingering=False)

    # Requests and their replies.

    def _pump(self) -> None:
        """Read and answer what can be now, then set pause and deadline to fit."""
        if self._pumping:
            return
        inbox, wire, outbox = self._inbox, self.wire, self._outbox
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
        # Nothing is owed while a request is answered, and the time of the one before does not count
        # against one that is still coming in.
        self._patience.wait_for_ever()
        request = turn.request
        if request is None:
            assert turn.refusal is not None
            self._answer(turn, turn.refusal)
            return
        turn.teller = self
        try:
            outcome = self._keeper.site.handle(request, turn)
        except Exception:
            log.failure("the site raised")
            outcome = self._apology(turn)
        if isinstance(outcome, Reply):
            self._answer(turn, outcome)
        elif turn.request is not None:
            # Else it was answered meanwhile.
            self._pending = outcome

    def _apology(self, turn: Turn) -> Reply:
        return self._keeper.site.refuse(turn.entry, 500, "internal error")

    def landed(self, result: Any, turn: Turn) -> None:
        """Answer `turn` with what the site makes of `result`, unless it was given up."""
        # Not asked twice of the attribute, of which a compiler may think that it stays what it was.
        gone = self._turn is not turn
        if not gone:
            self._pending = None
        request = turn.request
        assert request is not None
        try:
            reply = self._keeper.site.landed(result, request)
        except Exception as mistake:
            if gone and isinstance(mistake, CancelledError):
                return
            log.failure("the site failed")
            reply = self._apology(turn)
        if gone:
            if not isinstance(reply.body, bytes):
                reply.body.stop()
            return
        try:
            self._answer(turn, reply)
            if self._turn is not None:
                self._pump()
        except Exception:
            log.failure("a reply could not be sent")
            self.wire.abort()

    def _answer(self, turn: Turn, reply: Reply) -> None:
        inbox, keeper = self._inbox, self._keeper
        inbox.release(turn)
        if reply.tunnel:
            self._open_tunnel(turn, reply)
            return
        last = (self._ended or (keeper.draining and not inbox.partial)) and not inbox.waiting
        self._outbox.answer(turn, reply, close=last)

    def _open_tunnel(self, turn: Turn, reply: Reply) -> None:
        early = self._inbox.reader.buffer
        self._inbox.reader.surrender()
        self._patience.wait_for_ever()
        self.wire.pause(on=False)
        tunnel = self._outbox.open_tunnel(turn, reply, self._hold_client, self._release_client)
        tunnel.send(early)
        if self._ended:
            tunnel.send_end()

    def _hold_client(self) -> None:
        self.wire.pause(on=True)
        self._patience.wait(self._live.config.progress_timeout)

    def _release_client(self) -> None:
        self.wire.pause(on=False)
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
        elif self._inbox.empty and not (self._ended or self._pumping):
            self._rest()
        else:
            self._pump()

    # What is waited for.

    def _rest(self) -> None:
        """Wait for the next request: nothing is in hand."""
        self._resting = True
        if self.wire.paused:
            self.wire.pause(on=False)
        self._patience.wait_idle()

    def _settle(self) -> None:
        """Pause or resume reading, and set the deadline of what is waited for."""
        if self._inbox.empty and not self._ended:
            if self._turn is None:
                self._rest()
            else:
                self.wire.pause(on=False)
                self._patience.wait_for_ever()
            return
        full = self._inbox.full
        self.wire.pause(on=full)
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
                self.wire.write(CONTINUE)
        self._patience.wait_for_request(config.request_timeout)

    def _overdue(self) -> None:
        if self._outbox.tunnel is not None:
            self.wire.abort()
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
        self.wire.end(lingering=lingering and not self._ended)

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
