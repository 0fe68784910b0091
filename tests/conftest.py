"""What every test shares: the reactor, and a watch over what a test leaves behind."""

import gc
from collections.abc import Iterator

import pytest
from twisted.internet import reactor as installed  # noqa: TID251 -- the watch needs the real one
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.logger import LogEvent, globalLogPublisher


@pytest.fixture
def reactor() -> AsyncioSelectorReactor:
    """Return the running reactor."""
    assert isinstance(installed, AsyncioSelectorReactor)
    return installed


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Fail a test that leaves a timer or a socket, or in which a failure was logged or lost."""
    assert isinstance(installed, AsyncioSelectorReactor)
    failures: list[str] = []

    def observe(event: LogEvent) -> None:
        if event.get("log_failure") is not None:
            failures.append(event["log_failure"].getTraceback())

    calls = set(installed.getDelayedCalls())
    readers = set(installed.getReaders())
    globalLogPublisher.addObserver(observe)
    yield
    gc.collect(0)
    globalLogPublisher.removeObserver(observe)
    assert not failures, "logged failures:\n" + "\n".join(failures)
    assert not set(installed.getDelayedCalls()) - calls, "a timer was left behind"
    assert not set(installed.getReaders()) - readers, "a socket was left behind"
