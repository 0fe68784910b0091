"""`grpc.health.v1.Health`: whether Otter takes work, once or as it changes."""

from otterd.edges.grpc import blocks
from otterd.edges.grpc.call import Call
from otterd.edges.grpc.toplevel import content, walk
from otterd.errors import BadRequest, Draining, NotFound
from otterd.wire.h2 import Lost, pack

SERVICES = frozenset((b"", b"api.Dgraph", b"grpc.health.v1.Health"))
SERVING, NOT_SERVING, UNKNOWN = 1, 2, 3
NOT_FOUND = 5
"""The code for it here, where others would say UNIMPLEMENTED."""

_NAME, _STATUS = 1 << 3 | 2, 1 << 3
_SAID = {status: bytes((_STATUS, status)) for status in (SERVING, NOT_SERVING, UNKNOWN)}


def _service(payload: bytes) -> bytes:
    try:
        found = walk(payload)
    except ValueError:
        raise BadRequest("the message cannot be read") from None
    return content(payload, found[_NAME]) if _NAME in found else b""


class HealthCheck(Call):
    """Says it once."""

    def perform(self, payload: bytes) -> None:
        """Answer by Otter's readiness."""
        if _service(payload) not in SERVICES:
            self.entry.verdict = NotFound.word
            told = blocks.status_of(NOT_FOUND, "no such service")
            self.tell(NOT_FOUND, blocks.head_of(self.entry, None), None, told)
            return
        ready, _ = self.line.keeper.readiness.ready()
        self.tell(0, blocks.head_of(self.entry, None), _SAID[SERVING if ready else NOT_SERVING], blocks.OK)


class HealthWatch(Call):
    """Says it now and whenever it changes, until the caller goes or Otter does."""

    def perform(self, payload: bytes) -> None:
        """Answer with the first status, and stay."""
        self._known = _service(payload) in SERVICES
        self._said = 0
        self.line.watching[self] = None
        self.line.link.head(self.stream, blocks.head_of(self.entry, None))
        self.look()
        if self.line.keeper.draining:
            self.leave()

    def look(self) -> None:
        """Say how it stands, if that is new."""
        ready, _ = self.line.keeper.readiness.ready()
        status = (SERVING if ready else NOT_SERVING) if self._known else UNKNOWN
        # A caller that reads nothing is told the latest when it does.
        if status != self._said and not self.stream.queued and not self.over:
            self._said = status
            self.line.link.send(self.stream, pack(_SAID[status]))

    def leave(self) -> None:
        """End, for Otter stops."""
        del self.line.watching[self]
        if not self.over:
            self.over = True
            error = Draining("this gateway is going away", retry_after=1)
            self.entry.status, self.entry.verdict = error.grpc, error.word
            self.line.link.finish(self.stream, blocks.refusal(error))
            self._close()

    def lost(self, lost: Lost) -> None:
        """Stop watching."""
        self.line.watching.pop(self, None)
        super().lost(lost)
