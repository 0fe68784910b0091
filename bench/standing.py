"""What benchmarks of a running Otter share: the machine, processor time of processes, and rounds."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from otterd.config.schema import Config

RESULTS = Path(__file__).parent / "results"

TICKS = os.sysconf("SC_CLK_TCK")


def machine() -> dict[str, Any]:
    """Return what the figures were measured on, and what Otter speaks to the alphas with by itself."""
    told = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line for line in told if line.startswith("model name")]
    version = subprocess.run(["dgraph", "version"], capture_output=True, text=True, check=False, timeout=60)
    said = version.stdout.splitlines()
    dgraph = [line.partition(":")[2].strip() for line in said if "Dgraph version" in line]
    return {
        "processors": os.cpu_count(),
        "model": models[0].partition(":")[2].strip() if models else platform.machine(),
        "python": platform.python_version(),
        "dgraph": dgraph[0] if dgraph else "unknown",
        "engine": Config().alpha_engine.value,
        "load_before": round(os.getloadavg()[0], 2),
    }


def spent(pid: int) -> float:
    """Return the processor seconds that a process has spent."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def each_spent(pids: Mapping[str, Iterable[int]]) -> dict[str, float]:
    """Return the processor seconds that groups of processes have spent."""
    return {name: sum(map(spent, group)) for name, group in pids.items()}


def spread(values: Sequence[float], digits: int = 0) -> str:
    """Return the median, the least and the most of `values`."""
    return f"{median(values):,.{digits}f} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"


def keep(name: str, raw: Mapping[str, Any], lines: Sequence[str]) -> None:
    """Print `lines`, and write them and the raw results to the folder of results."""
    text = "\n".join(lines) + "\n"
    sys.stdout.write(text)
    (RESULTS / f"{name}.txt").write_text(text)
    (RESULTS / f"{name}.json").write_text(json.dumps(raw, indent=1) + "\n")
