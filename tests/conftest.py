"""What every test shares: the reactor, and a watch over what a test leaves behind."""

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings
from twisted.internet import reactor as installed  # noqa: TID251 -- the watch needs the real one
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from zope.interface import provider

# A slow machine is no failure; and what CI judges is the same each time.
settings.register_profile("otter", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("otter")


@pytest.fixture
def reactor() -> AsyncioSelectorReactor:
    """Return the running reactor."""
    assert isinstance(installed, AsyncioSelectorReactor)
    return installed


def sockets(running: AsyncioSelectorReactor) -> set[object]:
    """Return what the reactor reads from, but for its own signal pipes."""
    return {r for r in running.getReaders() if type(r).__module__ != "twisted.internet._signals"}


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Fail a test that leaves a timer or a socket, or in which a failure was logged or lost."""
    assert isinstance(installed, AsyncioSelectorReactor)
    failures: list[str] = []

    @provider(ILogObserver)
    def observe(event: LogEvent) -> None:
        if event.get("log_failure") is not None:
            failures.append(event["log_failure"].getTraceback())

    calls = set(installed.getDelayedCalls())
    readers = sockets(installed)
    globalLogPublisher.addObserver(observe)
    yield
    gc.collect(0)
    globalLogPublisher.removeObserver(observe)
    assert not failures, "logged failures:\n" + "\n".join(failures)
    assert not set(installed.getDelayedCalls()) - calls, "a timer was left behind"
    assert not sockets(installed) - readers, "a socket was left behind"
