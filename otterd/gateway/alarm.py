"""Many moments to wake up at, kept by one timer."""

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from otterd.core.steady import Steady

log = Logger(__name__)

GRAIN = 0.01
"""Seconds by which a call may be late; a timer of its own for each costs more than the whole corridor."""


class Alarm:
    """Calls functions at their moments, none before it and each once."""

    def __init__(self, timer: Any, clock: Steady) -> None:
        self._timer = timer
        self._clock = clock
        self._calls: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._next: IDelayedCall | None = None
        self._ringing = False

    def at(self, moment: float, call: Callable[[], None]) -> None:
        """Call `call` at `moment`, in seconds on the steady clock; what became needless ignores it."""
        self._count += 1
        heappush(self._calls, (moment, self._count, call))
        if self._ringing:
            # What is next is only known when all that is due was called.
            return
        if self._next is None:
            self._rest(moment - self._clock.seconds())
        elif self._calls[0][1] == self._count and moment + GRAIN < self._due:
            self._next.cancel()
            self._rest(moment - self._clock.seconds())

    def stop(self) -> None:
        """Forget everything."""
        self._calls.clear()
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _rest(self, wait: float) -> None:
        wait = max(wait, GRAIN)
        self._due = self._clock.seconds() + wait
        self._next = self._timer.callLater(wait, self._ring)

    def _ring(self) -> None:
        self._next, self._ringing = None, True
        now, calls = self._clock.seconds(), self._calls
        while calls and calls[0][0] <= now:
            call = heappop(calls)[2]
            try:
                call()
            except Exception:
                log.failure("an alarm broke")
        self._ringing = False
        if calls:
            self._rest(calls[0][0] - now)
