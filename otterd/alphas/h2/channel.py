"""Calls one alpha over a few connections that its calls share."""

import math
import random
from collections.abc import Callable
from typing import Any, Final

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IDelayedCall, IStreamClientEndpoint
from twisted.python.failure import Failure

from otterd.alphas.awaited import awaited, refused
from otterd.alphas.channel import Asked, Ear
from otterd.alphas.endpoint import AlphaEndpoint
from otterd.alphas.fields import sendable
from otterd.alphas.h2.attempt import attempt
from otterd.alphas.h2.call import Call
from otterd.alphas.h2.link import ALPN, TOGETHER, Link, soon_of
from otterd.alphas.h2.requests import Requests
from otterd.alphas.h2.talk import Talk
from otterd.alphas.resolve import Resolver, split
from otterd.alphas.tls import ClientTls
from otterd.core.operation import Answer, Duplex, Rpc
from otterd.errors import NotReached, TimedOut
from otterd.wire.h2 import Leaving, NoRoom, QueueFull

TICK: Final = 0.02
"""Seconds between two looks at the deadlines at least, so that many short ones cost no more."""

LOOK: Final = 1.0
"""Seconds between two looks at most, while calls are under way."""

LINKS: Final = 2
"""Connections that share the work of a busy alpha; more only when these take no more calls."""

BUSY: Final = 128
"""Calls on one connection from which on a second one is worth while."""

MOST_LINKS = 8
"""Connections at most; with an alpha's 1,000 calls on each more than its own limit leaves room for."""

MOST_WAITING = 10_000
"""Calls that wait for a connection or for room on one; those beyond fail at once."""

FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 1.0
"""Seconds between two tries to connect, about: doubled after each that failed."""

STEADY: Final = 1.0
"""Seconds that a connection must have lived for its end not to count as a failed try."""

SILENCE: Final = 5.0
"""Seconds without a byte from the alpha after which a missed deadline takes a connection out of use."""


