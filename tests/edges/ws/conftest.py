"""Gives back the process-wide clock of Autobahn's timers."""

from collections.abc import Iterator

import pytest
import txaio

from tests.edges.ws.fakes import House


@pytest.fixture(autouse=True)
def timers_given_back() -> Iterator[None]:
    before = txaio.config.loop
    yield
    txaio.config.loop = before


@pytest.fixture
def house() -> House:
    return House()
