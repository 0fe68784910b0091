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

_NAME: Final = b"\r\n" + ACCESS_TOKEN + b": "
_END: Final = _NAME[-6:]
"""The end of it, in which no client writes a capital: what is searched for."""
_BEFORE: Final = len(_NAME) - len(_END)
_LONGEST: Final = 1024
_VISIBLE: Final = bytes(range(0x21, 0x7F))

_deadline: Final = re.compile(rb"[A-Z]{3,7} /[a-z]{1,16}\?timeout=([1-9][0-9]{0,6}ms) HTTP/1\.1\r\n").match


def apart(raw: bytes) -> tuple[bytes, bytes, bytes] | None:
    """Return a key for the head `raw` without its token and deadline, and both, b"" for none.

    None stands for a head that has neither.
    """
    token, behind = _token(raw)
    found = _deadline(raw)
    if found is None:
        if not token:
            return None
        return b"T" + raw[: behind - len(token)] + raw[behind:], token, b""
    deadline = found[1]
    start, end = found.span(1)
    if not token:
        return b"D" + raw[:start] + raw[end:], b"", deadline
    return b"B" + raw[:start] + raw[end : behind - len(token)] + raw[behind:], token, deadline


def _token(raw: bytes) -> tuple[bytes, int]:
    """Return the token in `raw`, and where it ends; b"" when there is none, or one that is not usual."""
    at = raw.find(_END)
    while at >= 0:
        start = at + len(_END)
        if at >= _BEFORE and raw[at - _BEFORE : start].lower() == _NAME:
            end = raw.find(b"\r\n", start)
            token = raw[start:end]
            usual = len(token) <= _LONGEST and not token.translate(None, _VISIBLE)
            return (token, end) if usual else (b"", 0)
        at = raw.find(_END, start)
    return b"", 0


class Alike:
    """What all heads say that differ in token and deadline alone, as one of them, `known`, said it."""

    def __init__(self, known: Head) -> None:
        self.known = known
        self._at = 0
        for name, _ in known.headers:
            if name.lower() == ACCESS_TOKEN:
                break
            self._at += 1

    def with_own(self, token: bytes, deadline: bytes) -> Head:
        """Return what a head says that has this `token` and `deadline`, b"" where it has none."""
        known = self.known
        headers, lower, target, query = known.headers, known.lower, known.target, known.query
        if token:
            at = self._at
            headers = (*headers[:at], (headers[at][0], token), *headers[at + 1 :])
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


def is_alike(head: Head, token: bytes) -> bool:
    """Tell whether heads like `head`, told `apart` with its `token`, differ from it in one field at most."""
    return not token or sum([name.lower() == ACCESS_TOKEN for name, _ in head.headers]) == 1


def _changed(known: Question, token: bytes, deadline: bytes) -> Question:
    metadata = known.metadata
    if token:
        text = token.decode("ascii")
        metadata = tuple([(name, text if name == ACL else value) for name, value in metadata])
    return known.changed(metadata, duration(deadline) if deadline else known.timeout)