class H2Channel:
    """Calls one alpha; connects at the first call, and from then on whenever no connection is left."""

    def __init__(
        self,
        address: str,
        resolver: Resolver,
        reactor: Any,
        tls: ClientTls | None,
        connect_timeout: Callable[[], float],
        *,
        endpoint: IStreamClientEndpoint | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.address = address
        self._resolver = resolver
        self._clock = reactor
        self._seconds: Callable[[], float] = reactor.seconds
        self._soon = soon_of(reactor)
        self._host, port = split(address)
        name = tls.server_name if tls and tls.server_name else self._host
        authority = f"[{name}]:{port}" if ":" in name else f"{name}:{port}"
        self._requests = Requests(authority, secure=tls is not None)
        self._endpoint = endpoint or AlphaEndpoint(reactor, resolver, address, tls, connect_timeout, (ALPN,))
        self._connect_timeout = connect_timeout
        self._chance = chance
        self._links: list[Link] = []
        self._open: dict[Link, None] = {}
        self._waiting: dict[Call, None] = {}
        self._soonest = math.inf
        """No call under way has an earlier deadline."""
        self._sweep: IDelayedCall | None = None
        self._sweep_at = 0.0
        self._ticked = 0.0
        self._attempt: Deferred[Link] | None = None
        self._again: IDelayedCall | None = None
        self._pause = 0.0
        self._reason = ""
        self._closed = False
        self._unwatch = resolver.watch(self._moved)

    @property
    def open(self) -> int:
        """Return how many long answers flow."""
        return sum([link.flowing for link in self._open])

    def ask(self, rpc: Rpc, timeout: float, ear: Ear) -> Asked:
        """Send `rpc`; `timeout` is in seconds and reaches the alpha as its deadline."""
        if self._closed:
            return refused(ear, NotReached("the channel is closed"))
        if rpc.metadata and not sendable(rpc.metadata):
            return refused(ear, NotReached("gRPC cannot carry this metadata"))
        if timeout <= 0:
            return refused(ear, NotReached("no time was left to send it"))
        deadline = self._seconds() + timeout
        call = Talk(self, rpc, ear, deadline) if isinstance(rpc, Duplex) else Call(self, rpc, ear, deadline)
        if deadline < self._soonest:
            self._soonest = deadline
            self._look_by(deadline)
        if not self._links or not self._send(call, timeout):
            self._wait(call)
            return call
        link = call.link
        if link is not None and len(link.connection.streams) == 1:
            # What is alone has no company to wait for.
            link.flush()
        return call

    def call(self, rpc: Rpc, timeout: float) -> Deferred[Answer]:
        """Ask, and fire with what comes of it."""
        return awaited(self, rpc, timeout)

    def close(self) -> Deferred[None]:
        """End the connections; calls under way fail with `Lost`."""
        if not self._closed:
            self._closed = True
            self._unwatch()
            for timer in (self._sweep, self._again):
                if timer is not None:
                    timer.cancel()
            self._sweep = self._again = None
            if self._attempt is not None:
                self._attempt.cancel()
            self._links.clear()
            for link in list(self._open):
                link.close()
            self._fail_waiting("the channel was closed")
        closing = gatherResults([link.over for link in self._open])
        return closing.addCallback(lambda _: None)

    def left(self, call: Call) -> float:
        """Return the seconds to the deadline of `call`."""
        return call.deadline - self._seconds()

    def given_up(self, call: Call) -> None:
        """Forget `call`, which waited."""
        self._waiting.pop(call, None)

    def expect(self, call: Call, seconds: float | None, latest: float) -> None:
        """Let `call` fail in so many seconds, or wait for ever, but not beyond `latest`."""
        call.deadline = latest if seconds is None else min(latest, self._seconds() + seconds)
        if call.deadline < self._soonest:
            self._soonest = call.deadline
            self._look_by(call.deadline)

    def begun(self, link: Link) -> None:
        """Wait for the end of `link` before the channel ends."""
        self._open[link] = None

    def leaving(self, link: Link, reason: str = "") -> None:
        """Give `link` no more calls, and connect anew when it was the last."""
        if link not in self._links:
            return
        self._links.remove(link)
        if self._links or self._attempt is not None or self._again is not None or self._closed:
            return
        if self._seconds() - link.since >= STEADY:
            self._dial()
        else:
            self._put_off(reason or "the connection did not last")

    def gone(self, link: Link, reason: str) -> None:
        """Forget `link`, whose connection is closed."""
        del self._open[link]
        if link in self._links:
            self.leaving(link, reason)
            # It broke: when the alpha died, the others broke as well, and only have not told yet.
            for other in list(self._links):
                other.leave()

    def room(self, link: Link) -> None:
        """Send what waits, now that `link` takes calls again."""
        self._send_waiting()

    def _send(self, call: Call, timeout: float) -> bool:
        """Put `call` on the least busy connection; return whether one took it."""
        links = self._links
        link = links[0] if len(links) == 1 else min(links, key=_load)
        connection = link.connection
        rpc = call.rpc
        try:
            if isinstance(call, Talk):
                call.open(connection, self._requests, timeout)
            else:
                connection.call(call, call, self._requests.block(rpc, timeout), rpc.payload)
        except (NoRoom, QueueFull):
            self._grow(MOST_LINKS)
            return False
        except Leaving:
            self.leaving(link)
            return bool(self._links) and self._send(call, timeout)
        call.link = link
        link.unsent += 1
        if link.unsent >= TOGETHER:
            link.flush()
        if len(connection.streams) > BUSY and len(links) < LINKS:
            self._grow(LINKS)
        return True

    def _wait(self, call: Call) -> None:
        """Let `call` wait for a connection that is being made, or for room."""
        if len(self._waiting) >= MOST_WAITING:
            call.fail(NotReached("too many calls wait for a connection"))
        elif not self._links and self._again is not None:
            call.fail(NotReached(self._reason))
        else:
            self._waiting[call] = None
            if not self._links and self._attempt is None:
                self._dial()

    def _send_waiting(self) -> None:
        now = self._seconds()
        # What is over time is left to the sweep: sent, its outcome would be unknown.
        for call in [call for call in self._waiting if call.deadline > now]:
            if not self._links or not self._send(call, call.deadline - now):
                return
            self._waiting.pop(call, None)

    def _fail_waiting(self, reason: str) -> None:
        for call in list(self._waiting):
            if call in self._waiting:
                call.fail(NotReached(reason))

    def _grow(self, most: int) -> None:
        if len(self._links) < most and self._attempt is None and self._again is None:
            self._dial()

    def _dial(self) -> None:
        trying = attempt(self._endpoint, self._link, self._clock, self._connect_timeout())
        # Kept first: it may have failed already.
        self._attempt = trying
        trying.addCallbacks(self._connected, self._not_connected)

    def _link(self) -> Link:
        return Link(self, self._clock, self._soon)

    def _connected(self, link: Link) -> None:
        self._attempt = None
        self._pause = 0.0
        self._links.append(link)
        self._send_waiting()

    def _not_connected(self, failure: Failure) -> None:
        self._attempt = None
        if not self._closed:
            self._put_off(str(failure.value))

    def _put_off(self, reason: str) -> None:
        """Try to connect again after a pause; until then calls fail at once for want of a connection."""
        self._reason = reason
        self._pause = min(max(self._pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
        self._again = self._clock.callLater(self._pause * (0.8 + 0.4 * self._chance()), self._retry)
        if not self._links:
            self._fail_waiting(reason)

    def _retry(self) -> None:
        self._again = None
        if not self._links or self._waiting:
            self._dial()

    def _moved(self, host: str) -> None:
        """Leave addresses that are no longer the alpha's."""
        if host != self._host:
            return
        known = self._resolver.known(host)
        for link in [link for link in self._links if link.address not in known]:
            link.leave()
        if self._again is not None:
            self._again.reset(0)

    def _look_by(self, when: float) -> None:
        """Look at the deadlines at `when` or soon after; in a TICK at the earliest, a LOOK at the latest."""
        now = self._seconds()
        at = min(max(when, now + TICK), now + LOOK)
        if self._sweep is None:
            self._sweep = self._clock.callLater(at - now, self._swept)
        elif at < self._sweep_at:
            self._sweep.reset(at - now)
        else:
            return
        self._sweep_at = at

    def _swept(self) -> None:
        """Look at all deadlines that may have passed."""
        self._sweep = None
        now = self._seconds()
        if now - self._ticked >= LOOK:
            self._ticked = now
            for link in list(self._open):
                link.tick(now)
            self._send_waiting()  # a connection does not tell when it is rid of what was queued
        if now >= self._soonest:
            for call in self._live():
                if call.deadline <= now:
                    self._time_out(call, now)
        live = self._live()
        self._soonest = min([call.deadline for call in live], default=math.inf)
        if live:
            self._look_by(self._soonest)

    def _live(self) -> list[Call]:
        """Return all calls that are not over."""
        sent = [call for link in self._open for call in link.connection.streams.values()]
        return [*self._waiting, *(call for call in sent if isinstance(call, Call))]

    def _time_out(self, call: Call, now: float) -> None:
        """Let `call` fail, unless it has ended with another one."""
        link = call.link
        if link is None:
            if call in self._waiting:
                call.fail(NotReached("not connected within the deadline"))
        elif link.connection.streams.get(call.number) is call:
            link.connection.reset(call)
            if now - link.heard >= SILENCE:
                link.leave()
            call.fail(TimedOut("no answer within the deadline"))


def _load(link: Link) -> int:
    return len(link.connection.streams)
