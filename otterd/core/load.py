"""How busy each alpha is: requests in flight, recent latency, and what it says of itself."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import exp
from typing import Final

from otterd.core.operation import Purpose

MEMORY: Final = 5.0
"""Seconds after which an answer counts for a third of what it did when it was new."""

LEAST: Final = 0.0005
"""Seconds that an answer is taken to need at the least, so that requests in flight always count."""

STALE: Final = 30.0
"""Seconds for which what an alpha said of its own load counts."""


@dataclass(frozen=True, slots=True)
class Pending:
    """What an alpha says that it has to do: `queries` and Raft `proposals`, told at `seen`."""

    queries: int
    proposals: int
    seen: float


@dataclass(slots=True)
class _Busy:
    in_flight: int = 0
    purposes: dict[Purpose, int] = field(default_factory=lambda: dict.fromkeys(Purpose, 0))
    latency: float = 0.0
    heard: float = 0.0
    pending: Pending | None = None


class Load:
    """Counts for each alpha; it costs next to nothing to keep. Times in seconds on one clock."""

    def __init__(self) -> None:
        self._alphas: dict[str, _Busy] = {}

    def begun(self, address: str, purpose: Purpose = Purpose.QUERY) -> None:
        """Count a request in."""
        busy = self._alphas.get(address)
        if busy is None:
            busy = self._alphas[address] = _Busy()
        busy.in_flight += 1
        busy.purposes[purpose] += 1

    def ended(
        self, address: str, now: float, seconds: float | None, purpose: Purpose = Purpose.QUERY
    ) -> None:
        """Count it out; `seconds` is how long the answer took, None when none came."""
        busy = self._alphas.get(address)
        if busy is None or not busy.in_flight:
            return
        busy.in_flight -= 1
        purposes = busy.purposes
        if purposes[purpose]:
            purposes[purpose] -= 1
        if seconds is None:
            return
        # Weighed by time, not by count: a burst is one moment, and an old answer says little.
        kept = exp((busy.heard - now) / MEMORY) if busy.heard else 0.0
        share = 1.0 - kept
        busy.latency += (seconds - busy.latency) * (share if share > 0.1 else 0.1)
        busy.heard = now

    def told(self, address: str, now: float, queries: int, proposals: int) -> None:
        """Take in what an alpha says of its own load."""
        self._alphas.setdefault(address, _Busy()).pending = Pending(queries, proposals, now)

    def keep(self, addresses: frozenset[str]) -> None:
        """Forget the alphas that are not among `addresses` and have nothing in flight."""
        for address in [a for a, busy in self._alphas.items() if a not in addresses and not busy.in_flight]:
            del self._alphas[address]

    def in_flight(self, address: str, purpose: Purpose | None = None) -> int:
        """Return how many requests wait for the alpha, of one `purpose` or of all."""
        busy = self._alphas.get(address)
        if busy is None:
            return 0
        return busy.in_flight if purpose is None else busy.purposes[purpose]

    def latency(self, address: str) -> float:
        """Return how long its answers took lately; 0 while there was none."""
        busy = self._alphas.get(address)
        return busy.latency if busy is not None else 0.0

    def pending(self, address: str, now: float) -> Pending | None:
        """Return what the alpha said of its own load, None when it said nothing lately."""
        busy = self._alphas.get(address)
        told = busy.pending if busy is not None else None
        return told if told is not None and now - told.seen <= STALE else None

    def cost(self, address: str, now: float) -> float:
        """Return what `costs` says of one address."""
        return self.costs((address,), now)[0]

    def costs(self, addresses: Iterable[str], now: float) -> list[float]:
        """Return how many seconds a further request is likely to take at each of `addresses`.

        An alpha that has not answered for long is forgotten bit by bit, so that it is tried again.
        """
        alphas, found = self._alphas, []
        for address in addresses:
            busy = alphas.get(address)
            if busy is None:
                found.append(LEAST)
            elif busy.in_flight:
                latency = busy.latency
                found.append((busy.in_flight + 1) * (latency if latency > LEAST else LEAST))
            else:
                found.append(_cost(busy, 0, now))
        return found

    def whole_cost(self, address: str, now: float) -> float:
        """Return the same with all that the alpha says it has to do, whoever sent it, where it says so."""
        busy, said = self._alphas.get(address), self.pending(address, now)
        if busy is None or said is None:
            return self.cost(address, now)
        return _cost(busy, max(busy.in_flight, said.queries) + said.proposals, now)


def _cost(busy: _Busy, waiting: int, now: float) -> float:
    latency = busy.latency
    if not busy.in_flight:
        latency *= exp(min(busy.heard - now, 0.0) / MEMORY)
    return (waiting + 1) * max(latency, LEAST)
