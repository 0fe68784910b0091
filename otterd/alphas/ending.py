"""What the end of a gRPC call without success means, by the words in which gRPC puts it.

gRPC reports an alpha's own status and what it made up itself in the same way: a code and
a text, and neither metadata nor the debug string (which only repeats both) tell them apart. What was
seen with grpcio 1.85 against running alphas and scripted servers:

* the alpha's own: its code and text as sent, UNAVAILABLE and DEADLINE_EXCEEDED
  (`: context deadline exceeded`) among them;
* no connection (refused, timed out, no SETTINGS, another protocol, failed TLS handshake, and every call while
  it waits to try again): UNAVAILABLE `failed to connect to all addresses; last error: UNKNOWN: ipv4:…`;
* the connection or stream broke, also in the middle of an answer: `Stream removed (…)`, with
  `Socket closed`, `recvmsg:Connection reset by peer (104)` (kill -9 and SIGTERM of an alpha alike),
  `GOAWAY received; …`, `RST_STREAM (Received RST_STREAM with error code n)` or a protocol error inside,
  under UNAVAILABLE, INTERNAL, CANCELLED, UNKNOWN or RESOURCE_EXHAUSTED;
* the deadline: DEADLINE_EXCEEDED `Stream removed (Deadline Exceeded)`; `Stream removed (RST_STREAM (…
  error code 8))` under that code or, some ms before it, CANCELLED when the alpha was quicker; bare
  `Deadline Exceeded` when no stream was begun;
* a proxy's plain HTTP error: `Received http2 header with status: 503`.

No alpha begins a text of its own with these words, and a caller cannot make it: what Dgraph quotes
stands inside a sentence of its own. Mistaking one for another would at worst call
an alpha's refusal lost.
"""

import re

from otterd.errors import AlphaFailure, Lost, NotReached, TimedOut

CANCELLED, DEADLINE_EXCEEDED, UNAVAILABLE = 1, 4, 14

NEAR = 0.1
"""Seconds before the deadline in which an alpha's RST_STREAM(CANCEL) is the end of its own count of it."""

_NO_CONNECTION = re.compile(r"failed to connect to all addresses; last error: [A-Z_]+: ipv[46]:")

_REFUSED_STREAM = "Stream removed (RST_STREAM (Received RST_STREAM with error code 7))"


_CANCELLED_STREAM = "Stream removed (RST_STREAM (Received RST_STREAM with error code 8))"


def failure_of(code: int, text: str, left: float) -> AlphaFailure | None:
    """Return how a call failed with `left` seconds to its deadline, or None for an alpha's own status."""
    if text.startswith("Stream removed ("):
        if code == DEADLINE_EXCEEDED or (code == CANCELLED and text == _CANCELLED_STREAM and left < NEAR):
            return TimedOut("no answer within the deadline")
        # REFUSED_STREAM promises that nothing was processed (RFC 9113, 8.7).
        if code == UNAVAILABLE and text == _REFUSED_STREAM:
            return NotReached(text)
        return Lost(text)
    if code == UNAVAILABLE and _NO_CONNECTION.match(text):
        return NotReached(text)
    if code == DEADLINE_EXCEEDED and text == "Deadline Exceeded":
        return TimedOut("not connected within the deadline")
    if text.startswith("Received http2 header with status: "):
        return Lost(text)
    return None
