"""The HTTP port of an alpha: its paths, and answers in Dgraph's own bytes.

DQL requests are read, and their answers written, by what the gateway's HTTP door uses for the same.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from google.protobuf import json_format

from otterd.config.schema import Bytes, Config
from otterd.core.operation import Answer, Door, Entry
from otterd.edges.http.commit import translate_commit
from otterd.edges.http.compress import gzip
from otterd.edges.http.exchange import Request
from otterd.edges.http.kept import Kept
from otterd.edges.http.login import translate_login
from otterd.edges.http.mutate import translate_mutate
from otterd.edges.http.plan import Call, Plan, Rendered
from otterd.edges.http.query import translate_query
from otterd.edges.http.render import JSON_TYPE, TOUCHED, error_body, refused
from otterd.sandbox.admin import DONE, TEXT, Administration
from otterd.sandbox.alpha import Alpha
from otterd.sandbox.failures import PERMISSION_DENIED, UNAUTHENTICATED, Failed, unsupported
from otterd.sandbox.namespaces import own_state
from otterd.sandbox.vitals import CONTENT_TYPE
from otterd.sandbox.web import Page, Visit
from otterd.wire import api_pb2 as api

CORS = (
    (b"Access-Control-Allow-Credentials", b"true"),
    (
        b"Access-Control-Allow-Headers",
        b"X-Dgraph-AccessToken, X-Dgraph-AuthToken, Content-Type, Content-Length, Accept-Encoding,"
        b" Cache-Control, X-CSRF-Token, X-Auth-Token, X-Requested-With",
    ),
    (b"Access-Control-Allow-Methods", b"POST, OPTIONS"),
    (b"Access-Control-Allow-Origin", b"*"),
)
_CONFIG = Config(max_body_bytes=Bytes(64 << 20))
_TRANSLATORS: dict[bytes, Callable[[Request, Config], Plan]] = {
    b"/query": translate_query,
    b"/mutate": partial(translate_mutate, longest=_CONFIG.max_body_bytes),
    b"/commit": translate_commit,
    b"/login": translate_login,
}
_DEADLINE = 4
_BARE = frozenset((b"/admin/schema/validate", b"/admin/draining"))
"""Pages without the headers of CORS."""


class HttpDoor:
    """Answers the visits of `alpha`'s HTTP port; `others` are what `/health?all` lists before it."""

    def __init__(
        self, alpha: Alpha, others: Callable[[], list[dict[str, object]]], state: Callable[[], dict[str, Any]]
    ) -> None:
        self._alpha = alpha
        self._others = others
        self._state = state
        admin = Administration(alpha)
        self._admin = admin
        self._pages: dict[bytes, Callable[[Visit], Awaitable[Rendered]]] = {
            b"/alter": self._alter,
            b"/admin/schema": self._schema,
            b"/admin/schema/validate": admin.validate,
            b"/admin": admin.graphql,
            b"/admin/draining": admin.draining,
            b"/admin/shutdown": admin.untaken,
            b"/admin/config/cache_mb": admin.untaken,
            b"/graphql": admin.graphql,
            b"/probe/graphql": admin.probe,
            b"/ui/keywords": admin.keywords,
            b"/health": self._health,
            b"/state": self._shown_state,
            b"/metrics": self._metrics,
            b"/debug/prometheus_metrics": self._metrics,
            b"/": self._root,
        }

    async def visit(self, visit: Visit) -> Page:
        """Answer `visit`; raise Reset."""
        path = visit.path
        name = (
            b"/query" if path.startswith(b"/query/") else b"/mutate" if path.startswith(b"/mutate/") else path
        )
        if name in (*_TRANSLATORS, b"/alter", b"/admin/schema"):
            if visit.method == b"OPTIONS":
                return Page(200, (*CORS, JSON_TYPE), b"")
            if visit.method not in (b"POST", b"PUT"):
                return Page(400, (*CORS, JSON_TYPE), error_body("Invalid method", "ErrorInvalidMethod"))
        if name in _TRANSLATORS:
            rendered = await self._dql(name, visit)
        elif name in self._pages:
            faults = self._alpha.faults
            await faults.before(name.decode(), self._alpha.cluster.clock)
            rendered = await self._pages[name](visit)
            faults.after(name.decode())
            await faults.running()
        else:
            return Page(404, (TEXT,), b"404 page not found\n")
        body = gzip(rendered.body) if rendered.gzip else rendered.body
        shared = () if name in _BARE else CORS
        touched = () if rendered.touched < 0 else ((TOUCHED, b"%d" % rendered.touched),)
        return Page(rendered.status, (*shared, *rendered.headers, *touched), body)

    async def _dql(self, name: bytes, visit: Visit) -> Rendered:
        plan = _TRANSLATORS[name](_request(visit), _CONFIG)
        if not isinstance(plan, Call):
            # Whatever this is, Dgraph words its answer with Go's libraries.
            return Rendered(200, (JSON_TYPE,), error_body(unsupported("this form of HTTP request").text))
        metadata = {key: value for key, value in plan.rpc.metadata if isinstance(value, str)}
        call = self._alpha.perform(plan.rpc.method, plan.rpc.payload, metadata)
        try:
            answer = Answer(0, await asyncio.wait_for(call, plan.timeout))
        except Failed as failed:
            answer = Answer(failed.code, message=failed.text)
        except TimeoutError:
            answer = Answer(_DEADLINE, message=": context deadline exceeded")
        return plan.render(answer)

    async def _alter(self, visit: Visit) -> Rendered:
        metadata = _tokens(visit)
        try:
            operation = _operation(visit.body)
            await self._alpha.perform("Alter", operation.SerializeToString(), metadata)
        except Failed as failed:
            return _failed(failed)
        return Rendered(200, (JSON_TYPE,), DONE)

    async def _schema(self, visit: Visit) -> Rendered:
        return await self._admin.schema(visit.body.decode("utf-8", "replace"), _tokens(visit))

    async def _health(self, visit: Visit) -> Rendered:
        parameters = {pair.partition(b"=")[0] for pair in visit.query.split(b"&")}
        if b"all" in parameters:
            refusal = self._unguarded(visit)
            entries = [*self._others(), self._alpha.health()]
            return refusal or Rendered(200, (JSON_TYPE,), _compact(entries))
        reason = self._alpha.faults.health()
        if reason and b"live" not in parameters:
            return Rendered(503, (TEXT,), reason.encode() + b"\n")
        return Rendered(200, (JSON_TYPE,), _compact([self._alpha.health()]))

    async def _shown_state(self, visit: Visit) -> Rendered:
        refusal = self._unguarded(visit)
        if refusal is not None:
            return refusal
        namespace = self._alpha.caller(_tokens(visit)).namespace
        return Rendered(200, (JSON_TYPE,), _compact(own_state(self._state(), namespace)))

    async def _metrics(self, visit: Visit) -> Rendered:
        return Rendered(200, ((b"Content-Type", CONTENT_TYPE),), self._alpha.metrics())

    async def _root(self, visit: Visit) -> Rendered:
        return Rendered(200, (TEXT,), b"A sandbox of Otter, in the place of a Dgraph alpha")

    def _unguarded(self, visit: Visit) -> Rendered | None:
        """Return the refusal of who may not see the cluster, None for who may."""
        try:
            self._alpha.caller(_tokens(visit), PERMISSION_DENIED).guard()
        except Failed as failed:
            code = PERMISSION_DENIED if failed.code == UNAUTHENTICATED else failed.code
            return _failed(Failed(failed.text, code))
        return None


