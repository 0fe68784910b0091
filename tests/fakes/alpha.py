"""Alphas for tests: in memory (channels that answer from a script) and on loopback sockets."""

from tests.fakes.loopback import APPLY_AND_BREAK, BREAK, FakeAlpha, Half, Raw, ok
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
    "APPLY_AND_BREAK",
    "BREAK",
    "HANG",
    "Call",
    "Collector",
    "Delayed",
    "FakeAlpha",
    "FakeBody",
    "FakeChannel",
    "FakeHttpChannel",
    "FakeTunnel",
    "Half",
    "Raw",
    "ok",
]
