"""One run: a row asked of a gateway, with what the gateway's process and core did meanwhile."""

import shutil
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import asking, machine
from bench.figures import Figures, Unreadable, of_h2load, of_loader, of_wrk
from bench.gateways import Gateway
from bench.rows import Row

LEAST = 500
"""Bytes that every good answer has at least."""

FIELDS = ("content-type: application/grpc", "te: trailers")


@dataclass(frozen=True, slots=True)
class Sample:
    """What one run gave; times in µs, `share` and `busy` as parts of the gateway's core."""

    row: str
    gateway: str
    round: int
    tool: str
    calls: int
    errors: int
    rate: float
    cpu: float | None
    share: float
    busy: float
    p50: float | None
    p99: float | None
    why: str = ""

    def raw(self) -> dict[str, object]:
        """Return it as it is kept."""
        known = asdict(self)
        return {name: round(value, 3) if isinstance(value, float) else value for name, value in known.items()}


class Loads:
    """The load generators, on `core`, with their files in `folder`; the gateways are on `theirs`."""

    def __init__(self, folder: Path, loader: Path, core: int | str, theirs: int) -> None:
        self._folder, self._loader, self._core, self._theirs = folder, loader, core, theirs

    def sample(self, row: Row, gateway: Gateway, number: int, seconds: int) -> Sample:
        """Ask `gateway` for `seconds`."""
        cpu, core, begun = machine.processor(gateway.pid), machine.busy(self._theirs), time.monotonic()
        tool, found = self._run(row, gateway, seconds)
        spent, after = machine.processor(gateway.pid) - cpu, machine.busy(self._theirs)
        took, had = time.monotonic() - begun, after[1] - core[1]
        return Sample(
            row.name,
            gateway.name,
            number,
            tool,
            found.calls,
            found.errors,
            found.rate,
            spent / found.calls * 1e6 if found.calls and gateway.pid else None,
            spent / took,
            (after[0] - core[0]) / had if had else 0.0,
            found.p50,
            found.p99,
            found.why,
        )

    def _run(self, row: Row, gateway: Gateway, seconds: int) -> tuple[str, Figures]:
        plain = not row.distinct and not row.rate
        try:
            if plain and row.door == "http" and shutil.which("wrk"):
                return "wrk", of_wrk(self._told(self._wrk(row, gateway, seconds), seconds))
            if plain and row.door == "grpc" and shutil.which("h2load"):
                return "h2load", of_h2load(self._told(self._h2load(row, gateway, seconds), seconds), LEAST)
            return "load", of_loader(self._told(self._own(row, gateway, seconds), seconds))
        except (Unreadable, subprocess.TimeoutExpired) as failure:
            return "none", Figures(0, 1, float(seconds), why=str(failure)[-300:])

    def _told(self, command: list[str], seconds: int) -> str:
        pinned = ["taskset", "-c", str(self._core), *command]
        ran = subprocess.run(pinned, capture_output=True, text=True, timeout=seconds + 15, check=False)
        return ran.stdout or ran.stderr

    def _wrk(self, row: Row, gateway: Gateway, seconds: int) -> list[str]:
        script = self._folder / "query.lua"
        text = asking.settled(asking.body()).decode()
        script.write_text(
            f'wrk.method = "POST"\nwrk.path = "{row.target}"\nwrk.body = [==[{text}]==]\n'
            'wrk.headers["Content-Type"] = "application/json"\n'
        )
        where = f"{row.scheme}://127.0.0.1:{gateway.ports['http']}"
        duration = f"-d{seconds}s"
        return ["wrk", "-t1", f"-c{row.connections}", duration, "--latency", "-s", str(script), where]

    def _h2load(self, row: Row, gateway: Gateway, seconds: int) -> list[str]:
        asked = self._folder / "message"
        asked.write_bytes(asking.settled(asking.message()))
        where = f"http://127.0.0.1:{gateway.ports['grpc']}/api.Dgraph/Query"
        shape = ["-t1", f"-c{row.connections}", f"-m{row.streams}", f"-D{seconds}", "-d", str(asked)]
        return ["h2load", *shape, *(part for name in FIELDS for part in ("-H", name)), where]

    def _own(self, row: Row, gateway: Gateway, seconds: int) -> list[str]:
        asked = self._asked(row, gateway)
        hello, request = self._folder / f"{row.name}.hello", self._folder / f"{row.name}.request"
        hello.write_bytes(asked.hello)
        request.write_bytes(asked.request)
        numbers = (gateway.ports[row.door], row.connections, row.streams, row.rate, seconds * 1000, LEAST)
        return [str(self._loader), asked.protocol, *map(str, numbers), str(hello), str(request)]

    def _asked(self, row: Row, gateway: Gateway) -> asking.Asked:
        if row.door == "http":
            return asking.http(distinct=row.distinct)
        if row.door == "ws":
            return asking.websocket(gateway.token, distinct=row.distinct)
        return asking.grpc(distinct=row.distinct)
