"""One process: started, broken in several ways, and ended only if it is ours."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.cluster.ask import until
from tests.cluster.pids import Pid

GRACE = 20.0
"""Seconds that a process has to end by itself before it is killed."""


class Member:
    """A process named `name` with a folder, a log and a pid file below `root`.

    A pid file left by an earlier run is taken up, so that another run can end its process.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        root: Path,
        *,
        environ: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        self.name = name
        self.log = root / f"{name}.log"
        self._command = list(command)
        self._folder = folder or root / name
        self._pid_file = root / f"{name}.pid"
        self._environ = environ
        self._child: subprocess.Popen[bytes] | None = None
        self._pid = Pid.read(self._pid_file)

    @property
    def running(self) -> bool:
        """Whether the process runs, stopped by a signal or not."""
        if self._child is not None:
            self._child.poll()
        return self._pid is not None and self._pid.alive

    @property
    def pid(self) -> int:
        """Return the number of the running process."""
        assert self._pid is not None
        return self._pid.number

    def start(self) -> None:
        """Start the process; raises RuntimeError when it runs already."""
        if self.running:
            raise RuntimeError(f"{self.name} runs already")
        self._folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            # A session of its own: an interrupt at the terminal is for the tests to handle.
            self._child = subprocess.Popen(
                self._command,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(os.environ) if self._environ is None else dict(self._environ),
                start_new_session=True,
            )
        self._pid = Pid.of(self._child.pid)
        self._pid.write(self._pid_file)

    def kill(self) -> None:
        """End the process at once, as `kill -9` does."""
        self._signal(signal.SIGKILL)
        self._reap()

    def pause(self) -> None:
        """Freeze the process: it keeps its connections and answers nothing."""
        self._signal(signal.SIGSTOP)
        # One thread may still answer while the others have stopped.
        until(lambda: self._pid is None or not self._pid.alive or self._pid.frozen, f"{self.name} to freeze")

    def resume(self) -> None:
        """Let a frozen process run on."""
        self._signal(signal.SIGCONT)

    def stop(self, grace: float = GRACE) -> None:
        """Ask the process to end and wait; kill it after `grace` seconds."""
        self._signal(signal.SIGCONT)
        self._signal(signal.SIGTERM)
        if self._child is not None and self.running:
            try:
                self._child.wait(grace)
            except subprocess.TimeoutExpired:
                self._signal(signal.SIGKILL)
        elif self._pid is not None and not self._pid.gone_within(grace):
            self._signal(signal.SIGKILL)
        self._reap()

    def detach(self) -> None:
        """Leave the process running when the interpreter ends; its pid file names it."""
        if self._child is not None:
            # Else the interpreter would warn of a child that it did not wait for.
            self._child.returncode = 0

    def _signal(self, number: signal.Signals) -> None:
        if self._pid is not None:
            self._pid.signal(number)

    def _reap(self) -> None:
        if self._child is not None:
            self._child.wait(GRACE)
            self._child = None
        elif self._pid is not None:
            self._pid.gone_within(GRACE)
        self._pid = None
        self._pid_file.unlink(missing_ok=True)
