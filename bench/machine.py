"""What the machine is, and what its processes and cores have used."""

import os
import platform
from pathlib import Path

PROC = Path("/proc")
ALLOWED = frozenset(os.sched_getaffinity(0))
"""The cores that this process was given when it began."""


def cores() -> tuple[int, int]:
    """Return the core for the gateway and the one for stub and load, the same when there is one."""
    allowed = sorted(ALLOWED)
    return allowed[0], allowed[min(1, len(allowed) - 1)]


def processor(pid: int) -> float:
    """Return the seconds of processor time of a process and of its children, 0 when it is gone."""
    return sum(_seconds(one) for one in family(pid))


def family(pid: int) -> list[int]:
    """Return `pid` and the processes that it started."""
    found = [pid]
    for folder in PROC.glob(f"{pid}/task/*/children"):
        found += [int(child) for child in folder.read_text().split()]
    return found


def resident(pid: int) -> int:
    """Return the resident bytes of a process and of its children."""
    return sum(
        int((PROC / str(one) / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        for one in family(pid)
    )


def busy(core: int) -> tuple[float, float]:
    """Return the seconds that a core has worked, and that it has had at all."""
    for line in (PROC / "stat").read_text().splitlines():
        if line.startswith(f"cpu{core} "):
            spent = [int(part) / os.sysconf("SC_CLK_TCK") for part in line.split()[1:9]]
            idle = spent[3] + spent[4]
            return sum(spent) - idle, sum(spent)
    return 0.0, 0.0


def load() -> float:
    """Return how many tasks wanted to run, over the last minute."""
    return os.getloadavg()[0]


def described() -> dict[str, object]:
    """Return what the machine is."""
    info = (PROC / "cpuinfo").read_text()
    model = next((line.partition(":")[2].strip() for line in info.splitlines() if "model name" in line), "")
    memory = int((PROC / "meminfo").read_text().split()[1]) // 1024
    return {
        "processor": model or platform.machine(),
        "cores": len(ALLOWED),
        "memory_mb": memory,
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_before": round(load(), 2),
    }


def _seconds(pid: int) -> float:
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
