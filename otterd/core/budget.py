"""How much may be tried again: a share of the live load, so that trouble does not double itself."""

from typing import Final

WINDOW: Final = 10
"""Seconds of load that count as live."""


class Budget:
    """Allows extra requests up to `share` of those of the last seconds, and `least` in any one second."""

    __slots__ = ("_asked", "_asked_before", "_least", "_second", "_share", "_spent", "_spent_before")

    def __init__(self, share: float = 0.2, least: int = 3) -> None:
        self._share = share
        self._least = least
        self._second = 0
        # The counts of the running second, and one for each second of the window before it.
        self._asked = self._spent = 0
        self._asked_before = [0] * (WINDOW - 1)
        self._spent_before = [0] * (WINDOW - 1)

    def request(self, now: float) -> None:
        """Count one request of a caller's at `now`, in seconds."""
        if int(now) != self._second:
            self._turn(int(now))
        self._asked += 1

    def spend(self, now: float) -> bool:
        """Return whether one more may be tried at `now`, in seconds, and count it if so."""
        if int(now) != self._second:
            self._turn(int(now))
        if self._spent >= self._least and not self._affordable():
            return False
        self._spent += 1
        return True

    def recent(self, now: float) -> tuple[int, int]:
        """Return how many were asked, and how many tried again, in the window that ends at `now`."""
        if int(now) != self._second:
            self._turn(int(now))
        return self._asked + sum(self._asked_before), self._spent + sum(self._spent_before)

    def _affordable(self) -> bool:
        asked = self._asked + sum(self._asked_before)
        return self._spent + sum(self._spent_before) + 1 <= self._share * asked

    def _turn(self, second: int) -> None:
        """Begin `second`, and forget what is older than the window."""
        passed = max(0, min(second - self._second, WINDOW))
        if passed:
            quiet = [0] * (passed - 1)
            self._asked_before = [*self._asked_before, self._asked, *quiet][-(WINDOW - 1) :]
            self._spent_before = [*self._spent_before, self._spent, *quiet][-(WINDOW - 1) :]
            self._asked = self._spent = 0
        self._second = second
