"""Owners, receivers and peers for conversations in memory."""

from dataclasses import dataclass, field

from otterd.wire.h2 import Broken, ClientConnection, Head, Limits, Lost, Memo, ServerConnection, Stream, block
from otterd.wire.h2.frames import HEAD, PREFACE
from otterd.wire.h2.stream import Receiver

REQUEST = [
    (b":method", b"POST"),
    (b":scheme", b"http"),
    (b":path", b"/api.Dgraph/Query"),
    (b":authority", b"alpha:9080"),
    (b"content-type", b"application/grpc"),
    (b"te", b"trailers"),
]
ANSWER = [(b":status", b"200"), (b"content-type", b"application/grpc")]
TRAILERS = [(b"grpc-status", b"0"), (b"grpc-message", b"")]
ASK, HEADED, TRAILED = block(REQUEST), block(ANSWER), block(TRAILERS)


@dataclass
class Heard:
    """A receiver that notes all, and says of each byte that it was consumed when `eager`."""

    link: ClientConnection | ServerConnection
    eager: bool = True
    stream: Stream | None = None
    heads: list[Head] = field(default_factory=list)
    interim: list[int] = field(default_factory=list)
    parts: list[bytes] = field(default_factory=list)
    trailers: list[Head | None] = field(default_factory=list)
    losses: list[Lost] = field(default_factory=list)
    drains: int = 0

    def headers(self, head: Head) -> None:
        self.heads.append(head)

    def informed(self, head: Head) -> None:
        self.interim.append(head.status)

    def data(self, data: bytes) -> None:
        self.parts.append(data)
        if self.eager and self.stream is not None:
            self.link.consumed(self.stream, len(data))

    def ended(self, trailers: Head | None) -> None:
        assert not self.trailers
        self.trailers.append(trailers)

    def lost(self, lost: Lost) -> None:
        assert not self.losses
        self.losses.append(lost)

    def drained(self) -> None:
        self.drains += 1

    @property
    def body(self) -> bytes:
        return b"".join(self.parts)


class Echo(Heard):
    """A served request: answered with its own body when it has ended."""

    def ended(self, trailers: Head | None) -> None:
        super().ended(trailers)
        assert isinstance(self.link, ServerConnection)
        assert self.stream is not None
        self.link.answer(self.stream, HEADED, self.body, TRAILED)


class Holder:
    """An owner that notes all; what it accepts becomes a `kind` of receiver."""

    def __init__(self, kind: type[Heard] = Echo) -> None:
        self.kind = kind
        self.link: ServerConnection
        self.accepted: list[Heard] = []
        self.requests: list[Head] = []
        self.closes: list[Broken | None] = []
        self.pongs: list[bytes] = []
        self.goings: list[int] = []
        self.wakes = self.rooms = 0

    def wake(self) -> None:
        self.wakes += 1

    def closed(self, broken: Broken | None) -> None:
        self.closes.append(broken)

    def ponged(self, payload: bytes) -> None:
        self.pongs.append(payload)

    def going_away(self, code: int) -> None:
        self.goings.append(code)

    def room_made(self) -> None:
        self.rooms += 1

    def accept(self, stream: Stream, head: Head) -> Receiver:
        receiver = self.kind(self.link, stream=stream)
        self.accepted.append(receiver)
        self.requests.append(head)
        return receiver


class Pair:
    """Our client and our server, joined."""

    def __init__(
        self,
        kind: type[Heard] = Echo,
        ours: Limits | None = None,
        theirs: Limits | None = None,
        *,
        met: bool = True,
    ) -> None:
        self.asker, self.owner = Holder(), Holder(kind)
        self.client = ClientConnection(self.asker, ours, Memo())
        self.server = self.owner.link = ServerConnection(self.owner, theirs, Memo())
        self.client.start(0.0)
        self.server.start(0.0)
        if met:
            self.talk()

    def talk(self, now: float = 0.0, step: int = 1 << 30) -> None:
        """Carry bytes both ways, in pieces of `step`, until nobody has any."""
        while True:
            out, back = self.client.data_to_send(), self.server.data_to_send()
            if not out and not back:
                return
            for at in range(0, len(out), step):
                self.server.receive(out[at : at + step], now)
            for at in range(0, len(back), step):
                self.client.receive(back[at : at + step], now)

    def ask(self, body: bytes = b"", *, end: bool = True, eager: bool = True, head: bytes = ASK) -> Heard:
        """Send a request and return who hears of its answer."""
        call = Heard(self.client, eager=eager)
        call.stream = self.client.request(head, call, body, end=end)
        return call


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """Return any frame, right or wrong."""
    return HEAD.pack(len(payload) << 8 | kind, flags, stream) + payload


def frames(data: bytes) -> list[tuple[int, int, int, bytes]]:
    """Return kind, flags, stream and payload of each frame in `data`, a preface left out."""
    pos = len(PREFACE) if data.startswith(PREFACE) else 0
    found = []
    while pos < len(data):
        word, flags, stream = HEAD.unpack_from(data, pos)
        stop = pos + 9 + (word >> 8)
        assert stop <= len(data)
        found.append((word & 255, flags, stream, data[pos + 9 : stop]))
        pos = stop
    return found
