"""One request and its answer, and who hears of what comes in on it."""

from collections import deque
from typing import Final, Protocol

from otterd.wire.h2.errors import Lost
from otterd.wire.h2.fields import Head


class Receiver(Protocol):
    """What the owner of a stream hears; after `ended` or `lost` nothing more but `drained`."""

    def headers(self, head: Head) -> None:
        """The answer's head came (client only; a server gets its head with the stream)."""

    def informed(self, head: Head) -> None:
        """An informational head came (client only)."""

    def data(self, data: bytes) -> bool | None:
        """The payload of one DATA frame came.

        Return True to take all that came so far off the peer's windows; else say `consumed` in time.
        """

    def ended(self, trailers: Head | None) -> None:
        """The peer has said all; for a client the call is over."""

    def lost(self, lost: Lost) -> None:
        """The stream is over before its time."""

    def drained(self) -> None:
        """All that waited for the peer's window is on its way."""


class Nobody:
    """A receiver that wants nothing: of streams not yet accepted, and of those that are gone."""

    def headers(self, head: Head) -> None:
        """Take no note."""

    def informed(self, head: Head) -> None:
        """Take no note."""

    def data(self, data: bytes) -> None:
        """Take no note."""

    def ended(self, trailers: Head | None) -> None:
        """Take no note."""

    def lost(self, lost: Lost) -> None:
        """Take no note."""

    def drained(self) -> None:
        """Take no note."""


NOBODY: Final = Nobody()


class Stream:
    """The state of one stream. Rare state is in the class, so that an ordinary call sets four attributes.

    A client may derive its calls from it, which are then their own receivers: one object for each.
    """

    queue: deque[memoryview] | None = None
    """What waits for the peer's window; None when nothing ever did or nothing does."""
    queued = 0
    """Bytes in `queue`."""
    end_queued = False
    """Whether this side ends when `queue` is empty."""
    trailers: bytes | None = None
    """A header block to send when `queue` is empty."""
    blocked_since = 0.0
    """When the queue last moved, in seconds."""
    got = 0
    """Bytes received, with padding, as flow control counts."""
    returned = 0
    """Bytes of those that were consumed."""
    pads = 0
    """Bytes of those that were padding."""
    length = -1
    """What content-length promised, or -1."""
    interim = 0
    """Informational heads so far."""
    heard = False
    """Whether the peer's head came."""
    answered = False
    """Whether our answer's head went out (server)."""
    local_open = True
    """Whether this side may send."""
    remote_open = True
    """Whether the peer may send."""

    def __init__(self, number: int, receiver: Receiver, window: int, allowed: int) -> None:
        self.number = number
        self.receiver = receiver
        self.window = window
        """Bytes that may be sent; negative once the stream is gone."""
        self.allowed = allowed
        """Bytes that the peer may send over the stream's life, as far as it was told."""

    def __repr__(self) -> str:
        return f"<Stream {self.number}>"
