"""The gateway's own ACL account: logs in, keeps the token fresh, and lends it."""

import base64
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from google.protobuf.message import DecodeError
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from otterd.alphas.channel import Channel
from otterd.config.live import Live
from otterd.config.schema import Config
from otterd.core.operation import Rpc
from otterd.errors import AlphaFailure
from otterd.wire import api_pb2 as api

log = Logger(__name__)

LOGIN_TIMEOUT = 10.0
"""Seconds that one alpha has to answer a login."""

BACKOFF = (1.0, 30.0)
"""Seconds until a failed login is tried again, the first time and at most."""

FRESH = 1.0
"""Seconds in which a new token is not renewed again: the request that asks for it still used the old one."""

UNKNOWN_LIFE = 300.0
"""Seconds that a token without a readable end is taken to live."""


class Mate(Protocol):
    """One alpha, as the account needs it."""

    @property
    def channel(self) -> Channel:
        """Return the way to it."""


class Mates(Protocol):
    """All alphas."""

    @property
    def alphas(self) -> Sequence[Mate]:
        """Return them."""


@dataclass(slots=True, frozen=True)
class Tokens:
    """What a login gave."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)


class LoginFailed(Exception):
    """No alpha gave a token; its text has no secrets."""


class Account:
    """The configured account; idle when no user is configured.

    `wall` gives the time in seconds since 1970, which tokens state their end in.
    """

    def __init__(
        self,
        live: Live,
        clock: IReactorTime,
        fleet: Mates,
        *,
        chance: Callable[[], float] = random.random,
        wall: Callable[[], float] = lambda: datetime.now(UTC).timestamp(),
    ) -> None:
        self._live = live
        self._clock = clock
        self._fleet = fleet
        self._chance = chance
        self._wall = wall
        self.token = ""
        """The access token, "" when there is none."""
        self._tokens: Tokens | None = None
        self._got = 0.0
        self._failures = 0
        self._turn = 0
        self._running = False
        self._next: IDelayedCall | None = None
        self._session: Deferred[None] | None = None
        self._waiting: list[Deferred[str]] = []
        live.watch(self._reconfigure)

    @property
    def pending(self) -> bool:
        """Whether the first login is under way, so that a token is worth waiting for."""
        return self._tokens is None and self._session is not None and not self._failures

    def start(self) -> None:
        """Log in, if a user is configured, and stay so."""
        self._running = True
        self._log_in()

    def stop(self) -> None:
        """Forget the tokens and log in no more."""
        self._running = False
        self._forget()

    def renew(self) -> Deferred[str]:
        """Log in anew and fire with the token, "" when that failed; all who ask meanwhile share it."""
        if not self._running or not self._live.config.dgraph_user:
            return succeed("")
        if self._tokens and self._clock.seconds() < self._got + FRESH:
            return succeed(self.token)
        waiting: Deferred[str] = Deferred()
        self._waiting.append(waiting)
        self._log_in()
        return waiting

    def _reconfigure(self, old: Config, new: Config) -> None:
        names = ("dgraph_user", "dgraph_password", "dgraph_namespace")
        if any(getattr(old, name) != getattr(new, name) for name in names):
            self._forget()
            if self._running:
                self._log_in()

    def _forget(self) -> None:
        self._tokens, self.token = None, ""
        self._failures = 0
        self._later(None)
        session, self._session = self._session, None
        if session is not None:
            session.cancel()
        self._tell()

    def _log_in(self) -> None:
        if self._session is not None or not self._live.config.dgraph_user:
            return
        self._later(None)
        session = Deferred.fromCoroutine(self._attempt())
        if not session.called:
            self._session = session
        session.addErrback(self._broke)

    def _broke(self, failure: Failure) -> None:
        """Let a mistake of our own end neither the account nor whoever waits."""
        if failure.check(CancelledError):
            return
        log.failure("logging in broke", failure)
        self._session = None
        self._failures += 1
        self._later(BACKOFF[1])
        self._tell()

    async def _attempt(self) -> None:
        user = self._live.config.dgraph_user
        try:
            self._tokens = tokens = await self._tokens_from_any()
            self.token = tokens.access
        except LoginFailed as why:
            first, most = BACKOFF
            wait = min(most, first * 2 ** min(self._failures, 10)) * (0.5 + 0.5 * self._chance())
            self._failures += 1
            log.warn("could not log in as {user}: {reason}", user=user, reason=str(why))
        else:
            if self._failures or not self._got:
                log.info("logged in as {user}", user=user)
            self._failures = 0
            self._got = self._clock.seconds()
            # A refresh at four fifths leaves time for failures.
            wait = max(1.0, 0.8 * life(tokens.access, self._wall()))
        self._session = None
        self._later(wait)
        self._tell()

    async def _tokens_from_any(self) -> Tokens:
        """Return new tokens, by the refresh token if there is one, else by the password."""
        config = self._live.config
        if self._tokens and self._tokens.refresh:
            try:
                return await self._round(api.LoginRequest(refresh_token=self._tokens.refresh))
            except LoginFailed as why:
                log.debug("the refresh token did not serve: {reason}", reason=str(why))
        return await self._round(
            api.LoginRequest(
                userid=config.dgraph_user,
                password=config.dgraph_password,
                namespace=config.dgraph_namespace,
            )
        )

    async def _round(self, request: api.LoginRequest) -> Tokens:
        """Ask the alphas one after the other, beginning with another one each time."""
        alphas = self._fleet.alphas
        rpc = Rpc("Login", request.SerializeToString())
        why = "there is no alpha"
        self._turn += 1
        for at in range(len(alphas)):
            channel = alphas[(self._turn + at) % len(alphas)].channel
            try:
                answer = await channel.call(rpc, LOGIN_TIMEOUT)
            except AlphaFailure as failure:
                why = f"{channel.address}: {failure.reason}"
                continue
            if answer.status == 0 and isinstance(answer.body, bytes):
                try:
                    return read_tokens(answer.body)
                except ValueError as error:
                    why = f"{channel.address}: {error}"
            else:
                why = f"{channel.address} said: {self._without_secrets(answer.message)}"
        raise LoginFailed(why)

    def _without_secrets(self, text: str) -> str:
        tokens = (self._tokens.access, self._tokens.refresh) if self._tokens else ()
        for secret in (self._live.config.dgraph_password, *tokens):
            if secret:
                text = text.replace(secret, "***")
        return " ".join(text.split())[:200]

    def _later(self, wait: float | None) -> None:
        """Log in again in `wait` seconds, or with None not by itself."""
        if self._next is not None and self._next.active():
            self._next.cancel()
        self._next = None
        if wait is not None and self._running:
            self._next = self._clock.callLater(wait, self._log_in)

    def _tell(self) -> None:
        waiting, self._waiting = self._waiting, []
        token = "" if self._failures else self.token
        for deferred in waiting:
            if not deferred.called:
                deferred.callback(token)


def read_tokens(body: bytes) -> Tokens:
    """Return the tokens in the bytes of an api.Response; raises ValueError without showing them."""
    try:
        jwt = api.Jwt.FromString(api.Response.FromString(body).json)
    except DecodeError:
        raise ValueError("its answer to a login cannot be read") from None
    if not jwt.access_jwt:
        raise ValueError("its answer to a login holds no token")
    return Tokens(jwt.access_jwt, jwt.refresh_jwt)


def life(token: str, now: float) -> float:
    """Return how many seconds a JWT has left at `now` (seconds since 1970); its signature is not checked."""
    try:
        claims = token.split(".")[1]
        end = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["exp"]
        left = float(end) - now
    except (ValueError, KeyError, IndexError, TypeError):
        return UNKNOWN_LIFE
    # One that is over already tells of clocks that differ, not of a token that is useless.
    return left if left > 0 else UNKNOWN_LIFE
