"""Gives back the process-wide clock of Autobahn's timers."""

from collections.abc import Iterator

import pytest
from txaio import tx

from tests.edges.ws.fakes import House


@pytest.fixture(autouse=True)
def timers_given_back() -> Iterator[None]:
    before = tx.config.loop
    yield
    tx.config.loop = before


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def expected_failures() -> Iterator[list[str]]:
    """Catch what is logged as a failure by the door, and see that it tells no secret."""
    seen: list[str] = []

    class Silent:
        def failure(self, text: str, reason: object = None, **fields: object) -> None:
            seen.append(text.format(**fields))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("otterd.edges.ws.task.log", Silent())
        yield seen
    assert not any("s3cret" in text for text in seen)
