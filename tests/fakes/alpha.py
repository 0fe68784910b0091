"""Alphas for tests: in memory (channels that answer from a script) and on loopback sockets."""

from tests.fakes.memory import (
    HANG,
    Call,
    Collector,
    Delayed,
    FakeBody,
    FakeChannel,
    FakeHttpChannel,
    FakeTunnel,
)

__all__ = [
    "HANG",
    "Call",
    "Collector",
    "Delayed",
    "FakeBody",
    "FakeChannel",
    "FakeHttpChannel",
    "FakeTunnel",
]
