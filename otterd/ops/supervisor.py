"""What the service manager is told (sd_notify(3)): readiness, reloads, the stop, and signs of life."""

import os
import socket
import time
from collections.abc import Mapping
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

log = Logger(__name__)

PATIENCE = 5.0
"""Longest that readiness waits for a good probe, in seconds."""


class Supervisor:
    """The service manager listening at `address`, or nobody when that is empty.

    `watchdog` is how often it wants a sign of life, in seconds, or 0.
    """

    def __init__(self, address: str, watchdog: float = 0.0) -> None:
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._watchdog = watchdog
        self._beat: LoopingCall | None = None
        self._late: IDelayedCall | None = None
        self._deaf = False
        self._stopping = False

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], pid: int) -> "Supervisor":
        """Return the one that `environ` names; `pid` is this process's."""
        address = environ.get("NOTIFY_SOCKET", "")
        if not address.startswith(("/", "@")):
            address = ""
        usec, meant = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
        ours = usec.isdecimal() and meant in ("", str(pid))
        return cls(address, int(usec) / 1e6 if ours else 0.0)

    def ready(self, status: str = "") -> None:
        """Say that start or reload is done."""
        self._tell("READY=1", *_status(status))

    def status(self, text: str) -> None:
        """Say in one line how things are."""
        self._tell(*_status(text))

    def reloading(self) -> None:
        """Say that a reload began; `ready` ends it."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self, within: float) -> None:
        """Say that the stop began and may take `within` seconds."""
        self._stopping = True
        self._forget()
        usec = int(within * 1e6)
        self._tell("STOPPING=1", f"EXTEND_TIMEOUT_USEC={usec}", *_status("draining"))

    def announce(self, clock: IReactorTime, probed: Deferred[Any], patience: float = PATIENCE) -> None:
        """Say READY=1 when `probed` fires with a result, or after `patience` seconds.

        To be called once everything listens. A stop in between says nothing any more.
        """

        def late() -> None:
            self._late = None
            self.ready("serving; no alpha is healthy yet")

        def seen(_: object) -> None:
            if self._forget():
                self.ready("serving")
            elif not self._stopping:
                self.status("serving")

        self._late = clock.callLater(patience, late)

        probed.addCallbacks(seen, lambda _: None)

    def live(self, clock: IReactorTime) -> None:
        """Begin to give signs of life, at half the time that the service manager set."""
        if self._address and self._watchdog and self._beat is None:
            self._beat = LoopingCall(self._tell, "WATCHDOG=1")
            self._beat.clock = clock
            self._beat.start(self._watchdog / 2).addErrback(
                lambda failure: log.failure("signs of life ended", failure)
            )

    def stop(self) -> None:
        """Give no more signs of life, and announce nothing any more."""
        self._forget()
        if self._beat is not None and self._beat.running:
            self._beat.stop()
        self._beat = None

    def _forget(self) -> bool:
        """End the wait for a good probe; tell whether there was one."""
        late, self._late = self._late, None
        if late is not None:
            late.cancel()
        return late is not None

    def _tell(self, *lines: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as speaker:
                speaker.setblocking(False)
                speaker.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            if not self._deaf:
                self._deaf = True
                log.warn("the service manager does not hear: {reason}", reason=os.strerror(error.errno or 0))
        else:
            self._deaf = False


def _status(text: str) -> tuple[str, ...]:
    return ("STATUS=" + text.replace("\n", " "),) if text else ()
