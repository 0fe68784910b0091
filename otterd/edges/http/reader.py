"""Bytes of a connection in, whole requests out; sans I/O.

The end of each head is found here and by llhttp, and they must agree; llhttp then skips over
plain bodies, so that it fails where it would see another end than Otter does.
"""

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from otterd.config.live import Live
from otterd.edges.http.chunks import ChunkedBody
from otterd.edges.http.heads import Heads
from otterd.edges.http.preflight import CHUNKED, Head, examine
from otterd.edges.http.refused import Refused, malformed, overloaded, too_large


class Budget:
    """Counts the bytes of request bodies that all connections hold."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self.held = 0

    def take(self, size: int) -> None:
        """Count `size` more bytes, or raise Refused when they are too many."""
        if self.held + size > self._live.config.max_buffered_bytes:
            raise overloaded("too many bytes of request bodies are held")
        self.held += size

    def give(self, size: int) -> None:
        """Count `size` bytes less."""
        self.held -= size


class RequestReader:
    """Reads the requests of one connection.

    `head` is that of the request whose body is being read, None between heads. `held` is
    how much of `budget` that body has taken. `body` is that of the request that `next` returned
    last. After a Refused nothing more can be read.
    """

    def __init__(self, live: Live, budget: Budget, heads: Heads) -> None:
        self._live = live
        self._budget = budget
        self._heads = heads
        self.buffer = b""
        self.head: Head | None = None
        self.held = 0
        self.body = b""
        self._body = bytearray()
        self._chunks: ChunkedBody | None = None
        self._unparsed = False
        self._renew()
        self._forget_head()

    @property
    def partial(self) -> bool:
        """Whether a request has begun to come in and is not complete."""
        return self.head is not None or bool(self.buffer)

    def feed(self, data: bytes) -> None:
        """Take what arrived."""
        self.buffer = self.buffer + data if self.buffer else data

    def whole(self, data: bytes) -> Head | None:
        """Return the head of the request that `data` is, if it is one whole request whose head is known.

        For when nothing is in hand. It is then as if `data` had been fed and `next` had returned the head;
        otherwise nothing is taken.
        """
        end = data.find(b"\r\n\r\n") + 4
        head = self._heads.find(data[:end]) if end > 3 else None
        if head is None:
            return None
        size, config = len(data) - end, self._live.config
        if size != head.length or size > config.max_body_bytes:
            return None
        if size:
            if self._budget.held + size > config.max_buffered_bytes:
                return None
            self._budget.held += size
        self.body = data[end:]
        return head

    def next(self) -> Head | None:
        """Return the head of the next request once that is complete, else None; raise Refused for a bad one.

        Who takes it now owes `budget` the length of its `body`.
        """
        head = self.head
        if head is None:
            head = (None if self._fed else self._recall()) or self._read_head()
            if head is None:
                return None
            if not head.length:
                self.body = b""
                return head
            self._begin_body(head)
        return self._read_plain(head) if self._chunks is None else self._read_chunks(head)

    def surrender(self) -> None:
        """Drop the unfinished request and give back what it holds."""
        self._budget.give(self.held)
        self.held = 0
        self.head = None
        self.buffer = b""
        self._body = bytearray()
        self._chunks = None

    # llhttp calls these while it is fed.

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        self._ended = True

    def _renew(self) -> None:
        self._parser = HttpRequestParser(self)

    def _forget_head(self) -> None:
        self._fed = 0
        self._ended = False
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []

    def _recall(self) -> Head | None:
        """Take a whole head that is known; llhttp then sees nothing of its request."""
        buffer = self.buffer
        end = buffer.find(b"\r\n\r\n") + 4
        head = self._heads.find(buffer[:end]) if end > 3 else None
        if head is not None:
            self._unparsed = True
            self.buffer = buffer[end:]
        return head

    def _read_head(self) -> Head | None:
        if not self._fed and self.buffer[:1] in (b"\r", b"\n"):
            self._skip_blank_lines()
        if self.buffer in (b"", b"\r"):
            return None
        end = self.buffer.find(b"\r\n\r\n", max(self._fed - 3, 0)) + 4
        upgraded = self._parse_head(end if end > 3 else len(self.buffer))
        if end < 4:
            self._check_unfinished()
            return None
        return self._take_head(end, upgraded=upgraded)

    def _skip_blank_lines(self) -> None:
        rest = self.buffer.lstrip(b"\r\n")
        blank = self.buffer[: len(self.buffer) - len(rest)].replace(b"\r\n", b"")
        if blank and (rest or blank != b"\r"):
            raise malformed("a bare carriage return or line feed before the request line")
        self.buffer = rest or blank

    def _parse_head(self, end: int) -> bool:
        """Let llhttp see the head up to `end`; return whether it is an upgrade."""
        buffer, fed = self.buffer, self._fed
        self._fed = end
        try:
            self._parser.feed_data(buffer[fed:end])
        except HttpParserUpgrade:
            return True
        except HttpParserError as error:
            raise malformed(str(error)) from None
        return False

    def _check_unfinished(self) -> None:
        config = self._live.config
        if self._ended:
            raise malformed("the head does not end in an empty line with CRLF")
        if len(self._url) > config.max_url_bytes:
            raise Refused(414, f"the URL is over the limit of {config.max_url_bytes} bytes")
        self._check_size(len(self.buffer))
        end = self.buffer.find(b"\r\n")
        if end >= 0 and not self.buffer[:end].endswith((b" HTTP/1.1", b" HTTP/1.0")):
            raise malformed("only HTTP/1.1 and HTTP/1.0 are spoken here")

    def _check_size(self, size: int) -> None:
        limit = self._live.config.max_header_bytes
        if size > limit:
            raise Refused(431, f"the request head is over the limit of {limit} bytes")

    def _take_head(self, end: int, *, upgraded: bool) -> Head:
        if not self._ended:
            raise malformed("the head does not end where its empty line is")
        line = self.buffer[: self.buffer.find(b"\r\n")]
        head = examine(
            line,
            self._parser.get_method(),
            self._url,
            tuple(self._headers),
            upgraded=upgraded,
            config=self._live.config,
        )
        self._check_size(end)
        raw, self.buffer = self.buffer[:end], self.buffer[end:]
        self._unparsed = False
        self._forget_head()
        if upgraded or head.length == CHUNKED:
            # A parser that saw an upgrade has stopped, and one that waits for chunks would not
            # see the next head.
            self._renew()
        else:
            self._heads.keep(raw, head)
        return head

    def _begin_body(self, head: Head) -> None:
        config = self._live.config
        self.head = head
        if head.length > config.max_body_bytes:
            raise too_large(config.max_body_bytes)
        if head.length == CHUNKED:
            self._chunks = ChunkedBody(config.max_body_bytes, config.max_header_bytes)

    def _read_plain(self, head: Head) -> Head | None:
        data, length = self.buffer, head.length
        missing = length - len(self._body)
        piece = data[:missing]
        self.buffer = data[missing:]
        size = len(piece)
        self._budget.take(size)
        self.held += size
        if not self._unparsed:
            try:
                self._parser.feed_data(piece)
            except HttpParserError as error:
                raise malformed(str(error)) from None
        if size == length:
            self.body = piece
            self.head = None
            self.held = 0
            return head
        self._body += piece
        return self._complete(head, bytes(self._body)) if len(self._body) == length else None

    def _read_chunks(self, head: Head) -> Head | None:
        assert self._chunks is not None
        data, self.buffer = self.buffer, b""
        before = len(self._chunks.body)
        rest = self._chunks.feed(data)
        size = len(self._chunks.body) - before
        self._budget.take(size)
        self.held += size
        if rest is None:
            return None
        self.buffer = rest
        return self._complete(head, bytes(self._chunks.body))

    def _complete(self, head: Head, body: bytes) -> Head:
        self.body = body
        self.head = None
        self.held = 0
        self._chunks = None
        self._body = bytearray()
        return head
