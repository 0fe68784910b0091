"""Reads a short HTTP answer whole, so that the judge can see a refusal in it."""

from twisted.internet.defer import Deferred

from otterd.core.judge import LONGEST_REFUSAL
from otterd.core.operation import Answer, Body
from otterd.errors import Lost


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
    """Return `answer` with its body in bytes when it is as short as an alpha's refusal, else as it is."""
    body = answer.body
    if isinstance(body, bytes) or answer.status != 200:
        return answer
    length = next((v for k, v in answer.headers if k.lower() == b"content-length"), b"")
    if not length.isdigit() or int(length) > LONGEST_REFUSAL:
        return answer
    gather = _Gather(answer, body)
    body.start(gather)
    return gather.done
