"""Gets one alpha's `/health`, and reads what it says."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from treq.client import HTTPClient
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import URI, Agent, HTTPConnectionPool, ResponseDone
from twisted.web.iweb import IAgent, IAgentEndpointFactory, IResponse
from zope.interface import implementer

from otterd.alphas.endpoint import AlphaEndpoint
from otterd.core.judge import REFUSALS, Verdict
from otterd.core.operation import Answer
from otterd.core.standing import Probed
from otterd.errors import Lost

PAGE_LIMIT = 262144
"""Bytes of `/health` that are read."""

HEALTHY = "healthy"

SHOWN = 200
"""Characters of an alpha's own words that a reason holds."""

Page = tuple[int, bytes]
"""HTTP status and body."""

Ask = Callable[[], Deferred[Page]]
"""Gets the page of one alpha's `/health`."""


class Unwell(Exception):
    """An alpha that does not say that it is healthy; its text is a sentence for people."""

    def __init__(self, reason: str, verdict: Verdict = Verdict.ERROR) -> None:
        super().__init__(reason)
        self.verdict = verdict


def read_page(page: Page) -> Mapping[str, Any]:
    """Return the alpha's own object out of its `/health`, or raise Unwell."""
    status, body = page
    if status != 200:
        text = body.decode("utf-8", "replace").strip()
        raise Unwell(f"it answered {status}: {_shown(text)}", REFUSALS.get(text, Verdict.ERROR))
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict) and found.get("errors"):
        raise _refused(found["errors"])
    if not isinstance(found, list) or not found or not isinstance(found[0], dict):
        raise Unwell("its /health is not that of an alpha")
    own: Mapping[str, Any] = found[0]
    if own.get("status") != HEALTHY:
        raise Unwell(f"it calls itself {str(own.get('status'))[:40]}")
    return own


def read_version(answer: Answer) -> Answer:
    """Return the answer to CheckVersion when it is a good one, else raise Unwell."""
    if answer.status == 0:
        return answer
    text = answer.message
    verdict = REFUSALS.get(text, Verdict.ERROR) if answer.status == 2 else Verdict.ERROR
    raise Unwell(f"it answered CheckVersion with code {answer.status}: {_shown(text)}", verdict)


def probed(raw: Mapping[str, Any], seconds: float) -> Probed:
    """Return what the ward is told of an alpha that is well; what is missing counts as Dgraph's zero."""
    group, applied = str(raw.get("group", "")), raw.get("max_assigned", 0)
    return Probed(
        group=int(group) if group.isascii() and group.isdigit() and len(group) < 10 else 0,
        max_assigned=applied if type(applied) is int else None,
        ongoing=_words(raw.get("ongoing")),
        indexing=_words(raw.get("indexing")),
        seconds=seconds,
    )


def _refused(errors: Any) -> Unwell:
    """Return what the errors mean that an alpha sent with status 200."""
    first = errors[0] if isinstance(errors, list) else None
    message = first.get("message") if isinstance(first, dict) else None
    text = message if isinstance(message, str) else "an error without words"
    return Unwell(f"it answered with an error: {_shown(text)}", REFUSALS.get(text, Verdict.ERROR))


def _words(found: Any) -> tuple[str, ...]:
    return tuple(word for word in found if isinstance(word, str)) if isinstance(found, list) else ()


def _shown(text: str) -> str:
    return " ".join(text.split())[:SHOWN]


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
