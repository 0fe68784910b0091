"""An access line, as msgspec writes it: what cannot be built as machine code."""

import msgspec


class Line(msgspec.Struct, tag_field="ns", tag="otterd.access"):
    """What one request leaves in the log; `ms` and its parts are milliseconds, sizes are bytes.

    `ms_otter` is the time in Otter and between it and the client, `ms_dgraph` that of waiting for alphas.
    """

    ts: str
    id: str
    door: str
    route: str
    purpose: str
    alpha: str
    client: str
    status: int
    verdict: str
    received: int
    sent: int
    ms: float
    ms_otter: float
    ms_dgraph: float
    attempts: int


encode_lines = msgspec.json.Encoder().encode_lines
"""Returns lines as bytes, each with its end."""
