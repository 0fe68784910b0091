"""A request that is no gRPC: heard out, as clients that know only HTTP expect, and then told so."""

from typing import TYPE_CHECKING

from otterd.core.operation import Caller, Entry
from otterd.edges.grpc import blocks
from otterd.edges.grpc.asked import Asked
from otterd.edges.grpc.call import Call
from otterd.errors import MethodNotAllowed, UnsupportedMedia
from otterd.wire.h2 import Code, Head, QueueFull, Stream

if TYPE_CHECKING:
    from otterd.edges.grpc.line import Line


class Foreign(Call):
    """Keeps nothing of what it hears; `posted` is False for another HTTP method than POST."""

    def __init__(
        self,
        line: "Line",
        stream: Stream,
        asked: Asked,
        caller: Caller,
        entry: Entry,
        *,
        posted: bool,
    ) -> None:
        super().__init__(line, stream, asked, caller, entry)
        self._status, self._block = (415, blocks.NOT_GRPC) if posted else (405, blocks.NOT_POST)
        entry.verdict = UnsupportedMedia.word if posted else MethodNotAllowed.word

    def data(self, data: bytes) -> bool | None:
        """Drop what came."""
        self.entry.received += len(data)
        return True

    def ended(self, trailers: Head | None) -> None:
        """Answer, for it is whole."""
        if self.over:
            return
        link, stream = self.line.link, self.stream
        self.over_with(self._status)
        link.head(stream, self._block)
        try:
            link.send(stream, blocks.WHAT_IT_IS, end=True)
        except QueueFull:
            link.reset(stream, Code.CANCEL)

    def overdue(self, patience: float, now: float) -> None:
        """Answer what is not whole within `patience` seconds."""
        if now - self.since > patience:
            self.ended(None)
