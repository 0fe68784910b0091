"""Reads a short HTTP answer whole, so that the judge can see what it says."""

from twisted.internet.defer import Deferred

from otterd.core.operation import Answer, Body
from otterd.errors import Lost

SHORT = 1024
"""Bytes of an answer that is read: no refusal, nor what is said of a group that is away, is longer."""


class _Gather:
    """A Sink that collects a body of known, small length."""

    def __init__(self, answer: Answer, body: Body) -> None:
        self._answer, self._body = answer, body
        self._pieces: list[bytes] = []
        self.done: Deferred[Answer] = Deferred(lambda _: body.stop())

    def write(self, data: bytes) -> None:
        self._pieces.append(data)

    def finish(self) -> None:
        self._answer.body = b"".join(self._pieces)
        self.done.callback(self._answer)

    def fail(self, reason: str) -> None:
        if not self.done.called:
            self.done.errback(Lost(reason))


def peek(answer: Answer) -> Answer | Deferred[Answer]:
    """Return `answer` with its body in bytes when it is short enough to be a refusal, else as it is."""
    body = answer.body
    if isinstance(body, bytes) or answer.status != 200:
        return answer
    length = next((v for k, v in answer.headers if k.lower() == b"content-length"), b"")
    if not length.isdigit() or int(length) > SHORT:
        return answer
    gather = _Gather(answer, body)
    body.start(gather)
    return gather.done
