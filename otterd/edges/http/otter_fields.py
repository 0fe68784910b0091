"""The `X-Otter-` fields: what a caller may ask of Otter, and what it is told of a request's way."""

from dataclasses import asdict

import msgspec

from otterd.config import units
from otterd.core.operation import Answer, Entry, Headers, HttpCall, Operation, Purpose
from otterd.edges.http.exchange import Request
from otterd.edges.http.golang import Unsure, boolean, params
from otterd.errors import BadRequest

_IN_BACKGROUND = (b'"runInBackground"', b'"run_in_background"')


def max_stale(request: Request) -> float | None:
    """Return how many seconds old an answer may be, None when the caller does not say.

    0 is said too: fresh, whatever the file allows. Raise BadRequest for what is no length of time.
    """
    value = request.lower.get(b"x-otter-max-stale")
    if value is None:
        return None
    try:
        return units.span(value.decode("latin-1").strip())
    except ValueError as error:
        raise BadRequest(f"X-Otter-Max-Stale: {error}") from None


def asks_why(request: Request) -> bool:
    """Tell whether the caller wants to know how the request was decided."""
    value = request.lower.get(b"x-otter-explain", b"").strip()
    return value not in (b"", b"0", b"false")


def settles(request: Request, operation: Operation) -> bool:
    """Tell whether the request is an alter whose answer waits until the alphas show the new schema."""
    if operation.purpose is not Purpose.ALTER or not isinstance(operation.request, HttpCall):
        return False
    try:
        said = boolean(params(request.query, frozenset((b"runInBackground",))).get(b"runInBackground", b""))
    except Unsure:
        return False
    return not said and not any(name in request.body for name in _IN_BACKGROUND)


def fields(entry: Entry, answer: Answer | None) -> Headers:
    """Return the fields that say which alpha answered, how old the answer is, and why it was asked."""
    alpha = answer.alpha if answer is not None else entry.alpha
    found: list[tuple[bytes, bytes]] = []
    if alpha:
        found.append((b"X-Otter-Alpha", alpha.encode()))
    if answer is not None and answer.stale is not None:
        found.append((b"X-Otter-Stale", b"%.3f" % answer.stale))
    if answer is not None and answer.behind:
        found.append((b"X-Otter-Schema-Behind", ", ".join(answer.behind).encode()))
    if entry.decision is not None:
        found.append((b"X-Otter-Explain", msgspec.json.encode(asdict(entry.decision))))
    return tuple(found)
