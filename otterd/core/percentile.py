"""The ninety-fifth percentile of recent durations, cheap to keep."""


class Percentile:
    """Looks at the last `size` durations, anew after every sixteenth of them."""

    def __init__(self, share: float = 0.95, size: int = 512) -> None:
        self._share = share
        self._last = [0.0] * size
        self._count = 0
        self._step = max(1, size // 16)
        self.value: float | None = None
        """The percentile in seconds; None until a quarter of the durations is in."""

    def add(self, seconds: float) -> None:
        """Take one more duration."""
        last, count = self._last, self._count
        size = len(last)
        last[count % size] = seconds
        self._count = count = count + 1
        if count % self._step == 0 and count * 4 >= size:
            known = sorted(last[: min(count, size)])
            self.value = known[min(int(len(known) * self._share), len(known) - 1)]
