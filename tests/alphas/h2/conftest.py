"""A channel and its alpha in memory, which leave nothing running behind."""

import pytest

from tests.alphas.h2.net import Net


@pytest.fixture
def net():
    net = Net()
    yield net
    net.channel.close()
    for connection in net.connections:
        connection.pump()
    net.clock.advance(0)
    assert not net.clock.getDelayedCalls()
