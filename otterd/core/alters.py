"""What an alter asks for and hears, where that decides whether it may be sent again."""

import json
from typing import Any

from google.protobuf.message import DecodeError

from otterd.core import texts
from otterd.core.operation import HttpCall, Operation
from otterd.wire import api_pb2 as api

_DECLARING = frozenset(("schema", "runInBackground", "run_in_background"))
"""Members of an alter in JSON that drop nothing."""


def declares(operation: Operation) -> bool:
    """Tell whether an alter only declares predicates and types: then sent twice it does what it does once.

    A drop is followed by a note of it, so that what says of a write that nothing was done may be said
    after the drop.
    """
    request = operation.request
    if isinstance(request, HttpCall):
        return _declares(request)
    try:
        asked = api.Operation.FromString(request.payload)
    except DecodeError:
        return False
    return bool(asked.schema) and not (asked.drop_attr or asked.drop_all or asked.drop_op)


def _declares(request: HttpCall) -> bool:
    if any(name.lower() == b"content-encoding" for name, _ in request.headers):
        return False
    if not request.body.lstrip().startswith(b"{"):
        # What is no object in JSON the alpha takes for the schema itself.
        return True
    asked = _object(request.body)
    return bool(asked) and asked.keys() <= _DECLARING


def group_away(body: bytes) -> bool:
    """Tell whether an alpha says in `body`, an answer over HTTP, that it could not ask another group."""
    errors = _object(body).get("errors")
    error = errors[0] if isinstance(errors, list) and len(errors) == 1 else None
    message = error.get("message") if isinstance(error, dict) else None
    return isinstance(message, str) and texts.GROUP_AWAY(message) is not None


def _object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that `body` is, an empty one when it is none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
