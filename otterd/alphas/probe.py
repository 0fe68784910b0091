"""Asks each alpha's `/health` again and again, and keeps what it said last."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from treq.client import HTTPClient
from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as Late
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.client import URI, Agent, HTTPConnectionPool, ResponseDone, ResponseNeverReceived
from twisted.web.iweb import IAgent, IAgentEndpointFactory, IResponse
from zope.interface import implementer

from otterd.alphas.endpoint import AlphaEndpoint
from otterd.errors import AlphaFailure, Lost

log = Logger()

PAGE_LIMIT = 262144
"""Bytes of `/health` that are read."""

HEALTHY, UNHEALTHY, UNKNOWN = "healthy", "unhealthy", "unknown"

Page = tuple[int, bytes]
"""HTTP status and body."""

Ask = Callable[[], Deferred[Page]]
"""Gets the page of one alpha's `/health`."""


@dataclass(slots=True, frozen=True)
class Health:
    """What the probes of one alpha found.

    `status` is "healthy", "unhealthy" or, before the first answer, "unknown". `raw` is the alpha's own
    object, the last that it gave, or None. `since` is when the status last changed and `seen` when
    the alpha was last asked, in seconds on the reactor's clock.
    """

    status: str
    reason: str
    raw: Mapping[str, Any] | None
    since: float
    seen: float


class Probe:
    """Asks one alpha every `interval` seconds, a tenth more or less by `chance` in [0, 1)."""

    def __init__(
        self,
        ask: Ask,
        clock: IReactorTime,
        interval: float,
        timeout: Callable[[], float],
        chance: Callable[[], float],
        told: Callable[[], None] = lambda: None,
    ) -> None:
        self._ask = ask
        self._clock = clock
        self._interval = interval
        self._timeout = timeout
        self._chance = chance
        self._told = told
        self._next: IDelayedCall | None = None
        self._asking: Deferred[None] | None = None
        self._stopped = False
        now = clock.seconds()
        self.health = Health(UNKNOWN, "not asked yet", None, now, now)

    def start(self) -> None:
        """Ask now, and then again and again."""
        self._next = None
        limit = self._timeout()
        asking = self._ask().addTimeout(limit, self._clock, _late).addCallback(read_page)
        self._asking = asking.addCallbacks(self._good, self._bad, errbackArgs=(limit,))
        self._asking.addBoth(self._again)

    def stop(self) -> None:
        """Ask no more."""
        self._stopped = True
        if self._next is not None:
            self._next.cancel()
            self._next = None
        if self._asking is not None:
            self._asking.cancel()

    def _good(self, raw: Mapping[str, Any]) -> None:
        self._set(HEALTHY, "", raw)

    def _bad(self, failure: Failure, limit: float) -> None:
        if not self._stopped:
            self._set(UNHEALTHY, reason_of(failure, limit), self.health.raw)

    def _set(self, status: str, reason: str, raw: Mapping[str, Any] | None) -> None:
        now, before = self._clock.seconds(), self.health
        since = before.since if before.status == status else now
        self.health = replace(before, status=status, reason=reason, raw=raw, since=since, seen=now)
        self._told()

    def _again(self, result: object) -> None:
        self._asking = None
        if isinstance(result, Failure):
            log.failure("a probe broke", result)
        if not self._stopped:
            wait = self._interval * (0.9 + 0.2 * self._chance())
            self._next = self._clock.callLater(wait, self.start)


def _late(result: object, limit: float) -> Page:
    """Fail with Late: a cancelled treq request fails with a class of its own."""
    raise Late


class Unwell(Exception):
    """An alpha that answered, but not that it is healthy; its text is a sentence for people."""


def read_page(page: Page) -> Mapping[str, Any]:
    """Return the alpha's own object out of its `/health`, or raise Unwell."""
    status, body = page
    if status != 200:
        words = " ".join(body.decode("utf-8", "replace").split())
        raise Unwell(f"it answered {status}: {words[:200]}")
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, list) or not found or not isinstance(found[0], dict):
        raise Unwell("its /health is not that of an alpha")
    own: Mapping[str, Any] = found[0]
    if own.get("status") != HEALTHY:
        raise Unwell(f"it calls itself {str(own.get('status'))[:40]}")
    return own


def reason_of(failure: Failure, limit: float) -> str:
    """Return in one sentence why an alpha that had `limit` seconds is not called healthy."""
    error = failure.value
    if isinstance(error, Late):
        return f"it gave no answer within {limit:g} s"
    if isinstance(error, Unwell):
        return str(error)
    if isinstance(error, AlphaFailure):
        return f"it could not be reached: {error.reason}"
    if isinstance(error, ResponseNeverReceived) and error.reasons:
        error = error.reasons[0].value
    return f"it broke off: {type(error).__name__}"


@implementer(IAgentEndpointFactory)
class _Always:
    """Gives the one endpoint that there is."""

    def __init__(self, endpoint: AlphaEndpoint) -> None:
        self._endpoint = endpoint

    def endpointForURI(self, uri: URI) -> AlphaEndpoint:
        return self._endpoint


def agent_for(reactor: Any, endpoint: AlphaEndpoint) -> IAgent:
    """Return an agent that asks `endpoint` alone, on a new connection each time."""
    pool = HTTPConnectionPool(reactor, persistent=False)
    agent: IAgent = Agent.usingEndpointFactory(reactor, _Always(endpoint), pool=pool)
    return agent


def asks(agent: IAgent, address: str) -> Ask:
    """Return what gets `/health` of the alpha at `address` ("host:port") through `agent`."""
    client = HTTPClient(agent)

    def ask() -> Deferred[Page]:
        answer = client.get(f"http://{address}/health", allow_redirects=False, unbuffered=True)
        return answer.addCallback(_page)

    return ask


def _page(response: IResponse) -> Deferred[Page]:
    reading = _Reading()
    response.deliverBody(reading)
    return reading.done.addCallback(lambda body: (response.code, body))


class _Reading(Protocol):
    """Collects a body that must not be long."""

    def __init__(self) -> None:
        self.done: Deferred[bytes] = Deferred(lambda _: self._cut())
        self._body = b""

    def dataReceived(self, data: bytes) -> None:
        self._body += data
        if len(self._body) > PAGE_LIMIT and not self.done.called:
            self.done.errback(Lost("an endless /health"))
            self._cut()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self.done.called:
            return
        if reason.check(ResponseDone):
            self.done.callback(self._body)
        else:
            self.done.errback(reason)

    def _cut(self) -> None:
        transport: Any = self.transport
        if transport is not None:
            transport.loseConnection()
