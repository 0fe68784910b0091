"""Who may do what, on every protocol: the one place where a request is admitted or refused."""

import math
from collections.abc import Callable, Container
from typing import Final

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from otterd.config.live import Live
from otterd.config.schema import Config, Lend
from otterd.core.operation import Caller, Door, Headers, HttpCall, Operation, Purpose
from otterd.errors import BadRequest, Forbidden, NotFound, RateLimited, Unauthenticated
from otterd.guard import tokens
from otterd.guard.client import Address, client_of, networks, seen
from otterd.guard.cors import Cors
from otterd.guard.grant import Grant
from otterd.guard.origins import Origins
from otterd.guard.rates import Rates
from otterd.guard.rights import Rights
from otterd.guard.tokens import Token, bearer

log = Logger(__name__)

ADMIN: Final = frozenset((Purpose.ADMIN, Purpose.ALTER))
NEVER_LENT: Final = ADMIN | {Purpose.STATE, Purpose.GRAPHQL, Purpose.LOGIN}
UNSHOWN: Final = "show client_token as Authorization: Bearer"
FOREIGN: Final = "this origin may not open a WebSocket here: name it in ws_allowed_origins"
WANT_TARGET: Final = (
    "this acts only on the alpha that receives it: name one of them in the header X-Otter-Alpha"
)


class Rules:
    """What one configuration means, parsed once."""

    def __init__(self, config: Config) -> None:
        cors = Origins(config.cors_allowed_origins)
        ratel = Origins((f"http://{config.ratel}", f"https://{config.ratel}") if config.ratel else ())
        self.dev = config.dev_mode
        self.lends = config.dev_mode or config.lend_account is Lend.EVERYONE
        self.trusted = networks(config.trusted_proxy_cidrs)
        self.client_token = Token(config.client_token)
        self.guarded = bool(config.client_token)
        self.admin_token = Token(config.admin_token)
        self.sockets = Origins(config.ws_allowed_origins)
        self.cors = Cors(cors)
        self.rights = Rights(
            dev=config.dev_mode,
            token=self.admin_token,
            networks=networks(config.admin_allowed_cidrs),
            pages=(cors, ratel),
        )
        self.alphas = frozenset(config.alphas())


