"""Answers every HTTP request: finds its route, says who asks, and carries it through the corridor."""

from collections.abc import Callable
from functools import lru_cache

from twisted.internet.defer import CancelledError
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from otterd import errors
from otterd.config.live import Live
from otterd.config.schema import Config
from otterd.core.operation import Answer, Caller, Decision, Door, Entry, Headers, HttpCall, Operation, Rpc
from otterd.edges.http.commit import translate_commit
from otterd.edges.http.envelope import ACCESS_TOKEN
from otterd.edges.http.exchange import Ear, Reply, Request
from otterd.edges.http.explain import Atlas, Performer
from otterd.edges.http.forward import call_of, plain_body, reply_of
from otterd.edges.http.local import Local, Report, brief_error, not_found
from otterd.edges.http.login import translate_login
from otterd.edges.http.mutate import translate_mutate
from otterd.edges.http.otter_fields import (
    age_fields,
    alpha_field,
    asks_why,
    explanation,
    max_stale,
    settles,
)
from otterd.edges.http.packing import packed
from otterd.edges.http.plan import Call, Plan, Rendered, Verbatim
from otterd.edges.http.query import translate_query
from otterd.edges.http.render import TOUCHED, error_body, render_error
from otterd.edges.http.respond import LONGEST_KNOWN, start_of
from otterd.edges.http.routes import ROUTES, UNKNOWN, Kind, Route
from otterd.errors import OtterError, Unauthenticated
from otterd.gateway.seams import Asked
from otterd.guard.guard import Guard
from otterd.guard.nodelocal import node_local
from otterd.guard.tokens import bearer

log = Logger(__name__)

TRANSLATORS: dict[str, Callable[[Request, Config], Plan]] = {
    "/query": translate_query,
    "/mutate": translate_mutate,
    "/commit": translate_commit,
    "/login": translate_login,
}
KNOWN_CALLERS = 1024
MOST_STARTS = 512
MOST_TOLD = 256
"""Bytes of its headers up to which a caller is among those that are known."""

_GRAPHQL = ROUTES[b"/graphql"]
GONE = 499
"""Status of what nobody waits for any more, as web servers write it."""

WORDS = {
    error.status: error.word
    for error in (errors.TooLarge, errors.Overloaded, errors.NotBuilt, errors.OtterError)
}
CROSS_SITE = frozenset((b"cross-site", b"same-site"))


