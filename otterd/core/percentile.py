"""The ninety-fifth percentile of recent durations, cheap to keep."""


class Percentile:
    """Looks at the last `size` durations, anew after every sixteenth of them that came."""

    def __init__(self, share: float = 0.95, size: int = 512) -> None:
        self._share = share
        self._last = [0.0] * size
        self._count = 0
        self._step = max(1, size // 16)
        self._value: float | None = None
        self._known = 0

    @property
    def value(self) -> float | None:
        """Return the percentile in seconds; None until a quarter of the durations is in."""
        size, whole = len(self._last), self._count - self._count % self._step
        # Only who asks for it has it worked out, for nobody may.
        if whole != self._known and whole * 4 >= size:
            self._known = whole
            known = sorted(self._last[: min(self._count, size)])
            self._value = known[min(int(len(known) * self._share), len(known) - 1)]
        return self._value

    def add(self, seconds: float) -> None:
        """Take one more duration."""
        self._last[self._count % len(self._last)] = seconds
        self._count += 1
