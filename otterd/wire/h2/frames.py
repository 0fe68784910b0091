"""The frames of RFC 9113, 6: their kinds, their flags, and how those that we send are packed."""

from struct import Struct
from typing import Final

# Each by itself: of a Final number that is written out, compiled code takes the value, not the name.
DATA: Final = 0
HEADERS: Final = 1
PRIORITY: Final = 2
RST_STREAM: Final = 3
SETTINGS: Final = 4
PUSH_PROMISE: Final = 5
PING: Final = 6
GOAWAY: Final = 7
WINDOW_UPDATE: Final = 8
CONTINUATION: Final = 9

END_STREAM: Final = 0x1
ACK: Final = 0x1
END_HEADERS: Final = 0x4
PADDED: Final = 0x8
PRIORITISED: Final = 0x20

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEAD_BYTES: Final = 9
MAX_STREAM: Final = 0x7FFFFFFF
MAX_WINDOW: Final = 0x7FFFFFFF
FIRST_WINDOW: Final = 65_535
"""Both windows before anything is said."""
LEAST_FRAME: Final = 16_384
GREATEST_FRAME: Final = (1 << 24) - 1

HEAD: Final = Struct(">IBI")
"""Length (24 bits) and kind (8) as one number, flags, stream."""
NUMBER: Final = Struct(">I")
PAIR: Final = Struct(">II")
SETTING: Final = Struct(">HI")
_WITH_NUMBER: Final = Struct(">IBII")
_WITH_PAIR: Final = Struct(">IBIII")


def rst_stream(stream: int, code: int) -> bytes:
    """Return the frame that ends `stream` with `code`."""
    return _WITH_NUMBER.pack(4 << 8 | RST_STREAM, 0, stream, code)


def window_update(stream: int, increment: int) -> bytes:
    """Return the frame that lets the peer send `increment` bytes more on `stream`, or on all for 0."""
    return _WITH_NUMBER.pack(4 << 8 | WINDOW_UPDATE, 0, stream, increment)


def goaway(last: int, code: int, text: bytes = b"") -> bytes:
    """Return the frame that says that streams above `last` are not worked on."""
    return _WITH_PAIR.pack(8 + len(text) << 8 | GOAWAY, 0, 0, last, code) + text


def ping(payload: bytes, *, ack: bool = False) -> bytes:
    """Return a PING of eight bytes, or the answer to one."""
    return HEAD.pack(8 << 8 | PING, ACK if ack else 0, 0) + payload


def settings(values: dict[int, int]) -> bytes:
    """Return the SETTINGS that announce `values`."""
    payload = b"".join(SETTING.pack(key, value) for key, value in values.items())
    return HEAD.pack(len(payload) << 8 | SETTINGS, 0, 0) + payload


SETTINGS_ACK: Final = HEAD.pack(SETTINGS, ACK, 0)


def header_frames(stream: int, block: bytes, most: int, *, end: bool) -> list[bytes]:
    """Return HEADERS and as many CONTINUATIONs as `block` needs in frames of at most `most` bytes."""
    parts = [block[at : at + most] for at in range(0, len(block), most)] or [b""]
    frames: list[bytes] = []
    for number, part in enumerate(parts):
        kind, flags = (CONTINUATION, 0) if number else (HEADERS, END_STREAM if end else 0)
        if number == len(parts) - 1:
            flags |= END_HEADERS
        frames += (HEAD.pack(len(part) << 8 | kind, flags, stream), part)
    return frames
