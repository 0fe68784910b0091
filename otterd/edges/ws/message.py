"""One message of a client's: decoded, and checked for what can be said without knowing the sender."""

import re

import msgspec
from msgspec import Raw

from otterd.edges.http import golang

OPERATIONS = frozenset(("query", "mutation", "upsert"))
UNSUPPORTED = frozenset(("login", "logout", "state"))
OTHERS = frozenset(("auth", "ping"))

NOTHING = Raw(b"")
ABSENT = frozenset((b"", b"null"))


class Part(msgspec.Struct, gc=False):
    """One of HTTP's `mutations`: JSON to set and to delete, as it was written, and a condition."""

    set: Raw = NOTHING
    delete: Raw = NOTHING
    cond: str | None = None

    @property
    def empty(self) -> bool:
        """Whether it changes nothing."""
        return bytes(self.set) in ABSENT and bytes(self.delete) in ABSENT

    def __repr__(self) -> str:
        return "<Part>"


class Message(msgspec.Struct, rename="camel", gc=False):
    """A message as it came; None and an empty Raw stand for a member that is absent or null.

    `set` and `delete` keep the bytes that the client wrote. Its contents never show in `repr`.
    """

    type: str | None = None
    token: str | None = None
    access_jwt: str | None = None
    query: str | None = None
    variables: dict[str, str] | None = None
    mutation: str | None = None
    set: Raw = NOTHING
    delete: Raw = NOTHING
    mutations: list[Part | None] | None = None
    cond: str | None = None
    commit_now: bool | None = None
    verbose: bool | None = None
    id: Raw = NOTHING
    max_stale: str | float | None = None
    shape: str | None = None

    @property
    def changes(self) -> bool:
        """Whether it carries anything to set or delete."""
        if self.mutation or bytes(self.set) not in ABSENT or bytes(self.delete) not in ABSENT:
            return True
        return any(part is not None and not part.empty for part in self.mutations or ())

    def __repr__(self) -> str:
        return "<Message>"


class _Named(msgspec.Struct):
    id: Raw = NOTHING


decode = msgspec.json.Decoder(Message).decode
"""Returns the message in some bytes, or raises one of what is `UNREADABLE`."""

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_decode_named = msgspec.json.Decoder(_Named).decode
_decode_text = msgspec.json.Decoder(str).decode

_POSITION = re.compile(r"\(byte (\d+)\)")
_MEMBER = re.compile(r" at `\$\.([A-Za-z]+)")
_KINDS = {
    "variables": "must be an object of strings",
    "mutations": "must be a list of objects",
    "commitNow": "must be true or false",
    "verbose": "must be true or false",
    "maxStale": "must be a duration",
}


def flaw_of(error: Exception, payload: bytes) -> tuple[str, str | None]:
    """Say why `decode` raised `error`, quoting nothing of `payload`; with its id, if that is a string."""
    if isinstance(error, msgspec.ValidationError):
        return f"invalid JSON: {_mistyped(str(error))}", _rescue(payload)
    if isinstance(error, msgspec.DecodeError):
        return f"invalid JSON: {_misspelt(str(error))}", None
    if isinstance(error, RecursionError):
        return "invalid JSON: nested too deeply", None
    return "invalid JSON: not UTF-8", None


def identity(raw: Raw) -> str | None:
    """Return the `id` that is written in `raw`, None when it is absent or not a string."""
    if raw is NOTHING:
        return None
    text = bytes(raw)
    return _decode_text(text) if text[:1] == b'"' else None


def _rescue(payload: bytes) -> str | None:
    """Return the string id of a message whose other members have wrong types."""
    try:
        return identity(_decode_named(payload).id)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _mistyped(text: str) -> str:
    found = _MEMBER.search(text)
    if found is None:
        return "expected an object"
    return f"{found[1]} {_KINDS.get(found[1], 'must be a string')}"


def _misspelt(text: str) -> str:
    found = _POSITION.search(text)
    return f"malformed at byte {found[1]}" if found else "unexpected end"


_METADATA_TEXT = re.compile(r"[\x21-\x7e]*").fullmatch


def fault(message: Message) -> str | None:
    """Say what `message` lacks or has wrong, whoever sent it; None when that is nothing."""
    kind = message.type
    if not kind:
        return "missing type field"
    if kind in OPERATIONS:
        return _incomplete(kind, message) or _wrong_option(message)
    if kind in {"auth", "login"}:
        if not message.token:
            return "missing token field"
        if not _METADATA_TEXT(message.access_jwt or ""):
            return "accessJwt is not a token"
        return None
    return None if kind in UNSUPPORTED or kind in OTHERS else "unknown type field"


def _incomplete(kind: str, message: Message) -> str | None:
    if kind == "query":
        return None if message.query else "missing query field"
    if kind == "mutation":
        return None if message.changes else "missing mutation field"
    return None if message.query and message.changes else "missing query or mutation field"


def _wrong_option(message: Message) -> str | None:
    if message.shape is not None and message.shape != "http":
        return 'unknown shape: there is only "http"'
    stale = message.max_stale
    good = stale is None or (stale >= 0 if isinstance(stale, float) else _is_duration(stale))
    return None if good else 'maxStale must be a duration, such as "2s"'


def max_stale(message: Message) -> float | None:
    """Return how many seconds old an answer may be, None when the message does not say."""
    stale = message.max_stale
    if stale is None or isinstance(stale, float):
        return stale
    return golang.duration(stale.encode()) or 0.0


def _is_duration(text: str) -> bool:
    try:
        golang.duration(text.encode())
    except golang.Unsure:
        return False
    return bool(text)
