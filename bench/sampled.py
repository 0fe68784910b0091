"""Runs a module and counts where its processor time goes.

`python -m bench.sampled FILE PYTHON -m MODULE ...`, where PYTHON is passed over. Every few
milliseconds of processor time the stack is looked at. FILE gets, as JSON, how often each place was
found: the innermost module and function of Otter's, and else the innermost ones. Threads that run
no Python count for the place where the main thread is.
"""

import json
import runpy
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType

EVERY = 0.004
"""Seconds of processor time; a kernel whose clock ticks more slowly looks less often."""


def place(frame: FrameType | None) -> tuple[str, str]:
    """Return the module and function of Otter's that are at work, else of what is."""
    inner = frame
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if name.startswith("otterd."):
            return name, frame.f_code.co_name
        frame = frame.f_back
    return (inner.f_globals.get("__name__", ""), inner.f_code.co_name) if inner else ("", "")


def main(words: list[str]) -> None:
    """Run the module."""
    out, module, rest = Path(words[0]), words[3], words[4:]
    counts: Counter[tuple[str, str]] = Counter()

    def seen(_: int, frame: FrameType | None) -> None:
        counts[place(frame)] += 1

    def again(*_: object) -> None:
        counts.clear()

    signal.signal(signal.SIGPROF, seen)
    signal.signal(signal.SIGUSR2, again)  # what came before, such as the start, does not count
    signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
    sys.argv = [module, *rest]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        found = [[*where, count] for where, count in counts.most_common()]
        out.write_text(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1:])
