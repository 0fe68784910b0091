"""Every refusal of Otter's own, with its meaning on each protocol; and the ways a call to an alpha can fail.

Only what breaks one of Otter's own rules becomes an `OtterError`. What an alpha
answers, error or not, is an Answer and passes as it is.
"""

from typing import ClassVar


class OtterError(Exception):
    """A refusal or failure of Otter's own, told to the caller in one sentence.

    `status` is the HTTP status, `grpc` the gRPC code, `close` the WebSocket
    close code where the error ends a socket, and `word` the stable name in
    `extensions.code`. `retry_after` is in seconds, None when waiting is no cure.
    """

    status: ClassVar[int] = 500
    grpc: ClassVar[int] = 13
    close: ClassVar[int] = 1011
    word: ClassVar[str] = "ErrorInternal"

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after


class BadRequest(OtterError):
    """What was sent cannot be understood, or is forbidden by the protocol."""

    status, grpc, close, word = 400, 3, 1007, "ErrorBadRequest"


class Unauthenticated(OtterError):
    """A token is wanted and none, or a wrong one, was shown."""

    status, grpc, close, word = 401, 16, 1008, "ErrorUnauthenticated"


class Forbidden(OtterError):
    """The caller may not do this."""

    status, grpc, close, word = 403, 7, 1008, "ErrorForbidden"


class NotFound(OtterError):
    """There is no such endpoint."""

    status, grpc, close, word = 404, 12, 1008, "ErrorNotFound"


class MethodNotAllowed(OtterError):
    """The endpoint exists, but not for this method."""

    status, grpc, close, word = 405, 12, 1008, "ErrorInvalidMethod"


class TooLarge(OtterError):
    """A body or message is over its limit."""

    status, grpc, close, word = 413, 8, 1009, "ErrorTooLarge"


class UnsupportedMedia(OtterError):
    """The content type or encoding is not one that this endpoint takes."""

    status, grpc, close, word = 415, 3, 1003, "ErrorUnsupportedMedia"


class RateLimited(OtterError):
    """The caller asks faster than its rate allows."""

    status, grpc, close, word = 429, 8, 1008, "ErrorRateLimited"


class NotBuilt(OtterError):
    """The endpoint is known, but this version does not serve it."""

    status, grpc, close, word = 501, 12, 1011, "ErrorNotImplemented"


class AlphaFailed(OtterError):
    """A read could not be answered, because the alphas tried broke off."""

    status, grpc, close, word = 502, 14, 1011, "ErrorAlphaFailed"


class OutcomeUnknown(OtterError):
    """A write was sent and no answer came: it may or may not have been applied.

    Its text never holds "Please retry", on which Dgraph's clients would send it again.
    """

    status, grpc, close, word = 502, 2, 1011, "ErrorOutcomeUnknown"


class Unavailable(OtterError):
    """No alpha could take the request; nothing was done."""

    status, grpc, close, word = 503, 14, 1013, "ErrorUnavailable"


class Overloaded(Unavailable):
    """Otter holds as much work as it may; nothing was done."""

    word = "ErrorOverloaded"


class Draining(Unavailable):
    """Otter is going away and takes no new work; nothing was done."""

    close, word = 1001, "ErrorDraining"


class DeadlinePassed(OtterError):
    """A read had no answer within its time."""

    status, grpc, close, word = 504, 4, 1011, "ErrorDeadline"


class AlphaFailure(Exception):
    """A call to an alpha that brought no answer; `reason` is for logs, without secrets."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotReached(AlphaFailure):
    """The request never left: the alpha did no work, so it may be tried elsewhere."""


class Lost(AlphaFailure):
    """The connection broke after the request may have left: its outcome is unknown."""


class TimedOut(AlphaFailure):
    """The deadline came before the answer: its outcome is unknown."""
