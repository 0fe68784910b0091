"""A gRPC client in bytes, on the `h2` library: nothing of Otter's own speaks for it."""

from base64 import b64decode
from dataclasses import dataclass, field
from typing import Any

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, ResponseReceived, StreamEnded, StreamReset, TrailersReceived

from tests.edges.ws.fakes import Wire

Fields = tuple[tuple[str, str], ...]


def framed(payload: bytes, flag: int = 0) -> bytes:
    """Return `payload` as a gRPC message."""
    return bytes((flag,)) + len(payload).to_bytes(4, "big") + payload


@dataclass
class Told:
    """What came back on one stream so far."""

    headers: dict[str, str] = field(default_factory=dict)
    trailers: dict[str, str] = field(default_factory=dict)
    data: bytes = b""
    ended: bool = False
    reset: int | None = None

    @property
    def status(self) -> int:
        """The HTTP status."""
        return int(self.headers[":status"])

    @property
    def code(self) -> int:
        """The gRPC code."""
        assert self.ended, self
        return int((self.trailers or self.headers)["grpc-status"])

    @property
    def message(self) -> str:
        """What it says."""
        return (self.trailers or self.headers)["grpc-message"]

    @property
    def details(self) -> bytes:
        """The bytes of grpc-status-details-bin."""
        value = (self.trailers or self.headers).get("grpc-status-details-bin", "")
        return b64decode(value + "=" * (-len(value) % 4))

    @property
    def body(self) -> bytes:
        """The payload of the only message."""
        assert self.data[0] == 0
        assert int.from_bytes(self.data[1:5]) == len(self.data) - 5
        return self.data[5:]


class Peer:
    """A client of the door that `factory` makes, on a `wire`."""

    def __init__(self, factory: Any, wire: Wire | None = None, *, window: int = 65_535) -> None:
        self.h2 = H2Connection(H2Configuration(header_encoding="utf-8"))
        self.wire = wire or Wire()
        self.told: dict[int, Told] = {}
        self.goaways: list[tuple[int, int]] = []
        self.sent = b""
        self._read = 0
        self.auto = True
        self.wire.protocol = factory.buildProtocol(None)
        self.wire.protocol.makeConnection(self.wire)
        self.h2.initiate_connection()
        if window != 65_535:
            self.h2.update_settings({4: window})
        self.talk()

    def talk(self) -> None:
        """Carry bytes both ways until nobody has any."""
        while True:
            out = self.h2.data_to_send()
            self.sent += out
            if out and self.wire.protocol is not None:
                self.wire.protocol.dataReceived(out)
            came, self._read = self.wire.received[self._read :], len(self.wire.received)
            if not out and not came:
                return
            came = self._without_goaways(came)
            for event in self.h2.receive_data(came) if came else ():
                self._heard(event)

    def _without_goaways(self, came: bytes) -> bytes:
        """Note GOAWAYs, and keep them from the library: it would take no more, not even of open streams."""
        kept, at = b"", 0
        while at < len(came):
            stop = at + 9 + int.from_bytes(came[at : at + 3])
            if came[at + 3] == 7:
                last, code = int.from_bytes(came[at + 9 : at + 13]), int.from_bytes(came[at + 13 : at + 17])
                self.goaways.append((last, code))
            else:
                kept += came[at:stop]
            at = stop
        return kept

    def _heard(self, event: Any) -> None:
        told = self.told.setdefault(getattr(event, "stream_id", 0) or 0, Told())
        if isinstance(event, ResponseReceived):
            told.headers = dict(event.headers)
        elif isinstance(event, TrailersReceived):
            told.trailers = dict(event.headers)
        elif isinstance(event, DataReceived):
            told.data += event.data
            if self.auto:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, StreamEnded):
            told.ended = True
        elif isinstance(event, StreamReset):
            told.reset = int(event.error_code)

    def kinds(self) -> list[int]:
        """Return the kinds of all frames that came."""
        found, at, came = [], 0, self.wire.received
        while at < len(came):
            found.append(came[at + 3])
            at += 9 + int.from_bytes(came[at : at + 3])
        return found

    def open(
        self,
        path: str,
        fields: Fields = (),
        *,
        method: str = "POST",
        kind: str = "application/grpc",
        end: bool = False,
    ) -> int:
        """Send the head of a request, which is all of it with `end`; return its stream."""
        stream = self.h2.get_next_available_stream_id()
        head = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "otter")]
        if kind:
            head.append(("content-type", kind))
        self.h2.send_headers(stream, [*head, ("te", "trailers"), *fields], end_stream=end)
        self.told[stream] = Told()
        return stream

    def send(self, stream: int, data: bytes, *, end: bool = True) -> None:
        """Send `data` as the windows allow."""
        while data or end:
            room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            part, data = data[:room], data[room:]
            self.h2.send_data(stream, part, end_stream=end and not data)
            self.talk()
            if not data or stream not in self.h2.streams:
                return

    def ask(self, path: str, payload: bytes = b"", fields: Fields = (), **keys: Any) -> Told:
        """Make a call; return what is told so far."""
        stream = self.open(path, fields, **keys)
        self.send(stream, framed(payload))
        self.talk()
        return self.told[stream]
