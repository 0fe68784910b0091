"""Translate `/login` to the Login call."""

from functools import partial
from typing import Annotated

import msgspec

from otterd.config.schema import Config
from otterd.core.operation import Purpose, Rpc
from otterd.edges.http.envelope import opened
from otterd.edges.http.exchange import Request
from otterd.edges.http.golang import Unsure, ignorable
from otterd.edges.http.plan import Call, Plan, Verbatim
from otterd.edges.http.render import login_answer
from otterd.wire import api_pb2 as api


class _Login(msgspec.Struct):
    userid: str = ""
    password: str = ""
    refresh_token: str = ""
    namespace: Annotated[int, msgspec.Meta(ge=0)] = 0


_login = msgspec.json.Decoder(_Login).decode
_keys = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_NAMES = frozenset(_Login.__struct_fields__)


def translate_login(request: Request, config: Config) -> Plan:
    """Return what a request to `/login` asks for; raise TooLarge when it decompresses to too much."""
    try:
        envelope = opened(request, (), config.max_body_bytes)
        message = _message(envelope.body)
    except Unsure:
        return Verbatim(Purpose.LOGIN, writes=False)
    return Call(
        Purpose.LOGIN,
        Rpc("Login", message.SerializeToString(), envelope.metadata),
        partial(login_answer, gzip=envelope.gzip),
    )


def _message(body: bytes) -> api.LoginRequest:
    try:
        asked = _login(body)
        keys = _keys(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise Unsure from None
    number = keys.get("namespace")
    # Go takes no 1.0 and no 1e2 for a whole number, and looks at each that is given.
    if number is not None and not (bytes(number).isdigit() and body.count(b"namespace") == 1):
        raise Unsure
    if asked.namespace >> 64 or not all(key in _NAMES or ignorable(key, _NAMES) for key in keys):
        raise Unsure
    return api.LoginRequest(
        userid=asked.userid,
        password=asked.password,
        refresh_token=asked.refresh_token,
        namespace=asked.namespace,
    )
