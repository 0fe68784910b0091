"""The chunked body of a request, decoded strictly and within limits; sans I/O.

llhttp neither bounds chunk extensions nor tells trailers from the head of the next request, so
it is given heads and plain bodies only.
"""

import re

from otterd.edges.http.refused import malformed, too_large

MAX_EXTENSION = 256
"""Most bytes of the extensions of one chunk; nobody is known to use any."""

MAX_SIZE_LINE = 16 + MAX_EXTENSION

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_QUOTED = rb'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e])*"'
_SIZE_LINE = re.compile(
    rb"([0-9A-Fa-f]{1,16})((?:;" + _TOKEN + rb"(?:=(?:" + _TOKEN + rb"|" + _QUOTED + rb"))?)*)"
)
_TRAILER = re.compile(_TOKEN + rb":[\t\x20-\x7e\x80-\xff]*")


class ChunkedBody:
    """Collects a body of at most `limit` bytes; trailers, at most `trailer_limit` bytes, are dropped."""

    def __init__(self, limit: int, trailer_limit: int) -> None:
        self.body = bytearray()
        self._limit = limit
        self._trailer_room = trailer_limit
        self._line = b""
        self._left = 0
        self._step = self._size_line

    def feed(self, data: bytes) -> bytes | None:
        """Take `data`; return what follows the body once it is complete, else None.

        Raises Refused for what is malformed or over a limit.
        """
        at = 0
        while at < len(data):
            moved = self._step(data, at)
            if moved < 0:
                return data[-moved:]
            at = moved
        return None

    # Each step takes what it can from `at` on and returns where the next one begins; the last
    # one returns that as a negative number (it is never 0: it has consumed a line feed).

    def _size_line(self, data: bytes, at: int) -> int:
        line, at = self._take_line(data, at, MAX_SIZE_LINE)
        if line is None:
            return at
        match = _SIZE_LINE.fullmatch(line)
        if match is None:
            raise malformed("bad chunk size or chunk extension")
        if len(match[2]) > MAX_EXTENSION:
            raise malformed(f"chunk extensions over {MAX_EXTENSION} bytes")
        self._left = int(match[1], 16)
        if len(self.body) + self._left > self._limit:
            raise too_large(self._limit)
        self._step = self._data if self._left else self._trailer
        return at

    def _data(self, data: bytes, at: int) -> int:
        piece = data[at : at + self._left]
        self.body += piece
        self._left -= len(piece)
        if not self._left:
            self._step = self._data_end
        return at + len(piece)

    def _data_end(self, data: bytes, at: int) -> int:
        line, at = self._take_line(data, at, 0)
        if line is not None:
            self._step = self._size_line
        return at

    def _trailer(self, data: bytes, at: int) -> int:
        line, at = self._take_line(data, at, self._trailer_room)
        if line is None:
            return at
        if not line:
            return -at
        if _TRAILER.fullmatch(line) is None:
            raise malformed("bad trailer field")
        self._trailer_room -= len(line)
        return at

    def _take_line(self, data: bytes, at: int, room: int) -> tuple[bytes | None, int]:
        """Return a line without its end and where the next begins; None while it is incomplete."""
        end = data.find(b"\n", at, at + room + 2)
        if end < 0:
            self._line += data[at : at + room + 2]
            at = len(data)
        else:
            self._line += data[at : end + 1]
            at = end + 1
        line = self._line
        if len(line) > room + 2 or (end < 0 and len(line) - line.endswith(b"\r") > room):
            raise malformed("a line of the chunked body is too long or does not end where it must")
        if end < 0:
            return None, at
        if not line.endswith(b"\r\n"):
            raise malformed("a line of the chunked body ends in a bare line feed")
        self._line = b""
        return line[:-2], at
