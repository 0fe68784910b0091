"""A streamed body, gathered whole."""

from twisted.internet.defer import Deferred, succeed

from otterd.core.operation import Answer, Body


class Collected:
    """Gathers `body`; `whole` fires with it, or with None when it broke off or is over `longest` bytes."""

    def __init__(self, body: Body, longest: int) -> None:
        self.whole: Deferred[bytes | None] = Deferred(lambda _: body.stop())
        self._body = body
        self._longest = longest
        self._pieces: list[bytes] = []
        self._size = 0
        self._over = False
        body.start(self)

    def write(self, data: bytes) -> None:
        """Take the next piece."""
        self._size += len(data)
        if self._size > self._longest:
            self._body.stop()
            self._end(None)
        elif not self._over:
            self._pieces.append(data)

    def finish(self) -> None:
        """Be told that it is whole."""
        self._end(b"".join(self._pieces))

    def fail(self, reason: str) -> None:
        """Be told that it broke off."""
        self._end(None)

    def _end(self, body: bytes | None) -> None:
        if not self._over:
            self._over = True
            self.whole.callback(body)


def whole_body(answer: Answer, longest: int) -> Deferred[bytes | None]:
    """Fire with the body of `answer`, or with None when it broke off or is over `longest` bytes."""
    if isinstance(answer.body, bytes):
        return succeed(answer.body)
    return Collected(answer.body, longest).whole
