"""Reads from an alpha's `/metrics` how many queries and proposals wait there, whoever sent them."""

import re
from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from otterd.alphas.channel import HttpChannel
from otterd.core.operation import Answer, Body, HttpCall
from otterd.errors import Lost

log = Logger(__name__)

LONGEST = 4 << 20
"""Bytes of a `/metrics` that are read; an alpha's is some 70 KiB."""

LONGEST_LINE = 65536
"""Bytes of one of its lines."""

OFF = 60.0
"""The longest that an alpha whose `/metrics` cannot be read is left alone, in seconds."""

_GAUGE = re.compile(rb"^dgraph_pending_(queries|proposals)_total(?:\{[^}\n]*\})? ([0-9.e+]{1,24})$", re.M)
_MARK = b"dgraph_pending_"

Told = Callable[[int, int], None]
"""Hears how many queries and how many proposals wait."""


class Pending:
    """Asks one alpha every `interval()` seconds while `wanted()`; it has `timeout()` seconds to answer.

    An alpha that cannot tell is asked less and less often. Nothing of it counts against the alpha.
    """

    def __init__(
        self,
        http: HttpChannel,
        clock: IReactorTime,
        interval: Callable[[], float],
        timeout: Callable[[], float],
        wanted: Callable[[], bool],
        told: Told,
    ) -> None:
        self._http = http
        self._clock = clock
        self._interval = interval
        self._timeout = timeout
        self._wanted = wanted
        self._told = told
        self._failures = 0
        self._next: IDelayedCall | None = None
        self._asking: Deferred[None] | None = None
        self._stopped = False

    def start(self) -> None:
        """Ask now, and then again and again."""
        self._next = None
        if not self._wanted():
            self._wait()
            return
        limit = self._timeout()
        call = HttpCall(b"GET", b"/metrics", ((b"Host", self._http.address.encode()),))
        gauges: Deferred[tuple[int, int]] = self._http.send(call, limit).addCallback(read_gauges)
        gauges.addTimeout(limit, self._clock)
        self._asking = gauges.addCallbacks(self._good, self._bad)
        self._asking.addBoth(self._again)

    def stop(self) -> None:
        """Ask no more."""
        self._stopped = True
        if self._next is not None:
            self._next.cancel()
            self._next = None
        if self._asking is not None:
            self._asking.cancel()

    def _good(self, gauges: tuple[int, int]) -> None:
        self._failures = 0
        self._told(*gauges)

    def _bad(self, failure: Failure) -> None:
        self._failures += 1
        if self._failures == 1 and not self._stopped:
            log.debug(
                "the load of {alpha} cannot be read: {why}",
                alpha=self._http.address,
                why=type(failure.value).__name__,
            )

    def _again(self, result: object) -> None:
        self._asking = None
        if isinstance(result, Failure):
            log.failure("reading the load of {alpha} broke", result, alpha=self._http.address)
        self._wait()

    def _wait(self) -> None:
        if self._stopped:
            return
        interval = self._interval()
        wait = max(min(interval * 2 ** min(self._failures, 10), OFF), interval)
        self._next = self._clock.callLater(wait, self.start)


def read_gauges(answer: Answer) -> "Deferred[tuple[int, int]]":
    """Fire with the queries and the proposals that wait; fails with Lost when it does not tell."""
    gauges = Gauges()
    if answer.status != 200:
        gauges.fail(f"it answered {answer.status}")
        if not isinstance(answer.body, bytes):
            answer.body.stop()
    elif isinstance(answer.body, bytes):
        gauges.write(answer.body)
        gauges.finish()
    else:
        gauges.follow(answer.body)
    return gauges.done


class Gauges:
    """Looks for the two gauges in a page that flows by, and holds no more of it than a line."""

    def __init__(self) -> None:
        self.done: Deferred[tuple[int, int]] = Deferred(lambda _: self._stop())
        self._body: Body | None = None
        self._found: dict[bytes, int] = {}
        self._rest = b""
        self._size = 0

    def follow(self, body: Body) -> None:
        """Read `body`."""
        self._body = body
        body.start(self)

    def write(self, data: bytes) -> None:
        """Take the next piece."""
        if self.done.called:
            return
        self._size += len(data)
        lines, _, self._rest = (self._rest + data).rpartition(b"\n")
        if self._size > LONGEST or len(self._rest) > LONGEST_LINE:
            self._stop()
            self.fail("it is too long")
        elif _MARK in lines:
            for name, value in _GAUGE.findall(lines):
                self._add(name, value)

    def finish(self) -> None:
        """Be told that it is whole."""
        if self.done.called:
            return
        for name, value in _GAUGE.findall(self._rest):
            self._add(name, value)
        if len(self._found) == 2:
            self.done.callback((self._found[b"queries"], self._found[b"proposals"]))
        else:
            self.fail("it does not tell")

    def fail(self, reason: str) -> None:
        """Be told that it broke off."""
        if not self.done.called:
            self.done.errback(Lost(reason))

    def _add(self, name: bytes, value: bytes) -> None:
        try:
            self._found[name] = self._found.get(name, 0) + int(float(value))
        except (ValueError, OverflowError):
            self.fail("it tells no number")

    def _stop(self) -> None:
        if self._body is not None:
            self._body.stop()
