"""An `api.Response` read as it comes: its JSON passes, the few fields around it are kept."""

JSON = 0x0A
"""Tag of Response.json (field 1)."""

MOST_REST = 32 << 20
"""Bytes kept of the other fields at most."""

_LONGEST_LENGTH = 5


class BadResponse(Exception):
    """The bytes are no Response, or one with more beside its JSON than is kept."""


class ResponseReader:
    """Splits a Response, in any pieces, into the bytes of its JSON and `rest`, a Response without it."""

    def __init__(self) -> None:
        self._head = b""
        self._left = 0
        self._json = False
        self._rest: list[bytes] = []
        self._size = 0

    @property
    def rest(self) -> bytes:
        """The fields but `json`, encoded; raise BadResponse in the middle of one."""
        if self._left or self._head:
            raise BadResponse("the answer ends in the middle of a field")
        return b"".join(self._rest)

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes; return those of them that are JSON."""
        if self._json and len(data) <= self._left:
            self._left -= len(data)
            return data
        found: list[bytes] = []
        at, end = 0, len(data)
        while at < end:
            if not self._left:
                at = self._begin(data, at)
                continue
            part = data[at : at + self._left]
            at += len(part)
            self._left -= len(part)
            if self._json:
                found.append(part)
            else:
                self._keep(part)
        return b"".join(found)

    def _begin(self, data: bytes, at: int) -> int:
        """Read a field's tag and length; return where its content starts."""
        while at < len(data):
            self._head += data[at : at + 1]
            at += 1
            head = self._head
            if len(head) == 1:
                if head[0] & 0x87 != 2:
                    raise BadResponse("a field that no Response has")
            elif not head[-1] & 0x80:
                self._json = head[0] == JSON
                self._left = sum((byte & 0x7F) << 7 * place for place, byte in enumerate(head[1:]))
                if not self._json:
                    self._keep(head)
                self._head = b""
                return at
            elif len(head) > _LONGEST_LENGTH:
                raise BadResponse("a field of a length that cannot be")
        return at

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > MOST_REST:
            raise BadResponse("more beside the JSON than is kept")
        self._rest.append(part)
