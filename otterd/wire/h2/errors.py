"""What goes wrong on an HTTP/2 connection, each with its wire code."""

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar


class Code(IntEnum):
    """Error codes of RFC 9113, 7."""

    NO_ERROR = 0
    PROTOCOL_ERROR = 1
    INTERNAL_ERROR = 2
    FLOW_CONTROL_ERROR = 3
    SETTINGS_TIMEOUT = 4
    STREAM_CLOSED = 5
    FRAME_SIZE_ERROR = 6
    REFUSED_STREAM = 7
    CANCEL = 8
    COMPRESSION_ERROR = 9
    CONNECT_ERROR = 10
    ENHANCE_YOUR_CALM = 11
    INADEQUATE_SECURITY = 12
    HTTP_1_1_REQUIRED = 13


class H2Error(Exception):
    """Something of HTTP/2 went wrong."""


class Broken(H2Error):
    """The connection cannot go on; `code` is what its GOAWAY says."""

    def __init__(self, code: Code, text: str) -> None:
        super().__init__(f"{code.name}: {text}")
        self.code = code
        self.text = text


class Malformed(H2Error):
    """A header list breaks the rules of HTTP; only its stream ends."""

    code: ClassVar[Code] = Code.PROTOCOL_ERROR


class Oversized(Malformed):
    """A header list is longer than was announced."""

    code: ClassVar[Code] = Code.ENHANCE_YOUR_CALM


class NoRoom(H2Error):
    """The peer's stream limit is reached; nothing was sent, `room_made` will tell."""


class Leaving(H2Error):
    """The connection takes no new requests; nothing was sent, use another one."""


class QueueFull(H2Error):
    """The bytes that wait for the peer's window are at their bound; nothing of this was taken."""


@dataclass(frozen=True, slots=True)
class Lost:
    """Why a stream ended before its time."""

    code: int
    """The code of the RST_STREAM or GOAWAY, of either side; INTERNAL_ERROR when the transport went."""
    unprocessed: bool
    """True when the peer certainly did nothing with the request, so that it may be sent again."""
    remote: bool
    """True when the peer ended it, False when this side did or the transport went."""
    text: str
    """A few words for a log; never anything that a peer sent."""
