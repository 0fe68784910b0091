"""One message of a socket, from its arrival to its answer."""

from twisted.internet.defer import Deferred

from otterd.core.judge import Verdict
from otterd.core.operation import Answer, Caller, Entry, Metadata
from otterd.edges.ws.message import Message
from otterd.errors import BadRequest, NotBuilt, OtterError, Unauthenticated

GONE = 499
"""Status of what nobody waits for any more, as web servers write it."""

VERDICTS = {
    400: BadRequest.word,
    401: Unauthenticated.word,
    GONE: Verdict.LOST,
    500: OtterError.word,
    501: NotBuilt.word,
}
"""The verdict of what never reached an alpha, by its status."""


class Task:
    """One message on its way to its answer; `metadata` may hold the caller's token.

    A ping has no `entry`. `call` is what is being waited for. A task that is `alone` is
    performed while no other one is, so that its answer finds room.
    """

    __slots__ = ("alone", "answer", "begun", "call", "caller", "entry", "id", "message", "metadata")

    def __init__(
        self, id: str | None, entry: Entry | None, message: Message, caller: Caller, metadata: Metadata = ()
    ) -> None:
        self.id = id
        self.entry = entry
        self.message = message
        self.caller = caller
        self.metadata = metadata
        self.begun = self.alone = False
        self.answer: bytes | None = None
        self.call: Deferred[Answer] | None = None

    @property
    def writes(self) -> bool:
        """Whether it may change data."""
        return self.message.type != "query"

    def note(self, status: int) -> None:
        """Write down the HTTP status that the answer would have."""
        if self.entry is not None:
            self.entry.status = status
            self.entry.verdict = self.entry.verdict or VERDICTS.get(status, "")
