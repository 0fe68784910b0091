"""A request that waits for its reply."""

from typing import Any, Protocol

import msgspec
from twisted.python.failure import Failure

from otterd.core.operation import Entry
from otterd.edges.http.exchange import Reply, Request


class Teller(Protocol):
    """Who writes the replies."""

    def landed(self, result: Any, turn: "Turn") -> None:
        """Be told of the `result`, or Failure, that the request of `turn` waited for."""


class Turn(msgspec.Struct):
    """`request` is None once it is answered, and for what was refused with `refusal`.

    `modern` means that the client speaks HTTP/1.1, `keep_alive` that it wants the connection
    kept. `held` is how many bytes of the budget the body holds. It is told itself what its request
    waited for, once, and hands that to its `teller`.
    """

    entry: Entry
    request: Request | None = None
    refusal: Reply | None = None
    head_only: bool = False
    modern: bool = True
    keep_alive: bool = False
    held: int = 0
    teller: Teller | None = None

    def callback(self, result: Any, /) -> None:
        """Be told what came."""
        assert self.teller is not None
        self.teller.landed(result, self)

    def errback(self, fail: Failure, /) -> None:
        """Be told why nothing did."""
        assert self.teller is not None
        self.teller.landed(fail, self)
