"""Passwords, as they are kept: nobody can read them, one can only try."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from otterd.sandbox.failures import Failed, unsupported
from otterd.sandbox.schema import PASSWORD
from otterd.sandbox.values import Value

_SHORTEST = 6
_ROUNDS = 1000
"""A sandbox guards nothing; Dgraph makes trying a password far more costly."""


def kept_password(value: Value) -> Value:
    """Return the password `value` as it is kept; raise Failed when it is too short."""
    if value.kind not in ("default", "string"):
        raise unsupported(f"a password of type {value.kind}")
    text = str(value.data)
    if len(text.encode()) < _SHORTEST:
        raise Failed(f"Password too short, i.e. should have at least {_SHORTEST} chars")
    salt = secrets.token_hex(8)
    return Value(PASSWORD, f"{salt}{_digest(text, salt)}")


def fits(text: str, kept: Value) -> bool:
    """Tell whether `text` is the password that is `kept`."""
    salt, digest = str(kept.data)[:16], str(kept.data)[16:]
    return hmac.compare_digest(_digest(text, salt), digest)


def _digest(text: str, salt: str) -> str:
    data = text.encode("utf-8", "surrogatepass")
    return hashlib.pbkdf2_hmac("sha256", data, salt.encode(), _ROUNDS).hex()
