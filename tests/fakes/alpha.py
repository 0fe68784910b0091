"""Alphas played from a script: in memory (channels without sockets) and on loopback."""

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
