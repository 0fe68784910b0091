"""An Otter of the tests' own: the daemon as a process, with a config file made for it."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.ask import answers, until
from tests.cluster.ports import free_ports
from tests.cluster.shape import Address

ROOT = Path(__file__).resolve().parents[2]

TOKEN = "a-token-for-the-live-tests"
"""What every instance started here takes in a WebSocket `auth` message."""

KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "COVERAGE_PROCESS_START")
"""Variables that pass to the daemon; any other could override the config of the test."""


class Otter:
    """`python -m otterd -c FILE` with ephemeral loopback ports and its log in a file.

    `http`, `ws` and `metrics` are `host:port`; `config` is the file, for a test that
    changes it and reloads. `root` is the folder whose Otter runs.
    """

    def __init__(
        self,
        alphas: Sequence[Address],
        keys: Mapping[str, Any],
        *,
        wrapper: Sequence[str] = (),
        environ: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
        root: Path = ROOT,
    ) -> None:
        http, ws, metrics = free_ports(3)
        self.http, self.ws, self.metrics = (f"127.0.0.1:{port}" for port in (http, ws, metrics))
        self.keys: dict[str, Any] = {
            "balancer_type": "round-robin",
            "dgraph_endpoints": [a.grpc for a in alphas],
            "dgraph_http_endpoints": {a.grpc: a.http for a in alphas},
            "bind_address": "127.0.0.1",
            "proxy_port": http,
            "websocket_port": ws,
            "metrics_endpoint": f"tcp:{metrics}:interface=127.0.0.1",
            "ws_token": TOKEN,
            **keys,
        }
        self._folder = tempfile.TemporaryDirectory(prefix="otter-live-")
        self.config = Path(self._folder.name) / "otter.yaml"
        self.log = Path(self._folder.name) / "log"
        self._command = [*wrapper, sys.executable, "-m", "otterd", "-c", str(self.config)]
        self._environ = {name: os.environ[name] for name in KEPT if name in os.environ}
        self._environ |= environ or {}
        self._pass_fds = tuple(pass_fds)
        self._root = root
        self._process: subprocess.Popen[bytes] | None = None
        self.write()

    def write(self, **changes: Any) -> None:
        """Write the config file, with `changes` from now on."""
        self.keys |= changes
        self.config.write_text(yaml.safe_dump(self.keys))

    @property
    def grpc(self) -> str:
        """Return `host:port` of the gRPC door, for a test that opened it."""
        return f"127.0.0.1:{self.keys['grpc_port']}"

    @property
    def pid(self) -> int:
        """Return the number of the process."""
        assert self._process is not None
        return self._process.pid

    def start(
        self, *, ready: bool = True, listening: Sequence[int | Path] = (), seconds: float = 60.0
    ) -> "Otter":
        """Start the process and wait for `/readyz`, or only for `/livez` when not `ready`.

        With `listening`, ports or paths of UNIX sockets, wait until these take connections.
        """
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._root,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=self._pass_fds,
                start_new_session=True,
            )
        target = "/readyz" if ready else "/livez"
        try:
            if listening:
                until(lambda: all(map(self._takes, listening)), "Otter's listeners", seconds=seconds)
            else:
                until(lambda: self._answers(target), f"Otter's {target}", seconds=seconds)
        except (TimeoutError, RuntimeError) as failure:
            told = self.log.read_text(errors="replace")[-4000:]
            self.kill()
            raise RuntimeError(f"{failure}\n{told}") from None
        return self

    def signal(self, number: signal.Signals) -> None:
        """Send the process a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def reload(self) -> None:
        """Ask the process to read its config file again."""
        self.signal(signal.SIGHUP)

    def stop(self, seconds: float = 30.0) -> int:
        """Ask the process to end and return its exit status; kills it after `seconds`."""
        if self._process is None:
            return 0
        self._process.terminate()
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
        finally:
            self._process = None

    def kill(self) -> None:
        """End the process at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """End the process, at once if need be, and delete its files."""
        self.stop()
        self._folder.cleanup()

    def lines(self) -> list[dict[str, Any]]:
        """Return the lines of the log that are JSON objects."""
        found = []
        for line in self.log.read_text(errors="replace").splitlines():
            if line.startswith("{"):
                found.append(json.loads(line))
        return found

    def _answers(self, target: str) -> bool:
        self._check()
        return answers(self.http, target)

    def _takes(self, where: int | Path) -> bool:
        self._check()
        unix = isinstance(where, Path)
        with socket.socket(socket.AF_UNIX if unix else socket.AF_INET) as client:
            return client.connect_ex(str(where) if unix else ("127.0.0.1", where)) == 0

    def _check(self) -> None:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError(f"Otter ended by itself with status {self._process.returncode}")


class Standing:
    """An Otter that somebody else started and that OTTER_TEST_GATEWAY names."""

    def __init__(self, text: str) -> None:
        parts = dict(part.split("=", 1) for part in text.split(","))
        self.http, self.ws = parts["http"], parts["ws"]
