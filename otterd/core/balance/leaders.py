"""Who leads a group, as far as the map tells."""

from otterd.core.cluster import UNCHARTED, Map


class Leaders:
    """The gRPC addresses of the leaders of a map, gathered once for each map."""

    def __init__(self) -> None:
        self._map: Map = UNCHARTED
        self._found: frozenset[str] = frozenset()

    def of(self, charted: Map) -> frozenset[str]:
        """Return who leads a group, as far as `charted` knows and Otter can call them."""
        if charted is not self._map:
            self._map = charted
            self._found = frozenset(group.leader for group in charted.groups.values() if group.leader)
        return self._found
