"""The heads that clients send again and again, and what they say: read once, then known by their bytes.

Only a head is kept after which the parser stands where it stood before: one with a plain body or none,
that neither ends the connection, nor switches it to something else, nor waits for a 100.
"""

from otterd.config.live import Live
from otterd.config.schema import Config
from otterd.dql.generations import Sightings
from otterd.edges.http.preflight import Head

MOST = 256
"""Heads that are kept; when one more comes, all are forgotten."""

LONGEST = 2048
"""Bytes up to which a head is kept."""

PLACES = 4096


class Heads:
    """Knows heads by their bytes, as the configuration in force has them read.

    A head is kept when it comes for the second time, for most that are not repeated at once never are.
    """

    def __init__(self, live: Live) -> None:
        self._live = live
        self._config: Config = live.config
        self._seen = Sightings(PLACES)
        self._known: dict[bytes, Head] = {}

    def __len__(self) -> int:
        return len(self._known)

    def find(self, raw: bytes) -> Head | None:
        """Return what the head `raw` says, None when that is not known."""
        if self._config is not self._live.config:
            # Limits may have changed, and with them what is refused.
            self._config = self._live.config
            self._known.clear()
        return self._known.get(raw)

    def keep(self, raw: bytes, head: Head) -> None:
        """Remember that `raw` says `head`, if it may and is likely to come again."""
        if head.length < 0 or not head.keep_alive or head.expects or head.upgrade or len(raw) > LONGEST:
            return
        if self._config is self._live.config and self._seen.again(raw):
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[raw] = head
