"""The frames of RFC 9113, 6: their kinds, their flags, and how those that we send are packed."""

from struct import Struct

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS = range(5)
PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(5, 10)

END_STREAM = 0x1
ACK = 0x1
END_HEADERS = 0x4
PADDED = 0x8
PRIORITISED = 0x20

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEAD_BYTES = 9
MAX_STREAM = 0x7FFFFFFF
MAX_WINDOW = 0x7FFFFFFF
FIRST_WINDOW = 65_535
"""Both windows before anything is said."""
LEAST_FRAME = 16_384
GREATEST_FRAME = (1 << 24) - 1

HEAD = Struct(">IBI")
"""Length (24 bits) and kind (8) as one number, flags, stream."""
NUMBER = Struct(">I")
PAIR = Struct(">II")
SETTING = Struct(">HI")
_WITH_NUMBER = Struct(">IBII")
_WITH_PAIR = Struct(">IBIII")


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


SETTINGS_ACK = HEAD.pack(SETTINGS, ACK, 0)


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