class OtterSite:
    """The Site of the HTTP door."""

    def __init__(
        self,
        live: Live,
        gateway: Performer,
        guard: Guard,
        report: Report,
        reactor: IReactorTime,
        *,
        atlas: Atlas,
    ) -> None:
        self._live = live
        self._reactor = reactor
        self._gateway = gateway
        self._guard = guard
        self._local = Local(live, guard, report, gateway, atlas)
        self._starts: dict[tuple[int, Headers, str, bytes | None], tuple[Headers, bytes]] = {}
        live.watch(self._reconfigured)

    def handle(self, request: Request, ear: Ear) -> Asked | Reply:
        """Answer `request`, or return what was asked, whose end `ear` is told; never raises."""
        route = ROUTES.get(request.path)
        request.entry.route = UNKNOWN if route is None else route.name
        if route is _GRAPHQL and not self._live.config.graphql:
            route = None
        try:
            if route is None:
                replied: Asked | Reply = not_found()
            elif request.method == b"OPTIONS":
                replied = Reply(200)
            else:
                replied = self._answer(request, route, ear)
        except OtterError as error:
            replied = self._refused(request, error)
        except Exception:
            replied = self._broken(request, Failure())
        return self._dressed(replied, request) if isinstance(replied, Reply) else replied

    def refuse(self, entry: Entry, status: int, message: str) -> Reply:
        """Make the reply for a request that the connection itself refuses."""
        word = WORDS.get(status, errors.BadRequest.word)
        entry.verdict = entry.verdict or word
        headers = ((b"Content-Type", b"application/json"), *self._guard.cors.headers(None))
        return Reply(status, headers, error_body(message, word))

    def _answer(self, request: Request, route: Route, ear: Ear) -> Asked | Reply:
        caller = request.kept.caller
        if caller is None or caller.peer != request.peer:
            caller = request.kept.caller = caller_of(request)
        if route.kind is Kind.LOCAL:
            self._name_client(request, caller)
            answer = self._local.answer(request, caller)
            return answer if isinstance(answer, Reply) else answer.addCallbacks(ear.callback, ear.errback)
        lower = request.lower
        if b"x-otter-explain" in lower and asks_why(request):
            # Guesses at the admin token are to cost something here, too.
            self._guard.admit_local(caller, charge=True, admin=True)
            request.entry.decision = Decision()
        if route.kind is Kind.DQL:
            plan = TRANSLATORS[route.name](request, self._live.config)
            if isinstance(plan, Call):
                request.plan = plan
                operation = _operation(plan, plan.rpc, request, caller)
                operation.best_effort, operation.commit_now = plan.best_effort, plan.commit_now
                if b"x-otter-max-stale" in lower:
                    operation.max_stale = max_stale(request)
                return self._gateway.ask(operation, ear)
        else:
            plan = Verbatim(route.purpose, route.writes)
        return self._pass(plan, request, caller, ear)

    def _pass(self, plan: Verbatim, request: Request, caller: Caller, ear: Ear) -> Asked:
        """Pass the request through to the HTTP port of an alpha."""
        self._name_client(request, caller)
        plain = plain_body(request, self._live.config.max_body_bytes)
        sent = call_of(request, self._guard, target=plan.target, headers=plan.headers, body=plan.body)
        operation = _operation(plan, sent, request, caller)
        if request.path.startswith(b"/admin"):
            operation.target = request.lower.get(b"x-otter-alpha", b"").decode("latin-1")
            # A body that is broken towards its end may still be read by the alpha as far as it goes.
            operation.node_local = plain is None or node_local(request.path, request.query, plain)

        operation.settles = settles(request, operation)
        return self._gateway.ask(operation, ear)

    def landed(self, result: Answer | Reply | Failure, request: Request) -> Reply:
        """Return the reply to `request`, for which there now is a `result`; never raises."""
        try:
            if isinstance(result, Answer):
                if request.plan is not None:
                    return self._translated(result, request, request.plan)
                reply = reply_of(result)
                reply.headers += alpha_field(result.alpha) + age_fields(result)
            else:
                reply = result if isinstance(result, Reply) else self._failed(result, request)
        except OtterError as error:
            reply = self._refused(request, error)
        except Exception:
            reply = self._broken(request, Failure())
        return self._dressed(reply, request)

    def _translated(self, answer: Answer, request: Request, plan: Call) -> Reply:
        """Return the whole reply that `plan` makes of the alpha's `answer`."""
        made, entry = plan.render(answer), request.entry
        look = (made.status, made.headers, answer.alpha, request.lower.get(b"origin"))
        headers, start = self._starts.get(look) or self._start(*look)
        body = packed(made.body, self._reactor) if made.gzip else made.stream or made.body
        lines = b"" if made.touched < 0 else b"%b: %d\r\n" % (TOUCHED, made.touched)
        reply = Reply(made.status, headers, body, start=start, lines=lines)
        if answer.stale is not None or answer.behind or entry.decision is not None:
            reply.headers += age_fields(answer) + self._why(entry)
            reply.start = b""
        return reply

    def _start(
        self, status: int, headers: Headers, alpha: str, origin: bytes | None
    ) -> tuple[Headers, bytes]:
        """Return all fields of a reply with `headers` that `alpha` answered, and what these are when sent."""
        whole = headers + alpha_field(alpha) + self._guard.cors.headers(origin)
        start = start_of(status, whole)
        if len(start) + len(origin or b"") <= LONGEST_KNOWN:
            if len(self._starts) >= MOST_STARTS:
                self._starts.clear()
            self._starts[status, headers, alpha, origin] = whole, start
        return whole, start

    def _why(self, entry: Entry) -> Headers:
        """Return how the request was decided, if that was asked."""
        if entry.decision is None:
            return ()
        return (explanation(entry, entry.decision, self._reactor.seconds()),)

    def _reconfigured(self, old: Config, new: Config) -> None:
        """Forget the fields of the CORS rules that were."""
        self._starts.clear()

    def _dressed(self, reply: Reply, request: Request) -> Reply:
        """Return `reply` with how it was decided, if that was asked, and Otter's own CORS fields."""
        if reply.tunnel:
            return reply
        reply.headers += self._why(request.entry)
        cors, origin = self._guard.cors, request.lower.get(b"origin")
        if request.method == b"OPTIONS" and reply.status == 200:
            asked = request.lower.get(b"access-control-request-headers")
            reply.headers += cors.preflight(origin, asked, any_header=request.path == b"/graphql")
        else:
            reply.headers += cors.headers(origin)
        return reply

    def _name_client(self, request: Request, caller: Caller) -> None:
        """Say in the entry who asks; the corridor does so, too, for what it admits."""
        request.entry.client = self._guard.client(caller) or ""

    def _failed(self, failure: Failure, request: Request) -> Reply:
        if failure.check(CancelledError):
            self._name_client(request, caller_of(request))
            return Reply(GONE)
        return self._refused(request, _ours(failure))

    def _refused(self, request: Request, error: OtterError) -> Reply:
        """Return the reply that tells `error`."""
        self._name_client(request, caller_of(request))
        rendered = render_error(error)
        request.entry.verdict = request.entry.verdict or error.word
        reply = _reply(rendered, request.entry)
        if request.path.startswith(b"/validate/"):
            reply.body = brief_error(error)
        if isinstance(error, Unauthenticated):
            reply.headers = (*reply.headers, (b"WWW-Authenticate", b"Bearer"))
        return reply

    def _broken(self, request: Request, failure: Failure) -> Reply:
        """Answer after a mistake of our own; the log gets no part of the request."""
        log.failure("a request on {route} failed", failure, route=request.entry.route)
        self._name_client(request, caller_of(request))
        request.entry.verdict = "ErrorInternal"
        return _reply(render_error(OtterError("internal error")), request.entry)


