"""What tests of the channels share."""

import socket

from twisted.internet.defer import CancelledError, fail, succeed
from twisted.internet.task import deferLater

from otterd.core.operation import Rpc
from otterd.errors import Lost, NotReached, TimedOut

QUERY = Rpc("Query", b"\x22\x02{}")


class Names:
    """A name service of one changeable answer."""

    def __init__(self, *addresses):
        self.addresses = addresses

    def lookup(self, host):
        return succeed(self.addresses) if self.addresses else fail(OSError("unknown"))


class Heard:
    """An ear that keeps all it is told, and does `then` with it."""

    def __init__(self, then=None):
        self.told = []
        self._then = then

    def answered(self, answer):
        self._tell(answer)

    def failed(self, failure):
        self._tell(failure)

    def _tell(self, end):
        self.told.append(end)
        if self._then is not None:
            self._then(end)


async def failure(deferred):
    try:
        answer = await deferred
    except (NotReached, Lost, TimedOut, CancelledError) as error:
        return error
    raise AssertionError(f"answered {answer.status} {answer.message}")


def unused():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{s.getsockname()[1]}"


async def until(reactor, condition):
    """Wait for `condition()`, 5 s at most."""
    for _ in range(500):
        if condition():
            return
        await deferLater(reactor, 0.01)
    raise AssertionError("it never came")
