"""SIGHUP: read the configuration again, and put in force what may change while running."""

import signal
from collections.abc import Callable
from dataclasses import replace
from types import FrameType
from typing import Any, Protocol

from twisted.internet.interfaces import IReactorFromThreads, IReactorTime
from twisted.logger import Logger

from otterd.config.check import check
from otterd.config.errors import ConfigError, KeyProblem
from otterd.config.live import Live
from otterd.config.schema import Config
from otterd.config.show import changes
from otterd.ops.instruments import Metrics
from otterd.ops.supervisor import Supervisor

log = Logger(__name__)


class Rotated(Protocol):
    """What has a file that may have been moved away."""

    def reopen(self) -> None:
        """Open it anew."""


class Reload:
    """Replaces the configuration in force, whole or not at all.

    `read` returns the configuration as it now stands in file and environment, or raises
    ConfigError.
    """

    def __init__(
        self,
        live: Live,
        read: Callable[[], Config],
        *,
        clock: IReactorTime,
        metrics: Metrics,
        supervisor: Supervisor,
        rotated: Rotated,
    ) -> None:
        self._live = live
        self._read = read
        self._clock = clock
        self._metrics = metrics
        self._supervisor = supervisor
        self._rotated = rotated
        self._before: Any = None
        self._installed = False
        self._succeeded()

    def install(self, reactor: IReactorFromThreads) -> None:
        """Reload on SIGHUP from now on."""

        def hop(number: int, frame: FrameType | None) -> None:
            reactor.callFromThread(self.run)

        self._before = signal.signal(signal.SIGHUP, hop)
        self._installed = True

    def remove(self) -> None:
        """Let SIGHUP mean again what it did before."""
        if self._installed:
            signal.signal(signal.SIGHUP, signal.SIG_DFL if self._before is None else self._before)
            self._installed = False

    def run(self) -> bool:
        """Reload now; False when the old configuration stays in force, which the log then explains."""
        self._supervisor.reloading()
        try:
            return self._run()
        finally:
            self._supervisor.ready()

    def _run(self) -> bool:
        try:
            self._rotated.reopen()
        except OSError as error:
            log.error("the log file cannot be opened anew: {reason}", reason=error.strerror)
        try:
            changed, held = self._swap(self._read())
        except ConfigError as error:
            return self._failed(str(error))
        except KeyProblem as problem:
            kept = "the file is good by itself, but not together with keys that need a restart"
            return self._failed(f"{problem.key}: {problem.problem} ({kept})")
        except Exception:
            log.failure("the reload broke off")
            return self._failed("internal error")
        self._succeeded()
        for key in held:
            log.warn("{key} changed, but needs a restart: its old value stays in force", key=key)
        log.info("configuration reloaded: {changed}", changed=", ".join(changed) or "nothing changed")
        return True

    def _swap(self, read: Config) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Put `read` in force but for the keys that need a restart; return changed and held keys."""
        old = self._live.config
        changed, held = changes(old, read)
        new = replace(read, **{key: getattr(old, key) for key in held})
        check(new)
        if changed:
            try:
                self._live.replace(new)
            except Exception:
                # Some watchers follow the new one already.
                self._live.replace(old)
                raise
        return changed, held

    def _failed(self, reason: str) -> bool:
        self._metrics.reload_good.set(0)
        log.error("the configuration was not reloaded, the old one stays in force: {reason}", reason=reason)
        return False

    def _succeeded(self) -> None:
        self._metrics.reload_good.set(1)
        self._metrics.reload_at.set(self._clock.seconds())
