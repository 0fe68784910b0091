"""Who may ask: the tokens of a cluster with `--acl`.

Tokens are JSON Web Tokens signed with HMAC-SHA256, so that every alpha of the sandbox takes them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from otterd.core.texts import EXPIRED_IN_FULL, NO_NAMESPACE
from otterd.sandbox.failures import PERMISSION_DENIED, UNAUTHENTICATED, UNKNOWN, Failed
from otterd.wire import api_pb2 as api

NO_JWT = "no accessJwt available"
WRONG = "invalid username or password"
GUARDIANS = "guardians"
_MALFORMED = "unable to parse jwt token: token is malformed: "
_REFRESH_TTL = 30 * 86400.0


@dataclass(slots=True, frozen=True)
class Caller:
    """Who asks: a user and his groups in a namespace."""

    namespace: int = 0
    userid: str = ""
    groups: tuple[str, ...] = (GUARDIANS,)

    @property
    def guardian(self) -> bool:
        """Whether he may do everything in his namespace."""
        return GUARDIANS in self.groups

    def guard(self) -> None:
        """Raise Failed unless he is a guardian."""
        if not self.guardian:
            text = (
                f"Only guardians are allowed access. User '{self.userid}' is not a member of guardians group."
            )
            raise Failed(text, PERMISSION_DENIED)


@dataclass(slots=True)
class Accounts:
    """Access control with access tokens that live `ttl` seconds; `now` is seconds since 1970."""

    now: Callable[[], float]
    ttl: float = 6 * 3600.0
    secret: bytes = b"the sandbox's secret is no secret"

    def claimed(self, request: api.LoginRequest) -> tuple[str, int, str | None]:
        """Return the user and the namespace that `request` names, and a password yet to be proven."""
        if not request.refresh_token:
            return request.userid, request.namespace, request.password
        try:
            claims = self._claims(request.refresh_token)
        except Failed:
            raise Failed(WRONG) from None
        return str(claims["userid"]), int(claims["namespace"]), None

    def tokens(self, userid: str, namespace: int, groups: Sequence[str]) -> api.Response:
        """Return tokens for a user who is in `groups`."""
        access = {"userid": userid, "groups": list(groups), "namespace": namespace}
        jwt = api.Jwt(
            access_jwt=self._token(access, self.ttl),
            refresh_jwt=self._token({"userid": userid, "namespace": namespace}, _REFRESH_TTL),
        )
        return api.Response(json=jwt.SerializeToString())

    def caller(self, metadata: Mapping[str, str], code: int = UNAUTHENTICATED) -> Caller:
        """Return who a request's token names; raise Failed with `code` without a good one."""
        token = metadata.get("accessjwt")
        if token is None:
            raise Failed(NO_JWT, code)
        try:
            claims = self._claims(token)
            return Caller(int(claims["namespace"]), str(claims["userid"]), tuple(claims.get("groups", ())))
        except Failed as failed:
            raise Failed(failed.text, code) from None

    def admit_commit(self, metadata: Mapping[str, str], context: api.TxnContext) -> None:
        """Raise Failed unless the token is good and the hash belongs to the transaction."""
        prefix = "extracting namespace from JWT "
        try:
            namespace = self.caller(metadata, UNKNOWN).namespace
        except Failed as failed:
            raise Failed(failed.text if failed.text == EXPIRED_IN_FULL else prefix + failed.text) from None
        self.check(context.start_ts, context.hash, namespace)

    def check(self, start_ts: int, shown: str, namespace: int = 0) -> None:
        """Raise Failed unless `shown` is the hash of the transaction `start_ts`."""
        if shown != self.hash(start_ts, namespace):
            raise Failed("hash mismatch the claimed startTs|namespace")

    def hash(self, start_ts: int, namespace: int = 0) -> str:
        """Return what shows that a transaction is of `namespace`."""
        text = f"{namespace:#x}{start_ts:#x}0x{self.secret.hex()}"
        return hashlib.sha256(text.encode()).hexdigest()

    def _token(self, claims: Mapping[str, Any], ttl: float) -> str:
        head = _encoded(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
        body = _encoded(json.dumps({**claims, "exp": int(self.now() + ttl)}).encode())
        return f"{head}.{body}.{self._signature(f'{head}.{body}')}"

    def _signature(self, signed: str) -> str:
        return _encoded(hmac.new(self.secret, signed.encode(), hashlib.sha256).digest())

    def _claims(self, token: str) -> dict[str, Any]:
        parts = token.split(".")
        if len(parts) != 3:
            raise Failed(f"{_MALFORMED}token contains an invalid number of segments")
        if not hmac.compare_digest(parts[2].encode(), self._signature(f"{parts[0]}.{parts[1]}").encode()):
            raise Failed("unable to parse jwt token: token signature is invalid: signature is invalid")
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(parts[1] + "=="))
        if claims["exp"] <= self.now():
            raise Failed(EXPIRED_IN_FULL)
        return claims


def no_namespace() -> Failed:
    """Return what a request inside a transaction hears that showed no good token."""
    return Failed(NO_NAMESPACE)


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
