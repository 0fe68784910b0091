"""SETTINGS: what the peer allows, and what we announced and the peer has not yet acknowledged."""

from otterd.wire.h2.errors import Broken, Code
from otterd.wire.h2.frames import FIRST_WINDOW, GREATEST_FRAME, LEAST_FRAME, MAX_WINDOW, SETTING
from otterd.wire.h2.limits import Limits

HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS = 1, 2, 3
INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE = 4, 5, 6
FIRST_STREAMS = 100
"""Streams opened at most before the peer has named its limit, which RFC 9113 wants no lower."""
UNLIMITED = 1 << 32


def read(payload: bytes) -> dict[int, int]:
    """Return the values of a SETTINGS frame, the last one of each kind; raise Broken for one out of range."""
    if len(payload) % 6:
        raise Broken(Code.FRAME_SIZE_ERROR, "SETTINGS of a length that is no multiple of six")
    values = {key: value for key, value in SETTING.iter_unpack(payload) if HEADER_TABLE_SIZE <= key <= 6}
    if values.get(ENABLE_PUSH, 0) > 1:
        raise Broken(Code.PROTOCOL_ERROR, "ENABLE_PUSH is neither 0 nor 1")
    if values.get(INITIAL_WINDOW_SIZE, 0) > MAX_WINDOW:
        raise Broken(Code.FLOW_CONTROL_ERROR, "INITIAL_WINDOW_SIZE is too large")
    if not LEAST_FRAME <= values.get(MAX_FRAME_SIZE, LEAST_FRAME) <= GREATEST_FRAME:
        raise Broken(Code.PROTOCOL_ERROR, "MAX_FRAME_SIZE is out of range")
    return values


class PeerSettings:
    """What the peer lets us do."""

    __slots__ = ("frame_bytes", "header_list_bytes", "streams", "window")

    def __init__(self) -> None:
        self.frame_bytes = LEAST_FRAME
        self.window = FIRST_WINDOW
        self.streams = FIRST_STREAMS
        self.header_list_bytes = UNLIMITED
        """Advice: a longer list will probably be refused."""

    def apply(self, values: dict[int, int], *, first: bool) -> int:
        """Take over `values` and return by how much the window of every stream changes."""
        if MAX_CONCURRENT_STREAMS in values or first:
            self.streams = values.get(MAX_CONCURRENT_STREAMS, UNLIMITED)
        self.frame_bytes = values.get(MAX_FRAME_SIZE, self.frame_bytes)
        self.header_list_bytes = values.get(MAX_HEADER_LIST_SIZE, self.header_list_bytes)
        change = values.get(INITIAL_WINDOW_SIZE, self.window) - self.window
        self.window += change
        return change


class OwnSettings:
    """What we announced: in force when acknowledged, in the order of announcing."""

    __slots__ = ("_pending", "window")

    def __init__(self) -> None:
        self._pending: list[dict[int, int]] = []
        self.window = FIRST_WINDOW
        """What the peer may send on a new stream: until it has agreed, the larger of old and new."""

    def announced(self, values: dict[int, int]) -> int:
        """Note that `values` were sent; return by how much the peer may raise the windows of open streams."""
        self._pending.append(values)
        before, self.window = self.window, max(self.window, values.get(INITIAL_WINDOW_SIZE, 0))
        return self.window - before

    @property
    def pending(self) -> bool:
        """Whether the peer owes an acknowledgement."""
        return bool(self._pending)

    def acknowledged(self) -> tuple[dict[int, int], int]:
        """Return what is in force now, and by how much the windows of open streams shrink (0 or less)."""
        if not self._pending:
            raise Broken(Code.PROTOCOL_ERROR, "an acknowledgement of SETTINGS that were not sent")
        values = self._pending.pop(0)
        agreed = values.get(INITIAL_WINDOW_SIZE, self.window)
        later = [more[INITIAL_WINDOW_SIZE] for more in self._pending if INITIAL_WINDOW_SIZE in more]
        before, self.window = self.window, max([agreed, *later])
        return values, self.window - before


def opening(limits: Limits, *, server: bool) -> dict[int, int]:
    """Return what a connection announces first; the header table is gone in both roles."""
    values = {
        HEADER_TABLE_SIZE: 0,
        INITIAL_WINDOW_SIZE: limits.stream_window,
        MAX_FRAME_SIZE: limits.frame_bytes,
        MAX_HEADER_LIST_SIZE: limits.header_list_bytes,
    }
    if server:
        return values | {MAX_CONCURRENT_STREAMS: limits.open_streams}
    return values | {ENABLE_PUSH: 0}
