"""Otter's own form of an upsert: `{"upsert": {"query", "mutation", "cond"}}`, or a list of those."""

from collections.abc import Mapping

import msgspec

from otterd.edges.http.joining import Text, join
from otterd.errors import BadRequest
from otterd.wire import api_pb2 as api

_DGRAPH_KEYS = ("query", "set", "delete", "cond", "mutations")


class _Upsert(msgspec.Struct, forbid_unknown_fields=True):
    query: str
    mutation: str
    cond: str = ""


_upserts = msgspec.json.Decoder(_Upsert | list[_Upsert]).decode


def upsert_request(keys: Mapping[str, msgspec.Raw]) -> api.Request:
    """Return the request for a body with the key `upsert`; raise BadRequest when it is malformed."""
    beside = [key for key in _DGRAPH_KEYS if key in keys]
    if beside:
        raise BadRequest(f"`upsert` cannot stand beside `{beside[0]}`")
    try:
        found = _upserts(keys["upsert"])
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise BadRequest(
            "`upsert` wants an object with the texts `query`, `mutation` and perhaps `cond`,"
            " or a list of those"
        ) from None
    upserts = found if isinstance(found, list) else [found]
    if not upserts:
        raise BadRequest("the list of `upsert` is empty")
    for place, upsert in enumerate(upserts, 1):
        if not upsert.query.strip() or not upsert.mutation.strip():
            raise BadRequest(f"upsert {place} lacks a `query` or a `mutation`")
    query = join([Text(upsert.query, f"{upsert.cond}\n{upsert.mutation}") for upsert in upserts])
    mutations = [api.Mutation(set_nquads=u.mutation.encode(), cond=u.cond) for u in upserts]
    return api.Request(query=query, mutations=mutations)
