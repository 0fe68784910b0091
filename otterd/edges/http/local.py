"""What Otter answers itself: health, readiness, the cluster as it sees it, Ratel, validation."""

from typing import Protocol

from twisted.internet.defer import Deferred

from otterd.config.live import Live
from otterd.core.operation import Caller
from otterd.edges.http.exchange import Reply, Request
from otterd.edges.http.explain import Atlas, Ground, Performer, explain, is_asked
from otterd.edges.http.forward import plain_body
from otterd.edges.http.golang import quote
from otterd.edges.http.validate import validate_dql, validate_schema
from otterd.errors import BadRequest, MethodNotAllowed, OtterError, UnsupportedMedia
from otterd.guard.guard import Guard

JSON = (b"Content-Type", b"application/json")
TEXT = (b"Content-Type", b"text/plain; charset=utf-8")
NOT_CACHED = (b"Cache-Control", b"no-store")
NOSNIFF = (b"X-Content-Type-Options", b"nosniff")


class Report(Protocol):
    """What is known of Otter and its alphas."""

    def health(self, all: bool) -> "Deferred[tuple[int, bytes]] | tuple[int, bytes]":
        """Return status and JSON of `/health`; with `all` also the zeros."""

    def ready(self) -> tuple[bool, str]:
        """Tell whether Otter takes work, and why not."""

    def cluster(self) -> bytes:
        """Return the alphas as Otter sees them, in JSON."""


class Local:
    """Answers the paths of Kind.LOCAL."""

    def __init__(self, live: Live, guard: Guard, report: Report, gateway: Performer, atlas: Atlas) -> None:
        self._live = live
        self._gateway = gateway
        self._atlas = atlas
        self._guard = guard
        self._report = report

    def answer(self, request: Request, caller: Caller) -> "Deferred[Reply] | Reply":
        """Answer `request`; raises an OtterError for what it refuses."""
        path = request.path
        if path == b"/health":
            return self._health(request)
        if path == b"/livez":
            return Reply(200, (TEXT, NOT_CACHED), b"ok\n")
        if path == b"/readyz":
            ready, why = self._report.ready()
            return Reply(200 if ready else 503, (TEXT, NOT_CACHED), why.encode() + b"\n")
        if path == b"/ratel":
            return self._ratel()
        request.entry.client = self._guard.admit_local(caller, charge=True, admin=path == b"/cluster")
        if path == b"/cluster":
            return Reply(200, (JSON, NOT_CACHED), self._report.cluster())
        return self._validate(request, caller)

    def _health(self, request: Request) -> "Deferred[Reply] | Reply":
        asked = {pair.partition(b"=")[0] for pair in request.query.split(b"&")}
        alive = b"live" in asked

        def told(health: tuple[int, bytes]) -> Reply:
            return Reply(200 if alive else health[0], (JSON, NOT_CACHED), health[1])

        health = self._report.health(b"all" in asked)
        return health.addCallback(told) if isinstance(health, Deferred) else told(health)

    def _ratel(self) -> Reply:
        config = self._live.config
        if not config.ratel:
            return not_found()
        wanted = "true" if config.ratel_graphql else "false"
        return Reply(302, ((b"Location", f"http://{config.ratel}/?graphql={wanted}".encode()),))

    def _validate(self, request: Request, caller: Caller) -> "Deferred[Reply] | Reply":
        if request.method != b"POST":
            raise MethodNotAllowed("use POST")
        media = request.lower.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if request.path == b"/validate/dql" and media != b"application/dql":
            raise UnsupportedMedia("use Content-Type: application/dql")
        config = self._live.config
        body = plain_body(request, min(config.validate_max_bytes, config.max_body_bytes))
        if body is None:
            raise BadRequest("the body is not whole gzip, as Content-Encoding says")
        if not body.strip():
            raise BadRequest("the body is empty")
        if request.path == b"/validate/schema":
            return _valid(b'{"status":"valid","type":"%b"}' % validate_schema(body).encode())
        asked, sound = is_asked(request.query), validate_dql(body)
        if asked:
            # Whoever shows no token of its own is, if anybody, the gateway's account.
            lent = config.dgraph_namespace if config.dgraph_user else 0
            ground = Ground(self._gateway, self._atlas, lent)
            told = explain(ground, request, caller, sound.text, sound.kind, sound.document)
            return told.addCallback(_valid)
        return _valid(b'{"status":"valid","type":"%b"}' % sound.kind.encode())


def _valid(body: bytes) -> Reply:
    return Reply(200, (JSON, NOT_CACHED), body)


def not_found() -> Reply:
    """Return what a Go server says to a path that it does not know."""
    return Reply(404, (TEXT, NOSNIFF), b"404 page not found\n")


def brief_error(error: OtterError) -> bytes:
    """Return `error` in the short form of `/validate/*`."""
    return b'{"error":%b}' % quote(error.message)
