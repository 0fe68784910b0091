"""The admin right: who may use `/admin*`, `/alter` and what else changes the cluster."""

from otterd.core.operation import Caller
from otterd.errors import Forbidden
from otterd.guard.client import Address, Networks, within
from otterd.guard.origins import Origins
from otterd.guard.tokens import Token

HOW_DEV = (
    "this needs a loopback client address in dev mode; from elsewhere set admin_token and show it"
    " (X-Otter-Admin-Token or Authorization: Bearer), or name the client in admin_allowed_cidrs"
)
HOW_UNSET = "this needs the admin right: set admin_token or admin_allowed_cidrs in Otter's configuration"
HOW_SET = (
    "this needs the admin right: show admin_token (X-Otter-Admin-Token or Authorization: Bearer)"
    " or come from a network in admin_allowed_cidrs"
)
FOREIGN = "web pages of this origin may not do this: name it in cors_allowed_origins"


class Rights:
    """Decides for one configuration who has the admin right."""

    __slots__ = ("_dev", "_networks", "_pages", "_token")

    def __init__(self, *, dev: bool, token: Token, networks: Networks, pages: tuple[Origins, ...]) -> None:
        self._dev = dev
        self._token = token
        self._networks = networks
        self._pages = pages

    def shows_token(self, caller: Caller) -> bool:
        """Tell whether `caller` shows the admin token, in either header."""
        shown = self._token.matches(caller.admin)
        return self._token.matches(caller.bearer) or shown

    def demand(self, caller: Caller, client: Address | None) -> None:
        """Raise Forbidden unless `caller`, whose address is `client`, has the admin right.

        An address is ambient: any web page that a person at it opens could use it. So a
        right that rests on the address ends where a foreign origin begins, and in dev mode
        every right does.
        """
        token = self.shows_token(caller)
        if token and not self._dev:
            return
        local = client is not None and client.is_loopback
        if not (token or within(client, self._networks) or (self._dev and local)):
            raise Forbidden(self._how())
        if caller.origin is not None and not any(known.match(caller.origin) for known in self._pages):
            raise Forbidden(FOREIGN)

    def _how(self) -> str:
        if self._dev:
            return HOW_DEV
        return HOW_SET if self._token or self._networks else HOW_UNSET
