"""A call with messages both ways: a Tunnel between who called and the stream of one alpha."""

from collections.abc import Callable
from math import inf

from otterd.alphas.channel import Ear
from otterd.alphas.h2.answers import ENCODING, ending_of, metadata_of
from otterd.alphas.h2.call import Call, Keeper
from otterd.alphas.h2.inflow import Inflow
from otterd.alphas.h2.link import Link
from otterd.alphas.h2.requests import Requests
from otterd.core.operation import Answer, Duplex, Sink
from otterd.errors import AlphaFailure
from otterd.errors import Lost as LostCall
from otterd.wire.h2 import ClientConnection, Head, QueueFull


class Talk(Call):
    """The receiver of the stream, and the body of its answer once the alpha's head came.

    Until then nothing but what came with the call is sent, so that it can be told whether an alpha may
    have worked on it. Neither side is read faster than the other takes it.
    """

    def __init__(self, keeper: Keeper, rpc: Duplex, ear: Ear, deadline: float) -> None:
        super().__init__(keeper, rpc, ear, deadline)
        self._duplex = rpc
        self._answer: Answer | None = None
        self._inflow: Inflow | None = None
        self._slower: Callable[[], None] = _nothing
        self._faster: Callable[[], None] = _nothing
        self._pressed = False

    def open(self, connection: ClientConnection, requests: Requests, timeout: float) -> None:
        """Send what came with the call; raise as `connection.request` does."""
        rpc = self._duplex
        connection.open(self, self, requests.opening(rpc, timeout), rpc.payload, end=rpc.ended)

    # What the stream calls.

    def headers(self, head: Head) -> None:
        """Begin, unless the head is all, or none of gRPC's."""
        self._head = head
        if head.status != 200 or head.get(b"grpc-status") is not None:
            return
        try:
            headers = metadata_of(head)
        except AlphaFailure as failure:
            self._link.connection.reset(self)
            self.fail(failure)
            return
        # Messages pass as they are, so how they are packed has to be told.
        encoding = head.get(ENCODING)
        if encoding is not None:
            headers = (*headers, (ENCODING, encoding))
        self._inflow = Inflow(self._link, self)
        left = self._keeper.left(self) + self._duplex.beyond
        self._keeper.expect(self, left, inf)
        self._answer = Answer(0, self, headers)
        self._tell(self._answer)

    def data(self, data: bytes) -> bool | None:
        """Take a piece; what is no gRPC has nobody to go to."""
        if self._inflow is None:
            return True
        self._inflow.take(data)
        return False

    def ended(self, trailers: Head | None) -> None:
        """Take the alpha's last word."""
        answer = self._answer
        try:
            # Trailers alone, when the alpha refuses.
            told = ending_of(trailers if answer is not None else self._head)
        except AlphaFailure as failure:
            self._broke(failure)
            return
        if answer is None:
            self._tell(told)
            return
        answer.status, answer.message, answer.trailers = told.status, told.message, told.trailers
        self._body.end()

    def fail(self, failure: AlphaFailure) -> None:
        """End without the alpha's last word."""
        if self.link is None:
            self._keeper.given_up(self)
        self._broke(failure)

    def drained(self) -> None:
        """Be told that the alpha has room again."""
        if self._pressed:
            self._pressed = False
            self._faster()

    # What the one who asked calls.

    def start(self, sink: Sink) -> None:
        """Begin to flow into `sink`."""
        self._body.start(sink)

    def pause(self) -> None:
        """Take no more than the stream's window from the alpha."""
        self._body.pause()

    def resume(self) -> None:
        """Go on."""
        self._body.resume()

    def stop(self) -> None:
        """Tell the alpha that the caller is gone."""
        if self._body.reason is None:
            self._link.connection.reset(self)
        self._body.drop()

    def send(self, data: bytes) -> None:
        """Write to the alpha."""
        if self._body.reason is not None:
            return
        try:
            gone = self._link.connection.send(self, data)
        except QueueFull:
            self._link.connection.reset(self)
            self.fail(LostCall("too many bytes wait for the alpha"))
            return
        if not gone and not self._pressed:
            self._pressed = True
            self._slower()

    def send_end(self) -> None:
        """Say that the caller sends nothing more."""
        if self._body.reason is None:
            self._link.connection.send(self, b"", end=True)

    def on_pressure(self, slower: Callable[[], None], faster: Callable[[], None]) -> None:
        """Call `slower` when the alpha does not keep up and `faster` when it does again."""
        self._slower, self._faster = slower, faster
        if self._pressed:
            slower()

    def _broke(self, failure: AlphaFailure) -> None:
        if self._inflow is None:
            self._tell_failure(failure)
        else:
            self._inflow.end(failure.reason)

    @property
    def _link(self) -> Link:
        assert self.link is not None
        return self.link

    @property
    def _body(self) -> Inflow:
        assert self._inflow is not None
        return self._inflow


def _nothing() -> None:
    """Take no note: nobody asked to be told."""
