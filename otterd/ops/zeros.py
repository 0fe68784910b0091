"""The zeros, as an alpha reports them; asked rarely, however often somebody wants to know."""

from collections.abc import Sequence
from typing import Any

import msgspec
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from otterd.alphas.channel import HttpChannel
from otterd.alphas.collected import whole_body
from otterd.config.live import Live
from otterd.core.operation import HttpCall

log = Logger(__name__)

LONGEST = 1 << 20
FRESH = 2.0
"""How long an answer is given again, in seconds."""


class Zeros:
    """Asks one alpha for `/health?all`; who asks meanwhile, or soon after, shares the answer."""

    def __init__(self, live: Live, clock: IReactorTime) -> None:
        self._live = live
        self._clock = clock
        self._known: list[Any] = []
        self._until = float("-inf")
        self._waiting: list[Deferred[list[Any]]] = []
        self._asking = False

    def ask(self, healthy: Sequence[HttpChannel]) -> Deferred[list[Any]]:
        """Fire with the zeros' objects in Dgraph's shape; with none when nobody tells, as with ACL on."""
        if self._clock.seconds() < self._until:
            return succeed(self._known)
        if not healthy:
            return succeed([])
        asked: Deferred[list[Any]] = Deferred(self._waiting.remove)
        self._waiting.append(asked)
        if not self._asking:
            self._asking = True
            self._fetch(healthy[0]).addErrback(self._unknown).addCallback(self._told)
        return asked

    def _fetch(self, http: HttpChannel) -> Deferred[list[Any]]:
        limit = self._live.config.probe_timeout
        call = HttpCall(b"GET", b"/health?all", ((b"Host", http.address.encode()),))
        body: Deferred[bytes | None] = http.send(call, limit).addCallback(whole_body, LONGEST)
        return body.addTimeout(2 * limit, self._clock).addCallback(_zeros_in)

    def _unknown(self, failure: Failure) -> list[Any]:
        log.debug("no alpha told of the zeros: {reason}", reason=failure.getErrorMessage())
        return []

    def _told(self, zeros: list[Any]) -> None:
        self._known, self._until = zeros, self._clock.seconds() + FRESH
        self._asking = False
        waiting, self._waiting = self._waiting, []
        for asked in waiting:
            asked.callback(zeros)


def _zeros_in(body: bytes | None) -> list[Any]:
    members = msgspec.json.decode(body) if body else []
    if not isinstance(members, list):
        return []
    return [m for m in members if isinstance(m, dict) and m.get("instance") == "zero"]
