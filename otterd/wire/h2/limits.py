"""What a connection takes from its peer, each bound with its reason."""

from dataclasses import dataclass

Rate = tuple[float, int]
"""So many events a second, after a burst of so many."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one connection; the defaults suit a door that strangers reach."""

    frame_bytes: int = 16_384
    """Largest payload announced: the protocol's least, for a part of a frame is held until it is whole."""
    header_list_bytes: int = 16_384
    """Names, values and 32 for each field: tokens and trace headers fit, an HPACK bomb does not."""
    header_fields: int = 128
    """Fields in one list: each costs time whatever its length."""
    header_block_bytes: int = 32_768
    """An encoded block over all its frames: held until END_HEADERS, which a flood never sends."""
    continuation_frames: int = 8
    """CONTINUATION frames in a block, empty ones too: two fill any honest block (CVE-2024-27316)."""
    open_streams: int = 256
    """Streams at once: each is a call in work, with an object and perhaps an alpha behind it."""
    stream_window: int = 1 << 20
    """Bytes received on a stream and not yet consumed: 1 MiB hides 10 ms of round trip at 100 MB/s."""
    connection_window: int = 16 << 20
    """The same over all streams, the most that a peer can make us hold; must not starve fast streams."""
    queued_stream_bytes: int = 4 << 20
    """Bytes to send that wait on a stream before more is refused: a peer may never open its window."""
    queued_bytes: int = 32 << 20
    """The same over all streams: many streams stalled at once (zero-window attack)."""
    queued_frames: int = 4_096
    """Answers to control frames not taken by the transport: a peer that pings and never reads."""
    informational: int = 8
    """1xx heads before an answer: each is decoded and handed on."""
    remembered_resets: int = 256
    """Streams ended here whose late frames are taken in silence; older ones are answered STREAM_CLOSED."""
    resets: Rate = (100, 1_000)
    """RST_STREAM over one in ten streams opened: each cost us a call in vain (CVE-2023-44487). Not counted
    are those of streams that lived for a tick: only so many can be open, and many a caller's deadline passes
    while a group elects its leader."""
    provoked_resets: Rate = (100, 1_000)
    """RST_STREAM that the peer's mistakes make us send: the same from the other side (CVE-2025-8671)."""
    pings: Rate = (50, 200)
    """PING over one for each DATA frame sent: each is answered (CVE-2019-9512). Go's gRPC measures the way
    by a PING for each DATA that it gets while none is out."""
    settings: Rate = (5, 50)
    """SETTINGS: each is answered, and may touch all streams (CVE-2019-9515)."""
    empty_data: Rate = (50, 500)
    """DATA that carries nothing and ends nothing: free of flow control (CVE-2019-9518)."""
    window_updates: Rate = (10_000, 20_000)
    """WINDOW_UPDATE over two for each DATA frame sent: one for the stream, one for the connection."""
    strange_frames: Rate = (100, 1_000)
    """PRIORITY, unknown kinds, and HEADERS for streams that are gone: ignored, but read. An answer that
    crosses our RST_STREAM is no mistake of the peer's and not counted."""
    settings_seconds: float = 10.0
    """How long the peer may take to acknowledge our SETTINGS."""
    drain_seconds: float = 1.0
    """How long the second GOAWAY waits for the first one's round trip."""


FOR_ALPHAS = Limits(
    header_list_bytes=65_536,
    open_streams=1 << 20,
    stream_window=1 << 20,
    connection_window=64 << 20,
    queued_stream_bytes=64 << 20,
    queued_bytes=128 << 20,
    remembered_resets=4_096,
    resets=(10_000, 100_000),
    provoked_resets=(1_000, 10_000),
)
"""What an alpha may do: it is ours, but may be ill."""


class Meter:
    """A token bucket; the time is passed in."""

    __slots__ = ("_at", "_burst", "_earned", "_left", "_rate")

    def __init__(self, rate: Rate) -> None:
        self._rate, burst = rate
        self._burst = self._left = float(burst)
        self._at = 0.0
        self._earned = 0.0

    def over(self, now: float, *, earned: float = 0.0) -> bool:
        """Count one event at `now` seconds; return whether it is too many.

        By as much as `earned` has grown since the last one, more are allowed.
        """
        left = self._left + earned - self._earned
        passed = now - self._at
        if passed > 0.0:
            left += passed * self._rate
        if left > self._burst:
            left = self._burst
        self._at = now
        self._earned = earned
        self._left = left - 1.0
        return left < 1.0
