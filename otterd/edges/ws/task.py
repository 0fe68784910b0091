"""One message of a socket, from its arrival to its answer."""

from typing import Final, Protocol

from twisted.internet.defer import CancelledError
from twisted.logger import Logger
from twisted.python.failure import Failure

from otterd.core.judge import Verdict
from otterd.core.operation import Answer, Caller, Entry, Metadata
from otterd.edges.http.long_answer import LongAnswer
from otterd.edges.ws import answer
from otterd.edges.ws.answer import answered, flowing
from otterd.edges.ws.message import Message
from otterd.errors import BadRequest, NotBuilt, OtterError, Unauthenticated
from otterd.gateway.seams import Asked

log = Logger(__name__)

GONE: Final = 499
"""Status of what nobody waits for any more, as web servers write it."""

VERDICTS: Final = {
    400: BadRequest.word,
    401: Unauthenticated.word,
    GONE: Verdict.LOST,
    500: OtterError.word,
    501: NotBuilt.word,
}
"""The verdict of what never reached an alpha, by its status."""


class Performer(Protocol):
    """Whose tasks they are."""

    def performed(self, task: "Task", text: bytes, status: int) -> None:
        """Take the answer to `task`, and the HTTP status that it would have."""

    def flows(self, task: "Task", long: LongAnswer) -> None:
        """Take the answer to `task` that comes piece by piece."""


class Task:
    """One message on its way to its answer; the corridor tells it what came of it.

    A ping has no `entry`. `call` is what is being waited for. A task that is `alone` is
    performed while no other one is, so that its answer finds room. `metadata` may hold the caller's token.
    """

    __slots__ = (
        "_performer",
        "alone",
        "answer",
        "begun",
        "call",
        "caller",
        "entry",
        "id",
        "message",
        "metadata",
    )

    def __init__(
        self,
        performer: Performer,
        id: str | None,
        entry: Entry | None,
        message: Message,
        caller: Caller,
        metadata: Metadata = (),
    ) -> None:
        self._performer = performer
        self.id = id
        self.entry = entry
        self.message = message
        self.caller = caller
        self.metadata = metadata
        self.begun = self.alone = False
        self.answer: bytes | None = None
        self.call: Asked | None = None

    def callback(self, result: Answer) -> None:
        """Be told the answer; the performer hears of it, whatever happens."""
        self.call = None
        if not isinstance(result.body, bytes):
            self._performer.flows(self, flowing(self.message, self.id, result, result.body))
            return
        try:
            text, status = answered(self.message, self.id, result), 200
        except Exception:
            text, status = self._broken(None)
        self._performer.performed(self, text, status)

    def errback(self, fail: Failure) -> None:
        """Be told why there is none."""
        self.call = None
        error = fail.value
        try:
            if isinstance(error, OtterError):
                text, status = answer.refused(self.message, self.id, error), error.status
            elif isinstance(error, CancelledError):
                text, status = answer.error("the request was cancelled", self.id), GONE
            else:
                text, status = self._broken(fail)
        except Exception:
            text, status = self._broken(None)
        self._performer.performed(self, text, status)

    @property
    def writes(self) -> bool:
        """Whether it may change data."""
        return self.message.type != "query"

    def note(self, status: int) -> None:
        """Write down the HTTP status that the answer would have."""
        if self.entry is not None:
            self.entry.status = status
            self.entry.verdict = self.entry.verdict or VERDICTS.get(status, "")

    def _broken(self, reason: Failure | None) -> tuple[bytes, int]:
        """Log `reason`, or the exception being handled, and return what is told of it."""
        log.failure("a message of type {type} could not be answered", reason, type=self.message.type)
        return answer.error("internal error", self.id), 500
