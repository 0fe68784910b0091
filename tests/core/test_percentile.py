"""The ninety-fifth percentile."""

from otterd.core.percentile import Percentile


def test_tells_nothing_of_too_few() -> None:
    tail = Percentile(size=64)
    for _ in range(15):
        tail.add(1.0)
    assert tail.value is None


def test_nineteen_of_twenty_are_quicker() -> None:
    tail = Percentile(size=100)
    for at in range(100):
        tail.add(at / 100)
    assert tail.value is not None
    assert 0.90 <= tail.value <= 0.96


def test_old_ones_are_forgotten() -> None:
    tail = Percentile(size=64)
    for _ in range(64):
        tail.add(9.0)
    for _ in range(64):
        tail.add(0.001)
    assert tail.value == 0.001