def caller_of(request: Request) -> Caller:
    """Say who asks, as far as the request tells.

    Browsers leave Origin out of some requests that a foreign page makes (an image, a link),
    but then say where they come from in Sec-Fetch-Site: such a request has the origin `null`.
    """
    lower = request.lower
    origin = lower.get(b"origin")
    if origin is None and lower.get(b"sec-fetch-site") in CROSS_SITE:
        origin = b"null"
    forwarded = b",".join(request.all(b"x-forwarded-for")) if b"x-forwarded-for" in lower else None
    token = lower.get(ACCESS_TOKEN)
    own = token is not None and bool(token.strip() or any(map(bytes.strip, request.all(ACCESS_TOKEN))))
    admin = lower.get(b"x-otter-admin-token")
    told = len(forwarded or b"") + len(origin or b"")
    if admin is None and b"authorization" not in lower and told <= MOST_TOLD:
        return _caller(request.peer, forwarded, origin, own)
    shown = bearer(lower.get(b"authorization"))
    return Caller(Door.HTTP, request.peer, forwarded, origin, shown, admin, own_token=own)


@lru_cache(maxsize=KNOWN_CALLERS)
def _caller(peer: str, forwarded: bytes | None, origin: bytes | None, own: bool) -> Caller:
    """Return a caller that shows no token of Otter's; most who ask ask again."""
    return Caller(Door.HTTP, peer, forwarded, origin, own_token=own)


def _operation(plan: Plan, sent: Rpc | HttpCall, request: Request, caller: Caller) -> Operation:
    return Operation(
        plan.purpose, sent, caller, request.entry, plan.writes, plan.timeout, plan.start_ts, plan.read_only
    )


def _ours(failure: Failure) -> OtterError:
    """Return the OtterError in `failure`, or raise what else it is."""
    failure.trap(OtterError)
    assert isinstance(failure.value, OtterError)
    return failure.value


def _reply(rendered: Rendered, entry: Entry) -> Reply:
    return Reply(rendered.status, rendered.headers + alpha_field(entry.alpha), rendered.body)
