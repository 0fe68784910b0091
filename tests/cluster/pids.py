"""Processes told apart from later ones with the same number, and the files that name them."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Pid:
    """A process: its `number` and `started`, the time of its start in clock ticks since boot."""

    number: int
    started: int

    @classmethod
    def of(cls, number: int) -> "Pid":
        """Return the process that has `number` now; raises ProcessLookupError when none has."""
        fields = _stat(number)
        if fields is None:
            raise ProcessLookupError(number)
        return cls(number, int(fields[19]))

    @classmethod
    def read(cls, path: Path) -> "Pid | None":
        """Return the process that the file names, alive or not; None without a file."""
        try:
            number, started = path.read_text().split()
        except FileNotFoundError:
            return None
        return cls(int(number), int(started))

    def write(self, path: Path) -> None:
        """Name this process in the file."""
        path.write_text(f"{self.number} {self.started}\n")

    @property
    def alive(self) -> bool:
        """Whether the process still runs; one that waits to be reaped does not."""
        fields = _stat(self.number)
        return fields is not None and int(fields[19]) == self.started and fields[0] != "Z"

    def signal(self, number: signal.Signals) -> bool:
        """Send the signal to this very process; return False when it is gone."""
        try:
            handle = os.pidfd_open(self.number)
        except ProcessLookupError:
            return False
        try:
            # The handle pins the process, so what is checked here is what gets the signal.
            if not self.alive:
                return False
            signal.pidfd_send_signal(handle, number)
        except ProcessLookupError:
            return False
        finally:
            os.close(handle)
        return True

    @property
    def frozen(self) -> bool:
        """Whether every thread of the process is stopped by a signal."""
        threads = Path(f"/proc/{self.number}/task").glob("*/stat")
        states = [_fields(thread) for thread in threads]
        return self.alive and all(fields is None or fields[0] == "T" for fields in states)

    def gone_within(self, seconds: float) -> bool:
        """Wait until the process is gone; return False when it outlives `seconds`."""
        end = time.monotonic() + seconds
        while self.alive:
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True


def _stat(number: int) -> list[str] | None:
    """Return the fields of `/proc/N/stat` from the state on, None when there is no such process."""
    return _fields(Path(f"/proc/{number}/stat"))


def _fields(path: Path) -> list[str] | None:
    try:
        text = path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The command name in parentheses may hold blanks and parentheses itself.
    return text.rpartition(")")[2].split()
