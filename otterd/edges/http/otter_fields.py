"""The `X-Otter-` fields: what a caller may ask of Otter, and what it is told of a request's way."""

import json
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from otterd.config import units
from otterd.core.operation import Answer, Decision, Entry, Headers, HttpCall, Operation, Purpose
from otterd.edges.http.exchange import Request
from otterd.edges.http.golang import Unsure, boolean, params
from otterd.errors import BadRequest

MOST_NAMED = 100
"""Predicates that an explanation names: clients bound the size of a head."""

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
    value = request.lower.get(b"x-otter-explain")
    return value is not None and value.strip() not in (b"", b"0", b"false")


def settles(request: Request, operation: Operation) -> bool:
    """Tell whether the request is an alter whose answer waits until the alphas show the new schema."""
    if operation.purpose is not Purpose.ALTER or not isinstance(operation.request, HttpCall):
        return False
    try:
        said = boolean(params(request.query, frozenset((b"runInBackground",))).get(b"runInBackground", b""))
    except Unsure:
        return False
    return not said and not any(name in request.body for name in _IN_BACKGROUND)


def age_fields(answer: Answer) -> Headers:
    """Return the fields that say how old an answer is, and who is behind: mostly none."""
    found: Headers = ()
    if answer.stale is not None:
        found += ((b"X-Otter-Stale", b"%.3f" % answer.stale),)
    if answer.behind:
        found += ((b"X-Otter-Schema-Behind", ", ".join(answer.behind).encode()),)
    return found


@lru_cache(maxsize=256)
def alpha_field(alpha: str) -> Headers:
    """Return the field that says which alpha answered, if one did."""
    return ((b"X-Otter-Alpha", alpha.encode()),) if alpha else ()


def explanation(entry: Entry, decision: Decision, now: float) -> tuple[bytes, bytes]:
    """Return the field that tells how the request was decided, and where its time went until `now`.

    It is JSON in ASCII; times are seconds, to the microsecond. Of its predicates some hundred are named.
    """
    total, queued = now - entry.started, sum(wait.took for wait in decision.waits)
    predicates = decision.predicates
    told = asdict(decision) | {
        "purpose": entry.purpose,
        "verdict": entry.verdict,
        "predicates": None if predicates is None else predicates[:MOST_NAMED],
        "predicates_left_out": max(len(predicates or ()) - MOST_NAMED, 0),
        "in_queue": queued,
        # A stale answer may be asked for while the request waits.
        "in_otter": max(total - queued - entry.upstream, 0.0),
        "in_dgraph": entry.upstream,
    }
    return b"X-Otter-Explain", json.dumps(_rounded(told), separators=(",", ":")).replace(
        "\x7f", "\\u007f"
    ).encode()


def _rounded(value: Any) -> Any:
    """Return `value` with all numbers in it to the microsecond."""
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(each) for each in value]
    return round(value, 6) if isinstance(value, float) else value