class Guard:
    """Admits requests by the configuration in force; keeps nothing but rate buckets.

    `found` are alphas that the configuration does not name and that may be a request's target, too.
    """

    def __init__(self, live: Live, clock: IReactorTime, found: Callable[[], Container[str]] = tuple) -> None:
        self._clock = clock
        self._found = found
        self._made = ""
        self._warned = False
        self._rules = Rules(live.config)
        self._rates = Rates(live.config.rate_limit_rps, live.config.rate_limit_burst)
        self._ws_token = self._socket_token(live.config)
        live.watch(self._reconfigure)

    @property
    def cors(self) -> Cors:
        """What browsers are told, by the configuration in force."""
        return self._rules.cors

    def admit(self, operation: Operation) -> Grant:
        """Admit `operation` to an alpha, or raise an OtterError saying why not."""
        # Every request comes through here: what a rule does not ask of it costs no call.
        rules, caller, purpose = self._rules, operation.caller, operation.purpose
        address, client = self._who(caller)
        if self._rates.limited and _charged(operation):
            self._take(client or caller.peer)
        request = operation.request
        if isinstance(request, HttpCall) and request.upgrade:
            self._demand_origin(caller)
        if rules.guarded:
            self._demand_token(caller)
        if purpose in ADMIN or operation.galaxy:
            rules.rights.demand(caller, address)
        if operation.target or operation.node_local:
            self._demand_target(operation)
        if caller.own_token or operation.galaxy or purpose in NEVER_LENT:
            return Grant(False, client or "")
        lend = rules.lends or caller.trusted or rules.client_token.matches(caller.bearer)
        return Grant(lend, client or "")

    def admit_local(self, caller: Caller, *, charge: bool, admin: bool) -> str:
        """Admit a request that Otter answers itself; return the client's address or ""."""
        if charge:
            self.charge(caller)
        self._demand_token(caller)
        if admin:
            address = client_of(caller.peer, caller.forwarded, self._rules.trusted)
            self._rules.rights.demand(caller, address)
        return self.client(caller) or ""

    def admit_socket(self, caller: Caller) -> None:
        """Admit a WebSocket handshake by its rate and origin, or raise."""
        self.charge(caller)
        self._demand_origin(caller)

    def charge(self, caller: Caller) -> None:
        """Take one token from the bucket of the caller's address, or raise RateLimited.

        A client that an untrusted peer hides shares the bucket of that peer.
        """
        self._take(self.client(caller) or caller.peer)

    def ws_token_matches(self, token: str) -> bool:
        """Tell whether `token` is `ws_token`, in constant time."""
        return self._ws_token.matches(token.encode("utf-8", "surrogatepass"))

    def client(self, caller: Caller) -> str | None:
        """Return the client's address, "" on a UNIX socket, None when it is hidden."""
        return self._who(caller)[1]

    def clean(self, headers: Headers) -> Headers:
        """Return `headers` without what only Otter may read: its tokens and its own fields."""
        return tuple(field for field in headers if not self._ours(*field))

    def announce(self) -> None:
        """Say the token that was made, once; to be called when the daemon starts."""
        if self._made:
            # Not as a field: the log would show that besides the text, and it is to be shown once.
            log.warn(f"dev mode: no ws_token is set, so one was made: {self._made}")

    def _who(self, caller: Caller) -> tuple[Address | None, str | None]:
        """Return the client's address, and the same as text, "" on a UNIX socket; None when it is hidden."""
        if caller.forwarded is None:
            return seen(caller.peer)
        address = client_of(caller.peer, caller.forwarded, self._rules.trusted)
        return address, None if address is None else str(address)

    def _ours(self, name: bytes, value: bytes) -> bool:
        low = name.lower()
        if low != b"authorization":
            return low.startswith(b"x-otter-")
        rules, shown = self._rules, (value, bearer(value))
        return any(t.matches(s) for t in (rules.admin_token, rules.client_token) for s in shown)

    def _take(self, key: str) -> None:
        wait = self._rates.take(key, self._clock.seconds())
        if wait:
            raise RateLimited("rate limit exceeded", retry_after=max(1, math.ceil(wait)))

    def _demand_token(self, caller: Caller) -> None:
        rules = self._rules
        if not rules.guarded or caller.door is Door.WEBSOCKET:
            return
        if not (rules.client_token.matches(caller.bearer) or rules.rights.shows_token(caller)):
            raise Unauthenticated(UNSHOWN)

    def _demand_origin(self, caller: Caller) -> None:
        if caller.origin is None or self._rules.sockets.match(caller.origin):
            return
        if not self._rules.dev:
            raise Forbidden(FOREIGN)
        if not self._warned:
            self._warned = True
            log.warn("dev mode: WebSockets are open to web pages of any origin")

    def _demand_target(self, operation: Operation) -> None:
        if operation.node_local and not operation.target:
            raise BadRequest(WANT_TARGET)
        target = operation.target
        if target and target not in self._rules.alphas and target not in self._found():
            raise NotFound("X-Otter-Alpha names no alpha of this gateway (give its gRPC address)")

    def _socket_token(self, config: Config) -> Token:
        if not config.ws_token and config.dev_mode and config.enable_websocket and not self._made:
            self._made = tokens.make()
        return Token(config.ws_token or (self._made if config.dev_mode else ""))

    def _reconfigure(self, old: Config, new: Config) -> None:
        self._rules = Rules(new)
        before, self._ws_token = self._made, self._socket_token(new)
        if self._made != before:
            self.announce()
        if (old.rate_limit_rps, old.rate_limit_burst) != (new.rate_limit_rps, new.rate_limit_burst):
            self._rates = Rates(new.rate_limit_rps, new.rate_limit_burst)


def _charged(operation: Operation) -> bool:
    """Tell whether `operation` costs a token: of the plain reads only `/state` does."""
    request = operation.request
    if operation.purpose is not Purpose.STATE or not isinstance(request, HttpCall):
        return True
    return request.target.partition(b"?")[0] == b"/state"
