"""The configuration in force, which a reload replaces whole."""

from collections.abc import Callable

from otterd.config.schema import Config


class Live:
    """Holds the `Config` in force; readers ask for `.config` each time and keep no copy."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._watchers: list[Callable[[Config, Config], None]] = []

    def watch(self, watcher: Callable[[Config, Config], None]) -> None:
        """Call `watcher(old, new)` after each change."""
        self._watchers.append(watcher)

    def replace(self, config: Config) -> None:
        """Put `config` in force and tell the watchers, in the order they came."""
        old, self.config = self.config, config
        for watcher in self._watchers:
            watcher(old, config)
