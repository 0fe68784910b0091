"""The heads that clients send again and again, and what they say: read once, then known by their bytes.

Only a head is kept after which the parser stands where it stood before: one with a plain body or none,
that neither ends the connection, nor switches it to something else, nor waits for a 100.
"""

from typing import Final

from otterd.config.live import Live
from otterd.config.schema import Config
from otterd.dql.generations import Sightings
from otterd.edges.http.alike import Alike, apart, is_alike
from otterd.edges.http.preflight import Head

MOST = 256
"""Heads that are kept; when one more comes, all are forgotten."""

LONGEST = 2048
"""Bytes up to which a head is kept."""

PLACES = 4096

SOME: Final = 7
"""Of eight heads that are told from others, one is looked at whether it comes again."""


class Heads:
    """Knows heads by their bytes, as the configuration in force has them read.

    A head is kept when it comes for the second time, for most that are not repeated at once never are; so is
    what heads have in common that differ in a token or a deadline.
    """

    def __init__(self, live: Live) -> None:
        self._live = live
        self._config: Config = live.config
        self._seen = Sightings(PLACES)
        self._known: dict[bytes, Head] = {}
        self._alike: dict[bytes, Alike] = {}
        self._told = 0

    def __len__(self) -> int:
        return len(self._known)

    def find(self, raw: bytes) -> Head | None:
        """Return what the head `raw` says, None when that is not known."""
        if self._config is not self._live.config:
            # Limits may have changed, and with them what is refused.
            self._config = self._live.config
            self._known.clear()
            self._alike.clear()
        head = self._known.get(raw)
        return self._like_another(raw) if head is None and self._alike else head

    def keep(self, raw: bytes, head: Head) -> None:
        """Remember that `raw` says `head`, if it may and is likely to come again."""
        if head.length < 0 or not head.keep_alive or head.expects or head.upgrade or len(raw) > LONGEST:
            return
        if self._config is not self._live.config:
            return
        if self._seen.again(raw):
            self._keep_whole(raw, head)
        parts = apart(raw)
        if parts is not None and is_alike(head, parts[1]) and self._seen.again(parts[0]):
            if len(self._alike) >= MOST:
                self._alike.clear()
            self._alike[parts[0]] = Alike(head)

    def _keep_whole(self, raw: bytes, head: Head) -> None:
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[raw] = head

    def _like_another(self, raw: bytes) -> Head | None:
        """Return what a head says that differs from a known one in its token and deadline alone."""
        config = self._config
        if len(raw) > LONGEST or len(raw) > config.max_header_bytes:
            return None
        parts = apart(raw)
        if parts is None:
            return None
        alike = self._alike.get(parts[0])
        if alike is None:
            return None
        head = alike.with_own(parts[1], parts[2])
        if len(head.target) > config.max_url_bytes:
            return None
        self._told += 1
        # One of some: a head that comes again and again is soon seen twice, and most never are.
        if not self._told & SOME and self._seen.again(raw):
            self._keep_whole(raw, head)
        return head
