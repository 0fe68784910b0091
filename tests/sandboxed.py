"""Alphas of a sandbox behind the channels of a fake: what comes is done, and answered in the same turn.

Sockets and HTTP/2 are what is left out. A call that waits (for an alpha that stands still, say) hangs.
"""

from collections.abc import Coroutine
from typing import Any

from twisted.internet.task import Clock

from otterd.core.operation import Answer, HttpCall, Rpc
from otterd.sandbox.alpha import Alpha
from otterd.sandbox.cluster import Cluster, Shape
from otterd.sandbox.engine.answer import answer
from otterd.sandbox.failures import Failed
from otterd.sandbox.http_door import HttpDoor
from otterd.sandbox.trouble import Trouble
from otterd.sandbox.web import Page, Visit
from otterd.wire import api_pb2 as api
from tests.fakes.memory import HANG, Outcome

CLOSE = (b"Connection", b"close")


class Sandboxed:
    """So many alphas of one group; `trouble` breaks them."""

    def __init__(self, clock: Clock, size: int) -> None:
        self.cluster = Cluster(Shape((size,)), answer, clock.seconds, clock)
        self.trouble = Trouble(self.cluster)
        self.alphas = [Alpha(self.cluster, number) for number in range(size)]
        self._pages = [
            HttpDoor(alpha, lambda: [other.seen() for other in self.alphas], self.cluster.zero.state)
            for alpha in self.alphas
        ]

    def call(self, number: int, rpc: Rpc) -> Outcome:
        """Let an alpha answer a gRPC call."""
        metadata = {key: value for key, value in rpc.metadata if isinstance(value, str)}
        try:
            told = _at_once(self.alphas[number].perform(rpc.method, rpc.payload, metadata))
        except Failed as failed:
            return Answer(failed.code, message=failed.text)
        return HANG if told is None else Answer(0, told)

    def page(self, number: int, call: HttpCall) -> Outcome:
        """Let an alpha answer an HTTP request."""
        body = call.body
        assert isinstance(body, bytes)
        told: Page | None = _at_once(
            self._pages[number].visit(Visit(call.method, call.target, call.headers, body))
        )
        return HANG if told is None else Answer(told.status, told.body, (*told.headers, CLOSE))

    def stored(self, pred: str) -> str:
        """Return what is stored at a predicate."""
        request = api.Request(query=f"{{ q(func: has({pred})) {{ {pred} }} }}", read_only=True)
        response = _at_once(self.alphas[0].query(request, {}))
        assert response is not None
        return bytes(response.json).decode()


def _at_once(work: Coroutine[Any, Any, Any]) -> Any:
    """Return what `work` comes to without waiting, None when it would wait."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    work.close()
    return None
