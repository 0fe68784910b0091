"""Which alpha began a transaction, learnt from every answer that names one."""

from typing import NamedTuple


class Pin(NamedTuple):
    """The gRPC address of the alpha with which a transaction stays, and whether that has its writes."""

    address: str
    wrote: bool


class _Kept:
    """Addresses by `start_ts`: at most `most`, each for `life` seconds after its last answer.

    They are kept in two halves of which the older is dropped whole, lest there is a row to keep in order.
    """

    def __init__(self, most: int, life: float) -> None:
        self._half = max(1, most // 2)
        self._life = life
        self._since = 0.0
        # Plain tuples of address and last answer: garbage collection passes over them.
        self.young: dict[int, tuple[str, float]] = {}
        self.old: dict[int, tuple[str, float]] = {}

    def __len__(self) -> int:
        return len(self.young) + len(self.old)

    def keep(self, start_ts: int, address: str, now: float) -> None:
        if now - self._since >= self._life or len(self.young) >= self._half:
            self.old, self.young, self._since = self.young, {}, now
        if self.old:
            self.old.pop(start_ts, None)
        self.young[start_ts] = (address, now)

    def find(self, start_ts: int, now: float) -> str | None:
        known = self.young.get(start_ts) or self.old.get(start_ts)
        return known[0] if known is not None and now - known[1] < self._life else None

    def forget(self, start_ts: int) -> None:
        if self.young.pop(start_ts, None) is None:
            self.old.pop(start_ts, None)


class Pins:
    """Remembers transactions by `start_ts`: at most `most`, each for `life` seconds after its last answer.

    Every query begins a transaction, and few go on: those with writes have a half of their own, in which
    no number of reads takes their place.
    """

    def __init__(self, most: int = 100_000, life: float = 600.0) -> None:
        self._writers = _Kept(most // 2, life)
        self._readers = _Kept(most - most // 2, life)

    def __len__(self) -> int:
        return len(self._writers) + len(self._readers)

    def learn(self, start_ts: int, address: str, now: float, wrote: bool) -> None:
        """Note that the alpha at `address` answered for `start_ts`, and whether that was a write.

        A read elsewhere does not take the transaction away from the alpha that has its writes.
        """
        if wrote:
            self._readers.forget(start_ts)
            self._writers.keep(start_ts, address, now)
            return
        writers = self._writers
        home = writers.find(start_ts, now) if writers.young or writers.old else None
        if home is not None:
            self._writers.keep(start_ts, home, now)
        else:
            self._readers.keep(start_ts, address, now)

    def find(self, start_ts: int, now: float) -> Pin | None:
        """Return where `start_ts` was begun, None when that is not known (any more)."""
        home = self._writers.find(start_ts, now)
        if home is not None:
            return Pin(home, wrote=True)
        home = self._readers.find(start_ts, now)
        return Pin(home, wrote=False) if home is not None else None

    def forget(self, start_ts: int) -> None:
        """Drop a transaction that has come to its end."""
        self._writers.forget(start_ts)
        self._readers.forget(start_ts)
