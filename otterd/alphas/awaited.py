"""What the engines share in telling an Ear: refusals, and a Deferred for those who like one."""

from typing import Final

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from otterd.alphas.channel import Asked, Channel, Ear
from otterd.core.operation import Answer, Rpc
from otterd.errors import AlphaFailure

log: Final = Logger(__name__)

DEAF: Final = "who asked an alpha could not take what came of it"
"""What is logged when an ear raises."""


class Over:
    """A call that ended before anything was sent."""

    def cancel(self) -> None:
        """Take no note."""


OVER: Final = Over()


def tell_answer(ear: Ear, answer: Answer) -> None:
    """Let `ear` hear `answer`; what it raises is its own affair."""
    try:
        ear.answered(answer)
    except Exception:
        log.failure(DEAF)


def tell_failure(ear: Ear, failure: AlphaFailure) -> None:
    """Let `ear` hear `failure`; what it raises is its own affair."""
    try:
        ear.failed(failure)
    except Exception:
        log.failure(DEAF)


def refused(ear: Ear, failure: AlphaFailure) -> Asked:
    """Let `ear` hear at once why nothing was sent."""
    tell_failure(ear, failure)
    return OVER


class _Awaiting:
    """The ear of a Deferred, which it lets go of once that fires: circles wait for a collection."""

    __slots__ = ("asked", "deferred")

    asked: Asked

    def __init__(self) -> None:
        self.deferred: Deferred[Answer] | None = Deferred(self._cancelled)

    def answered(self, answer: Answer) -> None:
        self._spent().callback(answer)

    def failed(self, failure: AlphaFailure) -> None:
        self._spent().errback(failure)

    def _spent(self) -> Deferred[Answer]:
        deferred, self.deferred = self.deferred, None
        assert deferred is not None
        return deferred

    def _cancelled(self, _: Deferred[Answer]) -> None:
        # The Deferred fails with CancelledError by itself.
        self.deferred = None
        self.asked.cancel()


def awaited(channel: Channel, rpc: Rpc, timeout: float) -> Deferred[Answer]:
    """Ask `channel` and return what fires with what it tells; cancelling that gives the call up."""
    ear = _Awaiting()
    # Kept first: the ear lets go of it when it fires, which may be at once.
    deferred = ear.deferred
    assert deferred is not None
    ear.asked = channel.ask(rpc, timeout, ear)
    return deferred
