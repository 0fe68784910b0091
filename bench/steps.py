"""Tell where the time of a call goes, for each door: `python -m bench.steps [SECONDS] [KEY=VALUE ...]`.

Otter runs as it ships, watched by `bench.sampled`, in front of the stub. A step is a module of
Otter's with what it calls in libraries. Looking costs some of the time that it shows.
"""

import json
import os
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bench import machine
from bench.gateways import otter
from bench.measuring import Loads, Sample
from bench.rows import PLAIN, Row
from bench.running import Absent, compiled
from bench.stand_in import StandIn
from bench.table import lines

SHOWN = 0.01
"""Steps that take a smaller part of the time are shown as one."""


def steps(counts: Sequence[tuple[str, str, int]], cpu: float) -> list[list[str]]:
    """Return lines of step, µs a call and part, given the µs of a call; the dearest comes first."""
    whole = sum(count for _, _, count in counts) or 1
    modules: Counter[str] = Counter()
    dearest: dict[str, str] = {}
    for module, function, count in counts:
        modules[module] += count
        dearest.setdefault(module, function)
    shown = [(name, count) for name, count in modules.most_common() if count / whole >= SHOWN]
    rest = whole - sum(count for _, count in shown)
    body = [_line(name, dearest[name], count / whole, cpu) for name, count in shown]
    return [*body, _line("all else", "", rest / whole, cpu), _line("together", "", 1.0, cpu)]


def rooms(counts: Sequence[tuple[str, str, int]], cpu: float) -> list[list[str]]:
    """Return the same by room: a package of Otter's, and each library as a whole."""
    found: Counter[str] = Counter()
    for module, _, count in counts:
        parts = module.split(".")
        deep = 3 if parts[:2] in (["otterd", "edges"], ["otterd", "alphas"], ["otterd", "wire"]) else 2
        found[".".join(parts[: deep if parts[0] == "otterd" else 1])] += count
    whole = sum(found.values()) or 1
    return [
        _line(name, "", count / whole, cpu) for name, count in found.most_common() if count / whole >= SHOWN
    ]


def _line(name: str, function: str, part: float, cpu: float) -> list[str]:
    return [name, function, f"{part * cpu:.1f}", f"{part:.0%}"]


def watched(stub: StandIn, row: Row, folder: Path, seconds: int, keys: dict[str, str]) -> str:
    """Return the table of `row`."""
    core, others = machine.cores()
    told = folder / f"{row.name}.json"
    gateway = otter(stub.alphas, core, by=(sys.executable, "-m", "bench.sampled", str(told)), **keys)
    try:
        if row.door not in gateway.ports:
            return f"{row.title}: no such door"
        loads = Loads(folder, folder / "load", others, core)
        loads.sample(row, gateway, 0, 1)
        os.kill(gateway.pid, signal.SIGUSR2)
        found: Sample = loads.sample(row, gateway, 1, seconds)
    finally:
        gateway.close()
    counts, cpu = json.loads(told.read_text()), found.cpu or 0.0
    by_room = lines(("room", "µs", "part"), [[line[0], *line[2:]] for line in rooms(counts, cpu)])
    by_step = lines(("step", "most of it in", "µs", "part"), steps(counts, cpu))
    return f"{row.title}, {found.rate:,.0f}/s\n\n{by_room}\n\n{by_step}"


def main(words: list[str]) -> None:
    """Print a table for each door."""
    keys = dict(word.split("=", 1) for word in words if "=" in word)
    seconds = next((int(word) for word in words if word.isdigit()), 5)
    _, others = machine.cores()
    os.sched_setaffinity(0, {others})
    with tempfile.TemporaryDirectory(prefix="otter-steps-") as name:
        folder = Path(name)
        try:
            compiled("load", folder)
            stub = StandIn(folder, others)
        except Absent as failure:
            raise SystemExit(str(failure)) from None
        try:
            for row in PLAIN:
                print(watched(stub, row, folder, seconds, keys), end="\n\n", flush=True)
        finally:
            stub.running.close()


if __name__ == "__main__":
    main(sys.argv[1:])
