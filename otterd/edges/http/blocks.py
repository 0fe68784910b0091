"""Split the text of a mutation or upsert into its parts, as Dgraph's own lexer would.

Only what is certain is split: the well-formed `{ set {…} delete {…} }` and `upsert {…}`.
For all else the answer is None, and Dgraph must read the text itself.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(slots=True, frozen=True)
class Change:
    """One mutation: the N-Quads to set and to delete, and its `@if(…)` or nothing."""

    set: bytes = b""
    delete: bytes = b""
    cond: bytes = b""


@dataclass(slots=True, frozen=True)
class Blocks:
    """A mutation text, split; `query` is empty for a plain mutation."""

    query: bytes
    changes: tuple[Change, ...]


# No pattern may give back what it took: hostile text must cost no more than its length.
_GAP = re.compile(rb"(?:[ \t\r\n]|#[^\r\n]*+[\r\n])*+").match
_END = re.compile(rb"(?:[ \t\r\n]|#[^\r\n]*+(?:[\r\n]|\Z))*+\Z").match
_NAME = re.compile(rb"[A-Za-z_~][A-Za-z0-9_~.]*+").match
_NQUADS = re.compile(rb'[^"{}]*+(?:"(?:[^"\\]|\\.)*+"[^"{}]*+)*+', re.DOTALL).match
_IF = re.compile(rb"@if(?![A-Za-z0-9_~.])").match
_BRACES = re.compile(rb'"(?:[^"\\]|\\[uvtbnrf"\'\\])*+"|["{}]').finditer
_OPENING = frozenset((b"upsert", b"query", b"fragment", b"schema", b"mutation"))
_ROUNDS = re.compile(rb'"(?:[^"\\]|\\[uvtbnrf"\'\\])*+"|["()]').finditer

_Tokens = Callable[[bytes, int], Iterator[re.Match[bytes]]]


class _OddError(Exception):
    """The text is not one of the forms that are split."""


def split(text: bytes) -> Blocks | None:
    """Return the parts of `text`, or None where Dgraph must read it."""
    try:
        return _Scanner(text).blocks()
    except _OddError:
        return None


def begins_upsert(text: bytes) -> bool:
    """Tell whether the first word of `text` is `upsert`."""
    return _first_word(text) == b"upsert"


def is_bare(text: bytes) -> bool:
    """Tell whether `text` can only be N-Quads without braces around them."""
    if _END(text, 0):
        return False
    at = _gap(text, 0)
    return text[at : at + 1] != b"{" and _first_word(text) not in _OPENING


def _first_word(text: bytes) -> bytes:
    match = _NAME(text, _gap(text, 0))
    return match[0] if match else b""


def _gap(text: bytes, at: int) -> int:
    match = _GAP(text, at)
    return match.end() if match else at


class _Scanner:
    """Walks a text once; raises `_OddError` at the first thing out of place."""

    def __init__(self, text: bytes) -> None:
        self.text = text
        self.at = 0

    def blocks(self) -> Blocks:
        if self._sees(b"{"):
            found = Blocks(b"", (self._change(b""),))
        elif self._name() == b"upsert":
            found = self._upsert()
        else:
            raise _OddError
        if not _END(self.text, self.at):
            raise _OddError
        return found

    def _upsert(self) -> Blocks:
        self._take(b"{")
        pieces: list[bytes] = []
        changes: list[Change] = []
        queries = 0
        cond = b""
        while not self._sees(b"}"):
            word = self._name()
            if word == b"mutation":
                # A mutation without a condition has that of the one before it: so Dgraph reads it.
                cond = self._cond() or cond
                changes.append(self._change(cond))
            elif word == b"query":
                queries += 1
                pieces.append(self._balanced(_BRACES, b"{", b"}"))
            elif word == b"fragment":
                pieces.append(b"fragment" + self._balanced(_BRACES, b"{", b"}"))
            else:
                raise _OddError
        self._take(b"}")
        if queries != 1 or not changes:
            raise _OddError
        return Blocks(b"".join(pieces), tuple(changes))

    def _change(self, cond: bytes) -> Change:
        self._take(b"{")
        parts: dict[bytes, bytes] = {}
        while not self._sees(b"}"):
            word = self._name()
            if word not in (b"set", b"delete") or word in parts:
                raise _OddError
            self._take(b"{")
            parts[word] = self._nquads()
            self._take(b"}")
        self._take(b"}")
        if not parts:
            raise _OddError
        return Change(parts.get(b"set", b""), parts.get(b"delete", b""), cond)

    def _nquads(self) -> bytes:
        match = _NQUADS(self.text, self.at)
        if match is None:
            raise _OddError
        self.at = match.end()
        return match[0]

    def _cond(self) -> bytes:
        start = self.at = _gap(self.text, self.at)
        if not self._sees(b"@"):
            return b""
        if not _IF(self.text, start):
            raise _OddError
        self._balanced(_ROUNDS, b"(", b")")
        return self.text[start : self.at]

    def _balanced(self, tokens: "_Tokens", left: bytes, right: bytes) -> bytes:
        start, depth = self.at, 0
        for token in tokens(self.text, start):
            mark = token[0]
            if mark == left:
                depth += 1
            elif mark == right:
                depth -= 1
                if depth <= 0:
                    break
            elif mark == b'"':
                raise _OddError
        else:
            raise _OddError
        if depth:
            raise _OddError
        self.at = token.end()
        return self.text[start : self.at]

    def _name(self) -> bytes:
        match = _NAME(self.text, _gap(self.text, self.at))
        if match is None:
            raise _OddError
        self.at = match.end()
        return match[0]

    def _sees(self, mark: bytes) -> bool:
        at = _gap(self.text, self.at)
        return self.text[at : at + 1] == mark

    def _take(self, mark: bytes) -> None:
        at = _gap(self.text, self.at)
        if self.text[at : at + 1] != mark:
            raise _OddError
        self.at = at + 1
