"""What the figures are held against, and whether they reach it. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bench.figures import ratio, spread
from bench.measuring import Sample
from bench.memory import IDLE, Memory
from bench.table import full, known, lines, of, rates

ABSENT = "not measured"

PACE = 15_600
"""Calls a second that the Go gateway does over HTTP on the machine for which times were set."""


@dataclass(frozen=True, slots=True)
class Target:
    """One line: what is wanted, what was seen (None: not measured), and whether that is enough.

    `paced` is what a time that is not enough would be at the pace of the targets' machine, if that is.
    """

    what: str
    wanted: str
    seen: str | None
    met: bool = False
    paced: str = ""


def judged(
    every: Sequence[Sample], memory: Sequence[Memory], cores: int, name: str = "otter"
) -> list[Target]:
    """Return every target with what was seen of the Otter called `name`."""
    samples = [
        replace(one, gateway="otter") if one.gateway == name else one for one in every if _fits(one, name)
    ]
    found = [_capacity(samples, "http", 1.8), _capacity(samples, "http-distinct", 1.8)]
    pace = _pace(samples)
    found += [_percentile(samples, "http", 4.0, pace), _percentile(samples, "http-distinct", 4.0, pace)]
    found += [_cost(samples, row, peer) for row in ("grpc", "grpc-distinct") for peer in ("nginx", "envoy")]
    found += [_capacity(samples, "ws", 0.6), _capacity(samples, "ws-distinct", 0.6)]
    found += [_beside(samples, "real", 0.95), _beside(samples, "real-ro", 0.88)]
    found += [_beside(samples, "real-tls", 1.8)]
    for row in ("http-500", "grpc-500", "http-500-distinct", "grpc-500-distinct"):
        found += [_added(samples, row, "p50", 0.25, pace), _added(samples, row, "p99", 1.5, pace)]
    found += [_whole(memory), _each(memory, "ws", 12), _each(memory, "http", 5), _each(memory, "grpc", 8)]
    times = ratio(rates(of(every, "instances", "otter twice")), rates(of(every, "instances", "otter alone")))
    few = "not run: at least 4 cores are needed" if cores < 4 else None
    seen = few if times is None else f"{times:.2f}"
    return [*found, Target("two instances on one port, times one", "≥ 1.7", seen, (times or 0) >= 1.7)]


def rendered(targets: Sequence[Target]) -> str:
    """Return the table of `targets`."""
    body = [[one.what, one.wanted, one.seen or ABSENT, _verdict(one)] for one in targets]
    return lines(("target", "wanted", "seen", ""), body)


def _fits(sample: Sample, name: str) -> bool:
    """Return whether a sample is of the Otter called `name`, or of no Otter."""
    return sample.gateway == name or not sample.gateway.startswith("otter")


def _verdict(target: Target) -> str:
    if target.seen is None or target.seen.startswith("not "):
        return "–"
    if target.paced and not target.met:
        return f"missed here, met at the targets' pace: {target.paced}"
    return "met" if target.met else "missed"


def _pace(samples: Sequence[Sample]) -> float:
    """Return how fast this machine was beside that of the targets; 1 where the Go gateway does not tell."""
    go = of(samples, "http", "go")
    found = spread(rates(go))
    return found.middle / PACE if found and full(go) else 1.0


def _capacity(samples: Sequence[Sample], row: str, least: float) -> Target:
    ours, theirs = of(samples, row, "otter"), of(samples, row, "go")
    times = ratio(rates(ours), rates(theirs))
    what, wanted = f"{row}: calls/s, times the Go gateway", f"≥ {least}"
    if times is not None and not (full(ours) and full(theirs)):
        return Target(what, wanted, f"not counted: {times:.2f}, but a core was not full")
    seen = None if times is None else f"{times:.2f}{_errors(ours)}"
    met = times is not None and times >= least and not _errors(ours)
    return Target(what, wanted, seen, met)


def _percentile(samples: Sequence[Sample], row: str, most: float, pace: float) -> Target:
    ours = of(samples, row, "otter")
    found = spread([value / 1e3 for value in known([one.p99 for one in ours])])
    return _at_most(f"{row}: p99, ms", most, found.middle if found else None, 2, _errors(ours), pace)


def _cost(samples: Sequence[Sample], row: str, peer: str) -> Target:
    ours = of(samples, row, "otter")
    times = ratio(known([one.cpu for one in ours]), known([one.cpu for one in of(samples, row, peer)]))
    return _at_most(f"{row}: CPU a call, times {peer}", 0.9, times, 2, _errors(ours))


def _beside(samples: Sequence[Sample], row: str, least: float) -> Target:
    times = ratio(rates(of(samples, row, "otter")), rates(of(samples, row, "alpha")))
    seen = None if times is None else f"{times:.2f}"
    return Target(
        f"{row}: calls/s, times the alpha's port", f"≥ {least}", seen, bool(times and times >= least)
    )


def _added(samples: Sequence[Sample], row: str, part: str, most: float, pace: float) -> Target:
    """Return what the gateway adds to a direct call; both are medians over the rounds, in ms."""
    read: Callable[[Sample], float | None] = lambda one: getattr(one, part)  # noqa: E731
    direct = "grpc-500-distinct" if row.endswith("distinct") else "grpc-500"
    every = of(samples, row, "otter")
    ours = spread(known([read(one) for one in every]))
    theirs = spread(known([read(one) for one in of(samples, direct, "direct")]))
    added = (ours.middle - theirs.middle) / 1e3 if ours and theirs else None
    what = f"{row}: added {part}, ms"
    if added is not None and added < 0:
        return Target(what, f"≤ {most:g}", "not told: the direct calls took longer")
    return _at_most(what, most, added, 2, _errors(every), pace)


def _whole(memory: Sequence[Memory]) -> Target:
    found = [one.after / 2**20 for one in memory if one.door == "http"]
    return _at_most(f"MB with {IDLE:,} idle HTTP connections", 90, found[0] if found else None, 1)


def _each(memory: Sequence[Memory], door: str, most: float) -> Target:
    found = [one.each / 1024 for one in memory if one.door == door]
    return _at_most(f"KiB an idle {door} connection", most, found[0] if found else None, 1)


def _at_most(
    what: str, most: float, seen: float | None, digits: int, errors: str = "", pace: float = 1.0
) -> Target:
    if seen is None:
        return Target(what, f"≤ {most:g}", None)
    paced = seen * pace
    told = f"{paced:.{digits}f}" if paced <= most and not errors else ""
    return Target(what, f"≤ {most:g}", f"{seen:.{digits}f}{errors}", seen <= most and not errors, told)


def _errors(samples: Sequence[Sample]) -> str:
    """Return how many calls failed; no target is met where any did."""
    count = sum(one.errors for one in samples)
    return f", {count} errors" if count else ""
