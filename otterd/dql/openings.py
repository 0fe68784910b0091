"""What a text opens with, told without parsing it."""

import re

LONGEST_PARSED = 16 * 1024
"""Bytes of a text up to which a request's text is parsed on its way."""

# No pattern may give back what it took: hostile text must cost no more than its length.
_GAP = re.compile(rb"(?:[ \t\r\n]|#[^\r\n]*+[\r\n])*+").match
_NOTHING = re.compile(rb"(?:[ \t\r\n]|#[^\r\n]*+(?:[\r\n]|\Z))*+\Z").match
_NAME = re.compile(rb"[A-Za-z_~][A-Za-z0-9_~.]*+").match
_OPENING = frozenset((b"upsert", b"query", b"fragment", b"schema", b"mutation"))


def begins_upsert(text: bytes) -> bool:
    """Tell whether the first word of `text` is `upsert`."""
    return _first_word(text, _start(text)) == b"upsert"


def is_bare(text: bytes) -> bool:
    """Tell whether `text` can only be N-Quads without braces around them."""
    if _NOTHING(text):
        return False
    at = _start(text)
    return text[at : at + 1] != b"{" and _first_word(text, at) not in _OPENING


def _start(text: bytes) -> int:
    match = _GAP(text)
    return match.end() if match else 0


def _first_word(text: bytes, at: int) -> bytes:
    match = _NAME(text, at)
    return match[0] if match else b""
