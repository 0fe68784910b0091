"""The requests of one connection that were not begun: those waiting, and the one coming in."""

from collections import deque

from otterd.core.operation import Door, Entry
from otterd.edges.http.exchange import Request
from otterd.edges.http.keeper import Keeper
from otterd.edges.http.preflight import Head
from otterd.edges.http.reader import RequestReader
from otterd.edges.http.refused import Refused
from otterd.edges.http.turn import Turn
from otterd.edges.http.wire import Wire


class Inbox:
    """Makes turns of bytes, and holds them within bounds.

    `waiting` are the turns that were not begun. `deaf` is True once no further request is taken
    from this connection; `upgrading` while a WebSocket upgrade waits for its reply, so that what
    follows may not be HTTP.
    """

    def __init__(self, keeper: Keeper, wire: Wire) -> None:
        self._keeper = keeper
        self._wire = wire
        self.waiting: deque[Turn] = deque()
        self._waiting_bytes = 0
        self._entry: Entry | None = None
        self.reader = RequestReader(keeper.live, keeper.budget, keeper.heads)
        self.deaf = False
        self.upgrading = False

    @property
    def empty(self) -> bool:
        """Whether no request waits here, not even a part of one."""
        reader = self.reader
        return not (self.waiting or reader.buffer) and reader.head is None

    @property
    def full(self) -> bool:
        """Whether reading must pause."""
        config = self._keeper.live.config
        if self.upgrading:
            return len(self.reader.buffer) > config.tunnel_buffer_bytes
        return len(self.waiting) >= config.max_pipelined or self._waiting_bytes > config.max_body_bytes

    @property
    def partial(self) -> bool:
        """Whether a request has begun to come in and is not complete."""
        return self.reader.partial and not self.upgrading

    def pop(self) -> Turn:
        """Take out the turn that is next."""
        turn = self.waiting.popleft()
        self._waiting_bytes -= turn.held
        return turn

    def collect(self) -> None:
        """Make turns of what was read, as long as there is room."""
        if not self.reader.buffer:
            return
        while not (self.deaf or self.upgrading or (self.waiting and self.full)):
            try:
                head = self.reader.next()
            except Refused as refused:
                self.refuse(refused)
                return
            if head is None:
                if self._entry is None and self.reader.head is not None:
                    self._entry = self._open_entry(self.reader.head)
                return
            turn = self.admit(head)
            self._waiting_bytes += turn.held
            self.waiting.append(turn)
            if not self.reader.buffer:
                return

    def refuse(self, refused: Refused) -> None:
        """Queue the reply to a bad request, and take no more."""
        entry = self._entry or self._open_entry(self.reader.head)
        self._entry = None
        entry.received = self.reader.held
        entry.verdict = refused.word
        self.reader.surrender()
        self.deaf = True
        reply = self._keeper.site.refuse(entry, refused.status, refused.message)
        if refused.retry_after is not None:
            reply.headers += ((b"Retry-After", b"%d" % refused.retry_after),)
        self.waiting.append(Turn(entry, refusal=reply))

    def release(self, turn: Turn) -> None:
        """Let go of the request of `turn`, and of what its body holds: it has its reply."""
        self.upgrading = False
        self._keeper.budget.held -= turn.held
        turn.held = 0
        turn.request = None

    def drop(self, status: int) -> None:
        """Forget all requests, and account for them with `status`."""
        entries = [turn.entry for turn in self.waiting]
        self._keeper.budget.give(self._waiting_bytes)
        self.waiting.clear()
        self._waiting_bytes = 0
        if self._entry is not None:
            self._entry.received = self.reader.held
            entries.append(self._entry)
            self._entry = None
        self.reader.surrender()
        for entry in entries:
            entry.status = status
            self._keeper.ledger.close(entry)

    def admit(self, head: Head) -> Turn:
        """Return the turn of the request that the reader has just completed."""
        entry = self._entry or self._open_entry(head)
        self._entry = None
        body, method, wire = self.reader.body, head.method, self._wire
        size = entry.received = len(body)
        request = Request(
            method,
            head.target,
            head.path,
            head.query,
            head.headers,
            head.lower,
            body,
            entry,
            wire.peer,
            head.kept,
            wire.secure,
            head.upgrade,
        )
        self.upgrading = head.upgrade
        self.deaf = not head.keep_alive and not head.upgrade
        return Turn(entry, request, None, method == b"HEAD", head.modern, head.keep_alive, size)

    def _open_entry(self, head: Head | None) -> Entry:
        offered = head.lower.get(b"x-request-id") if head is not None else None
        entry = self._keeper.ledger.open(Door.HTTP, "other", offered)
        entry.client = self._wire.peer
        return entry
