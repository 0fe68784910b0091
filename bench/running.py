"""Processes of the bench's own: started on a core, waited for, and ended by their number."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STUB = Path(__file__).resolve().parent / "stub"

KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")
"""Variables that pass to a gateway; any other could change how it is configured."""


class Absent(Exception):
    """Something that a row needs is not there; the message says what."""


class Running:
    """A process on `core`, with what it says in `log`."""

    def __init__(
        self, command: Sequence[str | Path], core: int | str, log: Path, environ: dict[str, str] | None = None
    ) -> None:
        self.log = log
        with log.open("ab") as said:
            self._process = subprocess.Popen(
                ["taskset", "-c", str(core), *map(str, command)],
                cwd=ROOT,
                env={name: os.environ[name] for name in KEPT if name in os.environ} | (environ or {}),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Return its number."""
        return self._process.pid

    def wait_for(self, *ports: int, seconds: float = 30.0) -> None:
        """Wait until each of `ports` takes connections; raises Absent when that never happens."""
        end = time.monotonic() + seconds
        for port in ports:
            while not _takes(port):
                if self._process.poll() is not None or time.monotonic() > end:
                    raise Absent("did not start: " + self.log.read_text(errors="replace")[-300:].strip())
                time.sleep(0.05)

    def close(self) -> None:
        """End it, at once after ten seconds."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def compiled(name: str, folder: Path) -> Path:
    """Return the program made of `stub/NAME.c`; raises Absent without a compiler."""
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler:
        raise Absent("no C compiler")
    program = folder / name
    made = subprocess.run(
        [compiler, "-O2", "-o", str(program), str(STUB / f"{name}.c")],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise Absent(f"{name}.c did not compile: {made.stderr[:300]}")
    return program


def _takes(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0
