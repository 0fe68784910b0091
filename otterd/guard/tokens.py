"""Tokens of Otter's own: compared in constant time, never shown."""

import hashlib
import hmac
import secrets

MADE_BYTES = 24


class Token:
    """A secret that callers may show; an empty one is never matched."""

    __slots__ = ("_digest",)

    def __init__(self, secret: str) -> None:
        self._digest = hashlib.sha256(secret.encode()).digest() if secret else b""

    def __bool__(self) -> bool:
        return bool(self._digest)

    def __repr__(self) -> str:
        return "<Token>"

    def matches(self, shown: bytes | None) -> bool:
        """Tell whether `shown` is the secret, in a time that says nothing about either."""
        # Digests have one length, so that not even the length of the secret can be timed.
        if shown is None or not self._digest:
            return False
        return hmac.compare_digest(hashlib.sha256(shown).digest(), self._digest)


def make() -> str:
    """Return a new random token that may stand in a URL."""
    return secrets.token_urlsafe(MADE_BYTES)


def bearer(authorization: bytes | None) -> bytes | None:
    """Return the token of an `Authorization: Bearer` value, None when it is something else."""
    if authorization is None or authorization[:7].lower() != b"bearer ":
        return None
    return authorization[7:].strip() or None
