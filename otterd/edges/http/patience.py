"""How long one connection waits for what its client owes."""

from math import inf

from otterd.edges.http.keeper import Keeper


class Patience:
    """One deadline, set by what is waited for; it passes once."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._deadline = inf
        self._since: float | None = None
        self._idle = False

    def is_over(self, now: float) -> bool:
        """Return whether the deadline has passed at `now`, and if so forget it."""
        if now < self._deadline:
            return False
        self._deadline = inf
        return True

    def restart(self) -> None:
        """Begin a new request: the time of the one before does not count against it."""
        self._since = None
        self._idle = False

    def wait(self, seconds: float) -> None:
        """Wait `seconds` from now."""
        self._deadline = self._keeper.due(seconds)

    def wait_at_most(self, seconds: float) -> None:
        """Wait no longer than `seconds` from now."""
        self._deadline = min(self._deadline, self._keeper.due(seconds))

    def wait_for_ever(self) -> None:
        """Wait without a deadline: the client owes nothing."""
        self._since = None
        self._idle = False
        self._deadline = inf

    def wait_idle(self) -> None:
        """Wait for as long as a connection may be idle, from when it became that."""
        if not self._idle:
            self._since = None
            self._idle = True
            self._deadline = self._keeper.idle_until()

    def wait_for_request(self, seconds: float) -> None:
        """Wait `seconds` from when the request began to come in."""
        self._idle = False
        if self._since is None:
            self._since = self._keeper.now
        self._deadline = self._keeper.due(seconds) - (self._keeper.now - self._since)
