"""Requests for the translators, and what their calls say."""

from otterd.core.operation import Door, Entry
from otterd.edges.http.exchange import Request
from otterd.edges.http.kept import Kept
from otterd.edges.http.plan import Call, Plan, Verbatim
from otterd.wire import api_pb2 as api

JSON = "application/json"
RDF = "application/rdf"
DQL = "application/dql"


def request(
    target: str, body: bytes | str = b"", kind: str | None = JSON, *, method: str = "POST", **headers: str
) -> Request:
    """Make the Request that a connection would; underscores in header names are hyphens."""
    found = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    if kind is not None:
        found.append((b"Content-Type", kind.encode()))
    path, _, query = target.encode().partition(b"?")
    data = body.encode() if isinstance(body, str) else body
    lower = {name.lower(): value for name, value in reversed(found)}
    entry = Entry(Door.HTTP, "", "", 0.0)
    return Request(
        method.encode(), target.encode(), path, query, tuple(found), lower, data, entry, "", Kept()
    )


def call(plan: Plan) -> Call:
    """Return `plan`, which must be a Call."""
    assert isinstance(plan, Call)
    return plan


def verbatim(plan: Plan) -> Verbatim:
    """Return `plan`, which must be left to the alpha."""
    assert isinstance(plan, Verbatim)
    return plan


def asked(plan: Plan) -> api.Request:
    """Return what a Query call asks."""
    assert call(plan).rpc.method == "Query"
    return api.Request.FromString(call(plan).rpc.payload)
