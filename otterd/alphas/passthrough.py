"""HTTP requests passed through to one alpha, each on a connection of its own, for alphas close them."""

from collections.abc import Callable

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IReactorTime

from otterd.alphas.endpoint import AlphaEndpoint
from otterd.alphas.exchange import Exchange, Terms
from otterd.alphas.fields import request_bytes
from otterd.core.operation import Answer, HttpCall
from otterd.errors import NotReached


class PassThrough:
    """The HTTP port of one alpha.

    `connect_timeout` gives the seconds that connecting may take, `progress` those in which a body
    that is wanted must bring something.
    """

    def __init__(
        self,
        address: str,
        endpoint: AlphaEndpoint,
        clock: IReactorTime,
        connect_timeout: Callable[[], float],
        progress: Callable[[], float],
    ) -> None:
        self.address = address
        self._endpoint = endpoint
        self._clock = clock
        self._connect_timeout = connect_timeout
        self._progress = progress
        self._exchanges: set[Exchange] = set()
        self._closed = False

    @property
    def open(self) -> int:
        """How many requests, bodies and tunnels are under way."""
        return len(self._exchanges)

    def send(self, call: HttpCall, timeout: float, *, upgrade: bool = False) -> Deferred[Answer]:
        """Send `call`; `timeout` is how many seconds the head of the answer may take."""
        if self._closed:
            return fail(NotReached("the channel is closed"))
        now = self._clock.seconds()
        terms = Terms(
            connected_by=now + self._connect_timeout(),
            head_by=now + timeout,
            progress=self._progress,
            head_only=call.method == b"HEAD",
            upgrade=upgrade,
        )
        data = request_bytes(call, self.address, upgrade=upgrade)
        exchange = Exchange(data, self._clock, terms, self._exchanges.discard)
        self._exchanges.add(exchange)
        exchange.begin(self._endpoint)
        return exchange.done

    def close(self) -> Deferred[None]:
        """Cut every connection: what waits for an answer fails, and bodies break off."""
        self._closed = True
        for exchange in list(self._exchanges):
            exchange.cut("the channel was closed")
        return succeed(None)
