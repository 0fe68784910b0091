"""Translate `/commit` to the CommitOrAbort call."""

from functools import partial

import msgspec

from otterd.config.schema import Config
from otterd.core.operation import Purpose, Rpc
from otterd.edges.http.envelope import hints, opened
from otterd.edges.http.exchange import Request
from otterd.edges.http.golang import Unsure, boolean, text_of, uint
from otterd.edges.http.plan import Call, Plan, Verbatim
from otterd.edges.http.render import commit_answer
from otterd.wire import api_pb2 as api

_PARAMS = frozenset((b"startTs", b"hash", b"abort"))
_body = msgspec.json.Decoder(list[str] | dict[str, list[str]]).decode


def translate_commit(request: Request, config: Config) -> Plan:
    """Return what a request to `/commit` asks for; raise TooLarge when it decompresses to too much."""
    try:
        return _call(request, config)
    except Unsure:
        return Verbatim(Purpose.COMMIT, writes=True, start_ts=hints(request).start_ts)


def _call(request: Request, config: Config) -> Call:
    envelope = opened(request, _PARAMS, config.max_body_bytes)
    given = envelope.params.get
    start_ts = uint(given(b"startTs", b""))
    if not start_ts:
        raise Unsure
    abort = boolean(given(b"abort", b""))
    context = api.TxnContext(start_ts=start_ts, hash=text_of(given(b"hash", b"")), aborted=abort)
    if not abort:
        keys, preds = _touched(envelope.body)
        context.keys.extend(keys)
        context.preds.extend(preds)
    return Call(
        Purpose.COMMIT,
        Rpc("CommitOrAbort", context.SerializeToString(), envelope.metadata),
        partial(commit_answer, abort=abort, gzip=envelope.gzip),
        writes=True,
        start_ts=start_ts,
    )


def _touched(body: bytes) -> tuple[list[str], list[str]]:
    """Return the keys and predicates that the transaction touched."""
    try:
        found = _body(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise Unsure from None
    if isinstance(found, list):
        return found, []
    return found.get("keys", []), found.get("preds", [])