def _failed(failed: Failed) -> Rendered:
    body = refused(Answer(failed.code, message=failed.text), data=False).body
    return Rendered(200, (JSON_TYPE,), body.replace(b'"ErrorInvalidRequest"', b'"Error"'))


def _compact(tree: object) -> bytes:
    return json.dumps(tree, separators=(",", ":"), ensure_ascii=False).encode()


def _tokens(visit: Visit) -> dict[str, str]:
    names = {b"x-dgraph-accesstoken": "accessjwt", b"x-dgraph-authtoken": "auth-token"}
    return {names[k.lower()]: v.decode("latin-1") for k, v in visit.headers if k.lower() in names}


def _operation(body: bytes) -> api.Operation:
    """Read the body of an alter: a message as JSON, and all else is a schema."""
    text = body.decode("utf-8", "replace")
    operation = api.Operation()
    try:
        json_format.Parse(text, operation)
    except (json_format.ParseError, ValueError):
        return api.Operation(schema=text)
    return operation


def _request(visit: Visit) -> Request:
    """Return `visit` as the gateway's translators take it."""
    lower = {name.lower(): value for name, value in reversed(visit.headers)}
    entry = Entry(Door.HTTP, "sandbox", "", 0.0)
    return Request(
        visit.method,
        visit.target,
        visit.path,
        visit.query,
        visit.headers,
        lower,
        visit.body,
        entry,
        "",
        Kept(),
    )
