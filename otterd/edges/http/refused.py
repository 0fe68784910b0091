"""What the HTTP connection itself refuses, before any route is asked."""

from otterd.errors import BadRequest, Overloaded, TooLarge


class Refused(Exception):
    """A request that is answered with `status` and `message`, after which the connection ends.

    `word` is the verdict of its access line; `retry_after` is in seconds, None when waiting
    is no cure.
    """

    def __init__(
        self, status: int, message: str, *, word: str = BadRequest.word, retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.word = word
        self.retry_after = retry_after


def malformed(why: str) -> Refused:
    """Return the refusal of bytes that are not a well-formed HTTP/1.1 request."""
    return Refused(400, f"malformed HTTP request: {why}")


def too_large(limit: int) -> Refused:
    """Return the refusal of a body over `limit` bytes."""
    return Refused(413, f"the request body is over the limit of {limit} bytes", word=TooLarge.word)


def overloaded(what: str) -> Refused:
    """Return the refusal of a request for which there is no room now."""
    return Refused(503, f"overloaded: {what}", word=Overloaded.word, retry_after=1)
