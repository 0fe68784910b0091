"""Which namespace a caller's token claims, for routing only, and the name of a predicate of it in the map."""

import base64
from functools import lru_cache

from msgspec import MsgspecError

from otterd.core.claims import claims

LONGEST = 8192
"""Characters of a token up to which it is read."""

REMEMBERED = 1024
"""How many tokens are not read a second time."""

_END = 2**64


def namespace_of(token: str | bytes) -> int:
    """Return the namespace that a JWT claims, its signature unchecked; 0 when it cannot be read."""
    text = token.decode("latin-1") if isinstance(token, bytes) else token
    # What has no dot is no JWT, and not worth being remembered.
    return _claimed(text) if len(text) <= LONGEST and "." in text else 0


def tablet(namespace: int, predicate: str) -> str:
    """Return the key of a tablet."""
    return f"{namespace:x}-{predicate}"


@lru_cache(maxsize=REMEMBERED)
def _claimed(token: str) -> int:
    parts = token.split(".")[1:2]
    try:
        claimed = claims(base64.urlsafe_b64decode(parts[0] + "=" * (-len(parts[0]) % 4))).namespace
    except (IndexError, ValueError, RecursionError, MsgspecError):
        return 0
    return int(claimed) if 0 <= claimed < _END else 0
