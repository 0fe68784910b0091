"""Waits after an alter until every usable alpha shows the new schema.

An alter is answered as soon as the alpha that took it is done; another replica that has not applied it
yet refuses the next query with "not indexed" (dgraph.md 4.4).
"""

import json
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from google.protobuf.message import DecodeError
from twisted.internet.defer import CancelledError, Deferred, gatherResults, succeed
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from otterd.alphas.channel import Channel
from otterd.config.live import Live
from otterd.core.operation import Answer, HttpCall, Metadata, Operation, Rpc
from otterd.core.steady import Steady
from otterd.errors import AlphaFailure
from otterd.wire import api_pb2 as api

log = Logger(__name__)

PAUSES = (0.02, 0.05, 0.1, 0.25)
"""Seconds between two looks; the last one goes on."""

LEAST = 0.25
"""Seconds that an alpha has to show its schema, also when the bound is over before."""

DONE = b'"code":"Success"'

_ASK = api.Request(query="schema {}", read_only=True, best_effort=True).SerializeToString()

Schema = dict[str, Any]


class Shown(Protocol):
    """One alpha, as it is asked for its schema."""

    @property
    def address(self) -> str:
        """Return its gRPC address."""

    @property
    def channel(self) -> Channel:
        """Return the way to it."""


class SchemaWatch:
    """Compares the alphas' schemas; `usable` tells which alphas are to be waited for."""

    def __init__(self, live: Live, timer: Any, clock: Steady, usable: Callable[[], Sequence[Shown]]) -> None:
        self._live, self._timer, self._clock, self._usable = live, timer, clock, usable

    def settled(self, operation: Operation, answer: Answer) -> Deferred[tuple[str, ...]]:
        """Fire with the addresses that do not show the new schema in time, none when all do; never fail.

        What the caller may not see cannot be waited for: the schema is asked for under the caller's token.
        """
        bound = self._live.config.alter_settle_timeout
        if not bound or not _done(operation, answer):
            return succeed(())

        def broke(failure: Failure) -> tuple[str, ...]:
            if not failure.check(CancelledError):
                log.failure("waiting for a schema broke", failure)
            return ()

        watch = Deferred.fromCoroutine(self._wait(answer.alpha, _token(operation), bound))
        return watch.addErrback(broke)

    async def _wait(self, source: str, metadata: Metadata, bound: float) -> tuple[str, ...]:
        end, turn = self._clock.seconds() + bound, 0
        while True:
            left = end - self._clock.seconds()
            alphas = self._usable()
            if len(alphas) < 2 or not any(alpha.address == source for alpha in alphas):
                return ()
            asked = [self._ask(alpha, metadata, max(left, LEAST)) for alpha in alphas]
            schemas = await gatherResults(asked)
            shown = {alpha.address: schema for alpha, schema in zip(alphas, schemas, strict=True)}
            wanted = shown.pop(source)
            if wanted is None:
                log.debug("{alpha} does not show its schema to this caller", alpha=source)
                return ()
            behind = tuple(address for address, schema in shown.items() if schema != wanted)
            if not behind:
                return ()
            if self._clock.seconds() >= end:
                log.warn("an altered schema is not seen yet on {alphas}", alphas=", ".join(behind))
                return behind
            await deferLater(self._timer, PAUSES[min(turn, len(PAUSES) - 1)])
            turn += 1

    def _ask(self, alpha: Shown, metadata: Metadata, timeout: float) -> Deferred[Schema | None]:
        return alpha.channel.call(Rpc("Query", _ASK, metadata), timeout).addCallbacks(_read, _unread)


def _read(answer: Answer) -> Schema | None:
    """Return the schema in an alpha's answer, in an order of its own; None when it is none."""
    if answer.status or not isinstance(answer.body, bytes):
        return None
    try:
        told = json.loads(api.Response.FromString(answer.body).json or b"{}")
        return {
            "predicates": {each["predicate"]: _unordered(each) for each in told.get("schema", ())},
            "types": {each["name"]: _unordered(each) for each in told.get("types", ())},
        }
    except (DecodeError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _unordered(value: object) -> object:
    """Return `value` so that lists in another order are equal."""
    if isinstance(value, dict):
        return {key: _unordered(each) for key, each in value.items()}
    return sorted(map(json.dumps, value)) if isinstance(value, list) else value


def _unread(failure: Failure) -> None:
    failure.trap(AlphaFailure)


def _done(operation: Operation, answer: Answer) -> bool:
    """Tell whether the alpha did what it was asked."""
    if not isinstance(operation.request, HttpCall):
        return not answer.status
    body = answer.body
    return answer.status == 200 and isinstance(body, bytes) and DONE in body


def _token(operation: Operation) -> Metadata:
    """Return the caller's own token as metadata."""
    if not isinstance(operation.request, HttpCall):
        return tuple(each for each in operation.request.metadata if each[0] == "accessjwt")
    for name, value in operation.request.headers:
        if name.lower() == b"x-dgraph-accesstoken":
            return (("accessjwt", value.decode("latin-1")),)
    return ()
