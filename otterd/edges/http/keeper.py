"""What all connections of the HTTP door share, the time among it."""

from typing import Protocol

from otterd.config.live import Live
from otterd.core.operation import Door, Entry
from otterd.edges.http.exchange import Site
from otterd.edges.http.heads import Heads
from otterd.edges.http.reader import Budget

SWEEP = 0.5
"""Seconds between two looks at all deadlines; a deadline may be late by twice as much."""

DRAIN_LINGER = 0.25
"""For what part of `drain_timeout` an idle connection may still bring one more request."""


class Ledger(Protocol):
    """Where each request is accounted for."""

    def open(self, door: Door, route: str, offered: bytes | None = None) -> Entry:
        """Begin an entry; `offered` is the request id that the caller wants."""

    def close(self, entry: Entry) -> None:
        """End an entry."""


class Keeper:
    """Holds what every connection needs.

    `now` is in seconds since the first connection; it moves with each sweep, and never by
    more than two sweeps: neither a clock that is set nor a stall of Otter's own takes time
    from the clients. `date` is the current `Date` field.
    """

    def __init__(self, live: Live, site: Site, ledger: Ledger) -> None:
        self.live = live
        self.site = site
        self.ledger = ledger
        self.budget = Budget(live)
        self.heads = Heads(live)
        self.now = 0.0
        self.date = b""
        self.draining = False

    def due(self, seconds: float) -> float:
        """Return the deadline that is `seconds` from now, or a little later."""
        return self.now + seconds + SWEEP

    @property
    def idle_allowed(self) -> float:
        """For how many seconds a connection may be idle."""
        config = self.live.config
        return config.drain_timeout * DRAIN_LINGER if self.draining else config.idle_timeout

    def idle_until(self) -> float:
        """Return the deadline of a connection that becomes idle now."""
        return self.due(self.idle_allowed)
