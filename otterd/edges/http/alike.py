"""Heads that are the same but for the caller's token and deadline, which change where all else stays.

Such a head is told from one that is known: what differs is put in its place, and nothing is read again. Only
a token of visible characters, and a deadline of a whole number of milliseconds that is the only parameter,
are taken so, for these cannot change how the rest is read.
"""

import re
from typing import Final

from otterd.edges.http.envelope import ACCESS_TOKEN, ACL
from otterd.edges.http.golang import duration
from otterd.edges.http.kept import Kept, Question
from otterd.edges.http.preflight import Head

Key = tuple[bytes, bool, bool]
"""A head without what differs, and whether that is a token, and a deadline."""

_token: Final = re.compile(rb"\r\nx-dgraph-accesstoken: ([!-~]{1,1024})\r\n", re.IGNORECASE).search
_deadline: Final = re.compile(rb"[A-Z]{3,7} /[a-z]{1,16}\?timeout=([1-9][0-9]{0,6}ms) HTTP/1\.1\r\n").match


def apart(raw: bytes) -> tuple[Key, bytes, bytes] | None:
    """Return the head `raw` without its token and deadline, and both, b"" for none; None without either."""
    token = deadline = b""
    rest = raw
    found = _token(raw)
    if found is not None:
        token = found[1]
        rest = rest[: found.start(1)] + rest[found.end(1) :]
    found = _deadline(raw)
    if found is not None:
        deadline = found[1]
        rest = rest[: found.start(1)] + rest[found.end(1) :]
    if not token and not deadline:
        return None
    return (rest, token != b"", deadline != b""), token, deadline


def tells_apart(key: Key, head: Head) -> bool:
    """Tell whether other heads with this `key` differ from `head` in one field at most."""
    return not key[1] or sum([name.lower() == ACCESS_TOKEN for name, _ in head.headers]) == 1


def together(known: Head, token: bytes, deadline: bytes) -> Head:
    """Return what a head says that has another `token`, or `deadline`, than the one that is `known`."""
    headers, lower, target, query = known.headers, known.lower, known.target, known.query
    if token:
        for at, (name, _) in enumerate(headers):
            if name.lower() == ACCESS_TOKEN:
                headers = (*headers[:at], (name, token), *headers[at + 1 :])
                break
        lower = {**lower, ACCESS_TOKEN: token}
    if deadline:
        query = b"timeout=" + deadline
        target = known.path + b"?" + query
    kept = Kept()
    # Whether a caller has a token of its own is all that is known of it there.
    kept.caller = known.kept.caller
    if known.kept.question is not None:
        kept.question = _changed(known.kept.question, token, deadline)
    return Head(
        known.method,
        target,
        known.path,
        query,
        headers,
        lower,
        known.length,
        known.modern,
        known.keep_alive,
        known.expects,
        known.upgrade,
        kept,
    )


def _changed(known: Question, token: bytes, deadline: bytes) -> Question:
    metadata = known.metadata
    if token:
        text = token.decode("ascii")
        metadata = tuple([(name, text if name == ACL else value) for name, value in metadata])
    return known.changed(metadata, duration(deadline) if deadline else known.timeout)
