"""A request that waits for its reply."""

import msgspec

from otterd.core.operation import Entry
from otterd.edges.http.exchange import Reply, Request


class Turn(msgspec.Struct):
    """`request` is None once it is answered, and for what was refused with `refusal`.

    `modern` means that the client speaks HTTP/1.1, `keep_alive` that it wants the connection
    kept. `held` is how many bytes of the budget the body holds.
    """

    entry: Entry
    request: Request | None = None
    refusal: Reply | None = None
    head_only: bool = False
    modern: bool = True
    keep_alive: bool = False
    held: int = 0
