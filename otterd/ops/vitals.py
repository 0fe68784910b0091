"""How the process itself fares: reactor delay, garbage collection, memory, descriptors."""

import gc
import os
import resource
from time import perf_counter
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from otterd.ops.instruments import Metrics

BEAT = 0.25
PAGE = os.sysconf("SC_PAGE_SIZE")


class Vitals:
    """Feeds the process's own metrics between `start` and `stop`."""

    def __init__(self, clock: IReactorTime, metrics: Metrics) -> None:
        self._clock = clock
        self._metrics = metrics
        self._next: IDelayedCall | None = None
        self._due = 0.0
        self._delays = metrics.reactor_delay.row()
        self._pauses = [metrics.gc_pause.row(str(generation)) for generation in range(3)]
        self._began = 0.0

    def start(self) -> None:
        """Begin to measure."""
        metrics = self._metrics
        metrics.started.set(self._clock.seconds())
        metrics.cpu.read(_cpu)
        metrics.memory.read(_memory)
        metrics.files.read(_files)
        metrics.files_most.read(lambda: resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        gc.callbacks.append(self._collected)
        self._wait()

    def stop(self) -> None:
        """End measuring."""
        if self._next is not None:
            self._next.cancel()
            self._next = None
            gc.callbacks.remove(self._collected)

    def _wait(self) -> None:
        self._due = self._clock.seconds() + BEAT
        self._next = self._clock.callLater(BEAT, self._beat)

    def _beat(self) -> None:
        late = max(self._clock.seconds() - self._due, 0.0)
        self._metrics.reactor_delay.observe_in(self._delays, late)
        self._wait()

    def _collected(self, phase: str, info: dict[str, Any]) -> None:
        if phase == "start":
            self._began = perf_counter()
        else:
            pause = perf_counter() - self._began
            self._metrics.gc_pause.observe_in(self._pauses[info["generation"]], pause)


def _cpu() -> float:
    used = os.times()
    return used.user + used.system


def _memory() -> float:
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[1]) * PAGE


def _files() -> float:
    # One of them is the descriptor that lists the others.
    return len(os.listdir("/proc/self/fd")) - 1
