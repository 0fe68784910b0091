"""The reply that one connection is writing: at once, as a stream, or as a tunnel."""

from collections.abc import Callable
from typing import cast

from otterd.core.operation import Tunnel
from otterd.edges.http.exchange import Reply
from otterd.edges.http.keeper import Keeper
from otterd.edges.http.outflow import Outflow
from otterd.edges.http.respond import framing_of, render_head, render_whole
from otterd.edges.http.tunnelling import Tunnelling
from otterd.edges.http.turn import Turn
from otterd.edges.http.wire import Wire
from otterd.errors import AlphaFailed

JOINED = 65536
"""Bytes of body up to which head and body are copied into one piece."""

HUNG_UP = 499
"""The status of an entry whose client did not wait, as nginx has it; never sent."""


class Outbox:
    """Writes replies to `wire`, one at a time; `ended(turn, close)` is called after each.

    `close` then says that the connection must end.
    """

    def __init__(self, keeper: Keeper, wire: Wire, ended: Callable[[Turn, bool], None]) -> None:
        self._keeper = keeper
        self._wire = wire
        self._ended = ended
        self._turn: Turn | None = None
        self._flow: Outflow | Tunnelling | None = None
        self._close = False
        self.tunnel: Tunnelling | None = None

    def answer(self, turn: Turn, reply: Reply, *, close: bool) -> None:
        """Write `reply` to `turn`; `close` says that it is the connection's last."""
        entry, body = turn.entry, reply.body
        entry.status = reply.status
        self._turn = turn
        stays = turn.keep_alive and not (close or reply.close)
        if stays and turn.modern and not turn.head_only and reply.status == 200 and isinstance(body, bytes):
            size = len(body)
            if size <= JOINED:
                # Nearly every reply: nothing is to be said of the connection, and nothing follows.
                self._turn = None
                self._wire.write(render_whole(reply, entry.request_id, self._keeper.date, body))
                entry.sent = size
                self._keeper.ledger.close(entry)
                self._ended(turn, False)
                return
        framing = framing_of(reply, head_only=turn.head_only, modern=turn.modern)
        self._close = close = close or reply.close or framing.to_the_end or not turn.keep_alive
        if close:
            own = b"Connection: close\r\n" + framing.field
        elif turn.modern:
            own = framing.field
        else:
            own = b"Connection: keep-alive\r\n" + framing.field
        head = render_head(reply, entry.request_id, self._keeper.date, own)
        if isinstance(body, bytes):
            self._write_whole(head, b"" if framing.silent else body)
            return
        self._wire.write(head)
        if framing.silent:
            body.stop()
            self._finish(0)
        else:
            self._stream(Outflow(self, body, framing, reply.length))

    def open_tunnel(
        self, turn: Turn, reply: Reply, slower: Callable[[], None], faster: Callable[[], None]
    ) -> Tunnelling:
        """Write the 101 of `reply` and let its tunnel flow; the connection ends with it.

        `slower` and `faster` are called when the client must be held back and when no more.
        """
        turn.entry.status = reply.status
        self._turn = turn
        self._close = True
        own = b"Connection: Upgrade\r\n"
        self._wire.write(render_head(reply, turn.entry.request_id, self._keeper.date, own))
        self.tunnel = Tunnelling(self, cast(Tunnel, reply.body), slower, faster)
        self._stream(self.tunnel)
        return self.tunnel

    def pause(self) -> None:
        """Hold the stream back: the client does not keep up."""
        if self._flow is not None:
            self._flow.pause()

    def resume(self) -> None:
        """Let the stream flow again."""
        if self._flow is not None:
            self._flow.resume()

    def give_up(self) -> None:
        """Stop what is being written, for a client that has gone."""
        flow, self._flow = self._flow, None
        if flow is None:
            return
        flow.stop()
        turn = self._turn
        assert turn is not None
        if self.tunnel is None:
            turn.entry.status = HUNG_UP
        self._close_entry(flow.sent)

    # What the streams call.

    def put(self, pieces: list[bytes]) -> None:
        """Write a part of a streamed reply."""
        self._wire.put(pieces)

    def stream_ended(self, sent: int) -> None:
        """Be told that a streamed reply is complete."""
        self._finish(sent)

    def stream_broke(self, sent: int) -> None:
        """Cut off, so that the client sees that its reply is not whole."""
        assert self._turn is not None
        self._turn.entry.verdict = AlphaFailed.word
        self._close_entry(sent)
        self._wire.abort()

    def _write_whole(self, head: bytes, body: bytes) -> None:
        if len(body) <= JOINED:
            self._wire.write(head + body)
        else:
            self._wire.put([head, body])
        self._finish(len(body))

    def _stream(self, flow: Outflow | Tunnelling) -> None:
        self._flow = flow
        self._wire.buffer_up_to(self._keeper.live.config.tunnel_buffer_bytes)
        flow.start()
        if self._wire.clogged:
            flow.pause()

    def _finish(self, sent: int) -> None:
        self._ended(self._close_entry(sent), self._close)

    def _close_entry(self, sent: int) -> Turn:
        turn, self._turn, self._flow = self._turn, None, None
        assert turn is not None
        turn.entry.sent = sent
        if self.tunnel is not None:
            turn.entry.received += self.tunnel.received
        self._keeper.ledger.close(turn.entry)
        return turn
