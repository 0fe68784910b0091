"""Which alpha began a transaction, learnt from every answer that names one."""

from typing import NamedTuple


class Pin(NamedTuple):
    """The gRPC address of the alpha with which a transaction stays, and whether that has its writes."""

    address: str
    wrote: bool


class Pins:
    """Remembers transactions by `start_ts`: at most `most`, each for `life` seconds after its last answer.

    They are kept in two halves of which the older is dropped whole, lest there is a row to keep in order.
    """

    def __init__(self, most: int = 100_000, life: float = 600.0) -> None:
        self._half = max(1, most // 2)
        self._life = life
        self._since = 0.0
        # Plain tuples of address, wrote and last answer: garbage collection passes over them.
        self._young: dict[int, tuple[str, bool, float]] = {}
        self._old: dict[int, tuple[str, bool, float]] = {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def learn(self, start_ts: int, address: str, now: float, wrote: bool) -> None:
        """Note that the alpha at `address` answered for `start_ts`, and whether that was a write.

        A read elsewhere does not take the transaction away from the alpha that has its writes.
        """
        known = self._known(start_ts, now)
        if known is not None and known[1] and not wrote:
            address, wrote = known[0], True
        if now - self._since >= self._life or len(self._young) >= self._half:
            self._old, self._young, self._since = self._young, {}, now
        self._old.pop(start_ts, None)
        self._young[start_ts] = (address, wrote, now)

    def find(self, start_ts: int, now: float) -> Pin | None:
        """Return where `start_ts` was begun, None when that is not known (any more)."""
        known = self._known(start_ts, now)
        return Pin(known[0], known[1]) if known is not None else None

    def forget(self, start_ts: int) -> None:
        """Drop a transaction that has come to its end."""
        if self._young.pop(start_ts, None) is None:
            self._old.pop(start_ts, None)

    def _known(self, start_ts: int, now: float) -> tuple[str, bool, float] | None:
        known = self._young.get(start_ts) or self._old.get(start_ts)
        return known if known is not None and now - known[2] < self._life else None
