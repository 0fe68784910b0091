"""HTTP/2 as gRPC uses it, both roles, without a transport or a clock.

    class Call:                                     # a Receiver: hears of one stream
        def headers(self, head): ...                # head.status, head.get(b"grpc-status"), head.fields
        def data(self, data): self.body.append(data); link.consumed(self.stream, len(data))
        def ended(self, trailers): ...              # None after a trailers-only answer: all was in headers
        def lost(self, lost): ...                   # lost.unprocessed: certainly safe to send again
        def informed(self, head): ...
        def drained(self): ...                      # what send() could not place is on its way

    link = ClientConnection(owner, FOR_ALPHAS, memo)   # one memo for all connections of a role
    link.start(now)
    constant = block([(b":method", b"POST"), (b":scheme", b"http"), (b":path", path), ...])   # once
    call.stream = link.request(constant + field(b"grpc-timeout", format_timeout(left)), call, pack(payload))
    transport.write(link.data_to_send())            # when owner.wake() said so, once a turn
    link.receive(data, now)                         # what the transport brought

The owner is an `Owner`. `wake` is called once when there is something to send; take all of it at the
end of the turn. `closed` comes once, when the connection ends by itself: write what is left, close the
transport. When the transport goes first, say `disconnected()`. When it takes no more, `hold()`, and
`release()` when it does again; what waits is bounded, and `stalled(since)` names the streams that do
not move. Call `tick(now)` about once a second. Receivers must not raise.

*Client.* `met` is True once the peer's SETTINGS came, `room` says how many more requests may be sent.
`request` raises NoRoom (`room_made` follows), Leaving (use another connection) or QueueFull:
in each nothing was sent. `call` does the same for a request of one message, on a Stream that the caller
made: its call may be derived from Stream and hear itself. `lost.unprocessed` is True when the request
never left this process, was refused with REFUSED_STREAM, or lies above the last stream of a GOAWAY;
otherwise it may have been worked on. `going_away` says that no more requests are taken; those in work go
on, and `closed(None)` follows the last one. `leave()` does the same from this side. The end of an answer
ends the call.

*Server.* `accept(stream, head)` returns the Receiver of a request; `data` and `ended` follow. Answer by
`reply` (one message) or `answer` (any bytes), all at once, or by `head`, `send` and `finish`;
`head(..., end=True)` is a trailers-only answer. `refuse` is for what was never dispatched. `drain()` leaves
in two steps without failing a call.

*Flow.* Each byte that `data` handed over counts against the windows until `consumed`: say it at once
for what is put together (as `data` does by returning True), and when the reader took it for what is passed
on. `consumed` after the end of a stream is allowed, and needed; `reset` and `lost` give back the rest by
themselves. `send` returns False while bytes wait, and raises QueueFull over the limits. A `reset` stream's
receiver hears nothing more; what is sent on a stream that is gone is dropped in silence.

*Header blocks* are sent without a table, so encoded parts may be kept and joined; `block_of(head)`
passes a received head on. Values whose names
look like secrets are sent never-indexed and kept in no memo.
"""

from otterd.wire.h2.client import ClientConnection
from otterd.wire.h2.decode import Memo
from otterd.wire.h2.encode import block, block_of, field
from otterd.wire.h2.errors import Broken, Code, H2Error, Leaving, Lost, NoRoom, QueueFull
from otterd.wire.h2.fields import Head
from otterd.wire.h2.limits import FOR_ALPHAS, Limits
from otterd.wire.h2.messages import BadMessage, MessageReader, Sink, only, pack
from otterd.wire.h2.outgoing import Owner
from otterd.wire.h2.server import ServerConnection
from otterd.wire.h2.stream import NOBODY, Receiver, Stream

__all__ = [
    "FOR_ALPHAS",
    "NOBODY",
    "BadMessage",
    "Broken",
    "ClientConnection",
    "Code",
    "H2Error",
    "Head",
    "Leaving",
    "Limits",
    "Lost",
    "Memo",
    "MessageReader",
    "NoRoom",
    "Owner",
    "QueueFull",
    "Receiver",
    "ServerConnection",
    "Sink",
    "Stream",
    "block",
    "block_of",
    "field",
    "only",
    "pack",
]
